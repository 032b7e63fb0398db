from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import String, Text, func, select
from sqlalchemy.orm import Mapped, mapped_column

import artigraph as ag
from artigraph.bridge import block
from artigraph.graph.engine import current_database
from artigraph.graph.schema import NODE
from artigraph.graph.types import to_microseconds


class TypesNote(ag.OrmNode):
    polymorphic_identity = "types_note"
    types_note_name: Mapped[str] = mapped_column()
    types_note_short: Mapped[str] = mapped_column(String(5))
    types_note_long: Mapped[str] = mapped_column(Text)


def deep(levels: int):
    value: object = "end"
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [
        {"z": 1, "a": {"y": [None, True, 1.5, ""]}},
        {"nul \0": "\0", "half": "\ud800", "é🎉": "\u2028"},
        {"deep": deep(60)},
        [],
        "text",
        {"long": 10**30},
    ],
    ids=["nested", "odd text", "deep", "empty", "text", "long"],
)
def test_json_comes_back_as_it_was_in_its_order(store, value):
    row = ag.OrmArtifact(artifact_extra=value)
    ag.write_one(row)
    [found] = ag.read(ag.OrmArtifact)
    assert found.artifact_extra == value
    assert repr(found.artifact_extra) == repr(value)


def test_none_in_a_json_column_is_null(store):
    ag.write_many([ag.OrmArtifact(artifact_extra=None), ag.OrmArtifact(artifact_extra={})])
    count = select(func.count()).select_from(NODE).where(NODE.c.artifact_extra.is_(None))
    assert block(current_database().read, lambda connection: connection.execute(count).scalar()) == 1


def test_numbers_that_json_does_not_know_become_text_on_a_server(server_store):
    ag.write_one(ag.OrmArtifact(artifact_extra={"loss": [math.nan, math.inf, 1.0]}))
    [found] = ag.read(ag.OrmArtifact)
    assert found.artifact_extra == {"loss": ["nan", "inf", 1.0]}


def test_times_keep_their_microseconds_and_are_utc(store):
    at = datetime(2024, 2, 29, 23, 59, 59, 999_999, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    early = datetime(1901, 1, 1, 0, 0, 0, 1, tzinfo=UTC)
    ag.write_many([ag.OrmNode(node_label=str(n), node_created_at=each) for n, each in enumerate((at, early))])
    found = {row.node_label: row.node_created_at for row in ag.read(ag.OrmNode)}
    assert found == {"0": at, "1": early}
    assert {each.tzinfo for each in found.values()} == {UTC}
    assert to_microseconds(at) == to_microseconds(found["0"])
    between = ag.ValueFilter(gt=at - timedelta(microseconds=1), le=at)
    assert [each.label for each in ag.read(ag.Node, ag.NodeFilter(created_at=between))] == ["0"]


def test_text_of_users_is_compared_byte_by_byte_too(store):
    names = ["a", "A", "ä", "a ", "Ä", "ß", "ss", "é", "e\u0301"]
    ag.write_many([TypesNote(types_note_name=name, types_note_short=name, types_note_long=name) for name in names])
    for column in (NODE.c.types_note_name, NODE.c.types_note_short):
        for name in names:
            found = block(
                current_database().read, lambda c, at=column, n=name: c.execute(select(at).where(at == n)).all()
            )
            assert found == [(name,)]
        ordered = block(
            current_database().read, lambda c, at=column: c.execute(select(at).order_by(at)).scalars().all()
        )
        assert ordered == sorted(names, key=str.encode)


def test_text_without_a_length_may_be_long(store):
    long = "ü" * 100_000
    ag.write_one(TypesNote(types_note_name="n" * 255, types_note_long="x" * 60_000))
    ag.write_one(ag.OrmSpan(span_source=long, node_label="é🎉" * 127))
    assert [each.span_source for each in ag.read(ag.OrmSpan)] == [long]
    assert [(each.types_note_name, len(each.types_note_long)) for each in ag.read(TypesNote)] == [("n" * 255, 60_000)]
