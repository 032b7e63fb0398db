from __future__ import annotations

import sqlite3
from itertools import pairwise

import pytest
from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

import artigraph as ag
from artigraph.errors import ImmutableError, InvalidFieldError, TablesMissingError
from artigraph.graph.schema import OrmDatabaseArtifact, OrmModelArtifact, OrmNode, OrmRemoteArtifact
from tests.stores import rows


class SchemaStep(ag.OrmNode):
    __mapper_args__ = {"polymorphic_identity": "schema_step"}  # noqa: RUF012 - as users write it
    __table_args__ = (
        UniqueConstraint("schema_step_name", "schema_step_place"),
        Index("schema_step_by_place", "schema_step_place"),
        CheckConstraint("schema_step_place >= 0"),
    )
    schema_step_name: Mapped[str] = mapped_column(nullable=False)
    schema_step_place: Mapped[int] = mapped_column(default=7)
    schema_step_facts: Mapped[dict] = mapped_column(JSON, default=None)
    schema_step_before: Mapped[object] = mapped_column(
        ForeignKey("artigraph_node.id"), type_=ag.OrmNode.__table__.c.id.type
    )


class SchemaNamed(ag.OrmNode):
    polymorphic_identity = "schema_named"


def test_the_documented_types_have_their_names():
    found = [row.polymorphic_identity for row in (ag.OrmNode, ag.OrmArtifact, ag.OrmSpan)]
    found += [row.polymorphic_identity for row in (OrmDatabaseArtifact, OrmRemoteArtifact, OrmModelArtifact)]
    assert found == ["node", "artifact", "span", "database_artifact", "remote_artifact", "model_artifact"]


def test_a_custom_type_keeps_its_columns_and_reads_back(store):
    row = SchemaStep(node_label="n", schema_step_name="clean", schema_step_facts={"a": [1]})
    ag.write_one(row)
    assert (row.id is not None, row.schema_step_place) == (True, 7)
    [found] = ag.read(SchemaStep)
    assert (found.id, found.schema_step_name, found.schema_step_place) == (row.id, "clean", 7)
    assert (found.schema_step_facts, found.node_label, found.node_created_at.tzinfo is not None) == (
        {"a": [1]},
        "n",
        True,
    )
    assert [type(each) for each in ag.read(OrmNode)] == [SchemaStep]


def test_columns_of_a_subclass_do_not_stand_in_the_way_of_other_nodes(store):
    assert SchemaStep.__table__.c.schema_step_name.nullable
    ag.write_many([ag.Node(), SchemaNamed()])
    assert ag.load(ag.save(1)) == 1


def test_indexes_are_really_in_the_database(file_store):
    names = {row[0] for row in rows(file_store, "SELECT name FROM sqlite_master WHERE type = 'index'")}
    assert "schema_step_by_place" in names


def test_constraints_are_really_in_the_database(store):
    ag.write_one(SchemaStep(schema_step_name="a", schema_step_place=1))
    for refused in (
        SchemaStep(schema_step_name="a", schema_step_place=1),
        SchemaStep(schema_step_name="b", schema_step_place=-1),
    ):
        with pytest.raises(IntegrityError):
            ag.write_many([SchemaStep(schema_step_name="lost"), refused])
    assert [each.schema_step_name for each in ag.read(SchemaStep)] == ["a"]


def test_rows_are_written_in_an_order_that_satisfies_their_foreign_keys(store):
    chain = [SchemaStep(id=ag.Node().id, schema_step_name=str(n), schema_step_place=n) for n in range(5)]
    for before, after in pairwise(chain):
        after.schema_step_before = before.id
    ag.write_many([*reversed(chain), ag.Link(chain[4], chain[0])])
    assert len(ag.read(SchemaStep)) == 5
    with pytest.raises(IntegrityError):
        ag.write_one(SchemaStep(schema_step_name="x", schema_step_before=ag.Node().id))


def test_an_id_of_another_type_is_never_replaced(store):
    node = ag.Node()
    ag.write_one(node)
    with pytest.raises(ImmutableError):
        ag.write_one(SchemaStep(id=node.id, schema_step_name="x"), on_conflict="replace")


def test_a_type_has_one_name():
    with pytest.raises(InvalidFieldError, match="keep one"):
        type("Two", (ag.OrmNode,), {"polymorphic_identity": "one", "__mapper_args__": {"polymorphic_identity": "two"}})
    with pytest.raises(InvalidFieldError, match="needs a polymorphic_identity"):
        type("None_", (ag.OrmNode,), {})


def test_a_type_defined_later_is_added_to_a_database_that_exists(store, request):
    kept = ag.save(1)
    place = f"later_{request.node.callspec.id}"
    name, of = f"{place}_name", f"{place}_of"
    parts = {
        "__module__": __name__,
        "polymorphic_identity": place,
        "__table_args__": (UniqueConstraint(name), Index(f"{place}_index", name)),
        name: mapped_column(String),
        of: mapped_column(ForeignKey("artigraph_node.id"), type_=OrmNode.__table__.c.id.type),
    }
    later = type(f"Schema{place}", (ag.OrmNode,), parts)
    ag.write_one(later(**{name: "a", of: kept}))
    for refused in (later(**{name: "a"}), later(**{name: "b", of: ag.Node().id})):
        with pytest.raises(IntegrityError):
            ag.write_one(refused)
    assert [getattr(each, name) for each in ag.read(later)] == ["a"]
    assert ag.load(kept) == 1


def test_without_create_tables_a_later_type_is_told_what_to_call(tmp_path):
    path = tmp_path / "x.db"
    ag.set_engine(f"sqlite:///{path}", create_tables=True)
    kept = ag.save(1)
    reset = ag.set_engine(f"sqlite:///{path}")

    class SchemaLatest(ag.OrmNode):
        polymorphic_identity = "schema_latest"
        schema_latest_name: Mapped[str] = mapped_column()

    with pytest.raises(TablesMissingError, match=r"create_tables\(\)"):
        ag.write_one(SchemaLatest(schema_latest_name="a"))
    assert ag.load(kept) == 1
    ag.create_tables()
    ag.write_one(SchemaLatest(schema_latest_name="a"))
    reset()


def test_an_unknown_table_beside_ours_is_left_alone(file_store):
    connection = sqlite3.connect(file_store)
    connection.execute("CREATE TABLE mine (x)")
    connection.close()
    ag.create_tables()
    assert rows(file_store, "SELECT name FROM sqlite_master WHERE name = 'mine'")


CELL = """
class SchemaAgain(ag.OrmNode):
    polymorphic_identity = "schema_again"
    __table_args__ = (UniqueConstraint("schema_again_name"),)
    schema_again_name: Mapped[str] = mapped_column(String(20))
"""


def test_a_cell_that_defines_a_type_can_run_again_and_add_a_column(file_store):
    names = {"ag": ag, "Mapped": Mapped, "mapped_column": mapped_column, "String": String, "__name__": __name__}
    names["UniqueConstraint"] = UniqueConstraint
    for name, source in (("a", CELL), ("b", CELL), ("c", f"{CELL}    schema_again_size: Mapped[int]")):
        exec(source, names)
        ag.write_one(names["SchemaAgain"](schema_again_name=name))
    found = ag.read(names["SchemaAgain"])
    ag.save("nodes of other types do without its columns")
    assert [(type(row), row.schema_again_name) for row in found] == [(names["SchemaAgain"], each) for each in "abc"]
    with pytest.raises(IntegrityError):
        ag.write_one(names["SchemaAgain"](schema_again_name="a"))
    with pytest.raises(InvalidFieldError, match="SchemaAgain already"):
        type("Another", (ag.OrmNode,), {"polymorphic_identity": "schema_again"})
