"""The page "Database Schema" of the graph generation (002): its tables, a node type of one's own, its drawing."""

from __future__ import annotations

import subprocess
import sys
from uuid import UUID

import pytest

import artigraph as ag
from tests.seeds.conftest import Run

COLUMNS = [
    (ag.OrmLink, ["id", "source_id", "target_id", "label"]),
    (ag.OrmNode, ["id", "node_type", "node_created_at", "node_updated_at"]),
    (ag.OrmArtifact, ["artifact_serializer"]),
    (ag.OrmDatabaseArtifact, ["database_artifact_data"]),
    (ag.OrmModelArtifact, ["model_artifact_type_name", "model_artifact_version"]),
    (ag.OrmRemoteArtifact, ["remote_artifact_storage", "remote_artifact_location"]),
]


@pytest.mark.parametrize(("row", "columns"), COLUMNS, ids=lambda each: getattr(each, "__name__", ""))
def test_the_documented_classes_have_the_documented_columns(row, columns):
    assert set(columns) <= set(row.__mapper__.column_attrs.keys())


def test_the_documented_types_inherit_and_are_named_as_documented():
    assert issubclass(ag.OrmArtifact, ag.OrmNode)
    for row, name in [
        (ag.OrmNode, "node"),
        (ag.OrmArtifact, "artifact"),
        (ag.OrmDatabaseArtifact, "database_artifact"),
        (ag.OrmRemoteArtifact, "remote_artifact"),
        (ag.OrmModelArtifact, "model_artifact"),
    ]:
        assert row.polymorphic_identity == row.__mapper__.polymorphic_identity == name
        assert row.__table__.name == "artigraph_node"
    assert ag.OrmLink.__table__.name == "artigraph_link"


def test_labels_are_optional_and_unique_for_their_source(run: Run):
    run("""
        from artigraph import Link, Node, read, write_many
        from artigraph.errors import LabelTakenError

        one, two, three = Node(), Node(), Node()
        links = [Link(one, two), Link(one, three), Link(one, two, "a"), Link(two, three, "a")]
        await write_many([one, two, three, *links])
        assert len(await read(Link)) == 4
        try:
            await write_many([Link(one, three, "a")])
        except LabelTakenError:
            pass
        else:
            raise AssertionError("the label was taken")
    """)


@pytest.mark.parametrize(
    "identity",
    [
        '__mapper_args__ = {"polymorphic_identity": "my_node"}',
        'polymorphic_identity = "my_node"',
        'polymorphic_identity = "my_node"\n    __mapper_args__ = {"polymorphic_identity": "my_node"}',
    ],
    ids=["mapper_args", "attribute", "both"],
)
def test_a_node_type_of_ones_own(database: str, identity: str):
    program = f"""
import artigraph as ag
from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column
from uuid import UUID, uuid4

class MyOrmNode(ag.OrmNode):
    {identity}
    __table_args__ = (UniqueConstraint("my_node_group", "my_node_label"),)
    my_node_group: Mapped[str] = mapped_column(nullable=True)
    my_node_label: Mapped[str] = mapped_column()
    my_node_above: Mapped[UUID] = mapped_column(ForeignKey("artigraph_node.id"), nullable=True)

assert MyOrmNode.polymorphic_identity == "my_node"
ag.set_engine({database!r}, create_tables=True)

above = MyOrmNode(id=uuid4(), my_node_group="g", my_node_label="above")
below = MyOrmNode(my_node_group="g", my_node_label="below", my_node_above=above.id)
ag.write_many([below, above])  # in an order that satisfies the foreign key
ag.save([1])  # other nodes lack the columns
assert ag.read_one(MyOrmNode, ag.NodeFilter(id=below.id)).my_node_above == above.id
assert {{type(row) for row in ag.read(ag.OrmNode, ag.NodeFilter(node_type="my_node"))}} == {{MyOrmNode}}

try:
    ag.write_one(MyOrmNode(my_node_group="g", my_node_label="below"))
except Exception as error:
    assert "unique" in f"{{error!r}} {{error.__cause__!r}}".lower(), repr(error)
else:
    raise AssertionError("the constraint is not in the database")
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_model_is_the_graph_of_the_drawing(run: Run):
    names = run("""
        from __future__ import annotations
        import artigraph as ag

        @ag.dataclass
        class MyDataModel(ag.GraphModel, version=1):
            some_value: int
            inner_model: MyDataModel | None = None

        my_data = MyDataModel(some_value=1, inner_model=MyDataModel(some_value=2))
        await ag.write_one(my_data)
        assert await ag.read_one(MyDataModel, ag.NodeFilter(id=my_data.graph_id)) == my_data
    """)
    outer: UUID = names["my_data"].graph_id
    inner: UUID = names["my_data"].inner_model.graph_id
    rows = {row.id: row for row in ag.read.s(ag.OrmArtifact)}
    assert len(rows) == 5
    assert {rows[each].node_type for each in (outer, inner)} == {"model_artifact"}
    assert (rows[outer].model_artifact_type_name, rows[outer].model_artifact_version) == ("MyDataModel", 1)
    drawn = {}
    for link in ag.read.s(ag.Link):
        row = rows[link.target_id]
        drawn[link.source_id, link.label] = inner if row.id == inner else row.database_artifact_data
    assert drawn == {
        (outer, "some_value"): b"1",
        (outer, "inner_model"): inner,
        (inner, "some_value"): b"2",
        (inner, "inner_model"): b"null",
    }


def test_native_containers_come_back_native_and_fields_are_marked_by_annotation(run: Run, tmp_path):
    run(
        """
        from typing import Annotated, Any
        import artigraph as ag
        from artigraph.serializer.json import json_serializer

        @ag.dataclass
        class MyDataModel(ag.GraphModel):
            text: Annotated[str, json_serializer, storage]
            parts: dict[str, Any] = ag.artifact_field(default_factory=dict)

        model = MyDataModel("x", {"a": [1, (2, {3})], "b": [MyDataModel("y")]})
        assert await ag.load(await model.save()) == model
        """,
        storage=ag.FileSystemStorage(tmp_path / "files"),
    )
    assert [row.artifact_serializer for row in ag.read.s(ag.OrmRemoteArtifact)] == ["json/1"] * 2
    containers = [row.model_artifact_type_name for row in ag.read.s(ag.OrmModelArtifact)]
    assert sorted(containers) == ["MyDataModel", "MyDataModel", "artigraph.dict", "artigraph.list"]
