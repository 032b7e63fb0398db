from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

import artigraph as ag
from artigraph.bridge import block
from artigraph.errors import NoStorageError
from artigraph.graph.engine import current_database
from artigraph.graph.insert import Batch, insert_batches
from artigraph.graph.schema import LINK, NODE
from artigraph.ids import new_raw_id, now
from artigraph.storage.database import database_storage
from tests.servers.use import execute
from tests.stores import statements


@dataclass
class Inserted(ag.ArtifactModel):
    n: int
    data: Any = field(default_factory=lambda: [1.5, None, "zwölf \0 \\ ' \" %s %(a)s :b"])


def test_a_server_gets_a_thousand_models_in_few_statements(server_store):
    models = [Inserted(n) for n in range(1000)]
    ag.save(0)
    with statements() as seen:
        ag.write_many(models)
    assert len([each for each in seen if each.startswith("INSERT")]) <= 4
    assert ag.read(Inserted) == models


@pytest.mark.parametrize("number", [1, 7])
def test_bytes_of_all_kinds_arrive_as_they_are(store, number):
    data = [bytes(range(256)) * n for n in range(number)]
    ids = [ag.save(each) for each in data]
    ag.write_many([ag.Artifact(value=each, label=str(n)) for n, each in enumerate(data)])
    assert [ag.load(each) for each in ids] == [ag.load(str(n)) for n in range(number)] == data


def test_a_taken_id_is_left_alone_only_where_that_was_asked_for(store):
    a, b, at = new_raw_id(), new_raw_id(), now()
    columns = ("id", "node_type", "node_label", "node_created_at", "node_updated_at")

    def write(labels, ignore):
        rows = [(each, "node", label, at, at) for each, label in zip((a, b), labels, strict=False)]
        block(current_database().write, lambda c: insert_batches(c, [Batch(NODE, columns, rows, ignore=ignore)]))

    write(["first"], False)
    write(["second", "other"], True)
    write(["third"], True)
    with pytest.raises(Exception, match=r"(?i)unique|duplicate"):
        write(["fourth", "fifth"], False)
    assert sorted(str(each.label) for each in ag.read(ag.Node)) == ["first", "other"]


def test_leaving_taken_ids_alone_hides_no_other_mistake(store):
    rows = [(new_raw_id(), new_raw_id(), new_raw_id(), "user") for _ in range(2)]
    batch = Batch(LINK, ("id", "source_id", "target_id", "kind"), rows, ignore=True)
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        block(current_database().write, lambda connection: insert_batches(connection, [batch]))


def test_batches_stay_below_what_a_packet_may_hold(server_store):
    values = [bytes([n]) * 3_000_000 for n in range(4)]
    ag.write_many([ag.Artifact(value=each, label=str(n), storage=database_storage) for n, each in enumerate(values)])
    assert [ag.load(str(n)) == each for n, each in enumerate(values)] == [True] * 4


def test_a_row_that_no_packet_can_hold_is_told_before_it_is_sent(server_store):
    value = bytes(20_000_000)
    thing = ag.Artifact(value=value, label="big", storage=database_storage)
    if server_store.startswith("postgresql"):
        thing.save()
        assert ag.load("big") == value
        return
    with pytest.raises(NoStorageError, match="set_engine"):
        thing.save()
    assert execute(server_store, "SELECT count(*) FROM artigraph_node") == [(0,)]
    ag.save(1)
