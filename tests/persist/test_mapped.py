from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest
from sqlalchemy import select

import artigraph as ag
from artigraph.errors import InvalidValueError
from artigraph.graph.schema import NODE
from artigraph.ids import new_id


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (lambda: ag.OrmNode(id="nope"), "id keeps an id or its text, not 'nope'"),
        (lambda: ag.OrmNode(id=5), "id keeps an id or its text, not 5"),
        (lambda: ag.OrmNode(node_created_at="x"), "node_created_at keeps a datetime.*not 'x'"),
        (lambda: ag.OrmArtifact(artifact_size="x"), "artifact_size keeps a finite number, not 'x'"),
        (lambda: ag.OrmArtifact(artifact_size=2**70), "artifact_size keeps a finite number"),
        (lambda: ag.OrmArtifact(artifact_size=float("inf")), "artifact_size keeps a finite number, not inf"),
        (lambda: ag.OrmArtifact(artifact_hash="ab"), "artifact_hash keeps bytes, not 'ab'"),
        (lambda: ag.OrmArtifact(artifact_serializer=5), "artifact_serializer keeps text, not 5"),
        (lambda: ag.OrmLink(source_id="nope", target_id=new_id()), "source_id keeps an id"),
        (lambda: ag.OrmArtifact(artifact_preview=object()), "was given a value .* not JSON serializable"),
    ],
)
def test_a_value_that_its_column_does_not_keep_is_told(store, row, said):
    with pytest.raises(InvalidValueError, match=said):
        ag.write_one(row())
    assert not ag.exists(ag.Node)


def test_values_are_kept_in_the_form_of_their_columns(store):
    node_id = new_id()
    for _ in range(2):  # the second time it is the same row
        ag.write_one(ag.OrmArtifact(id=str(node_id), node_created_at=date(2020, 1, 1), artifact_size=np.int64(3)))
    [row] = ag.read(ag.OrmArtifact)
    assert (row.id, row.node_created_at, row.artifact_size) == (node_id, datetime(2020, 1, 1, tzinfo=UTC), 3)


def test_what_a_driver_refuses_is_told_too(store):
    with ag.current_session() as group, pytest.raises(InvalidValueError, match="that its column does not keep"):
        group.execute(select(NODE.c.id).where(NODE.c.id == "nope"))
    with ag.current_session() as group:
        for asked in (object(), 2**70):
            with pytest.raises(InvalidValueError, match="that its column does not keep"):
                group.execute(select(NODE.c.id).where(NODE.c.node_created_at == asked))
