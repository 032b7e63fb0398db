"""What one may filter and sort artifacts, and what annotates them, by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ColumnElement, Select, and_, false, func, or_, select, type_coerce

from artigraph.artifact.lookup import (
    EQUALITY,
    OPERATORS,
    TEXT_TESTS,
    Field,
    Fields,
    Said,
    Test,
    column_test,
    several,
    space_test,
)
from artigraph.digest import parse_digest
from artigraph.errors import InvalidFilterError
from artigraph.graph.schema import KEY, LINK, NODE, TAG
from artigraph.graph.value import Condition, Filter
from artigraph.ids import as_id
from artigraph.persist.family import IS_LATEST

LATEST = or_(NODE.c.artifact_stem.is_(None), IS_LATEST)
"""The newest version out of the trash; what has no versions is its own latest."""


WITHOUT_TEXT = frozenset(OPERATORS.values()) - TEXT_TESTS


def moment(value: Any) -> datetime:
    """A time as one asks for it: a datetime, a date (its first moment, UTC), or the text of one."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError as error:
            raise InvalidFilterError(f"{value!r} is no time; write one like '2026-01-31' or give a datetime") from error
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    if not isinstance(value, datetime):
        raise InvalidFilterError(f"{value!r} is no time; give a datetime, a date, or the text of one")
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _hash(value: Any) -> bytes:
    try:
        return value if isinstance(value, bytes) else parse_digest(value)
    except (AttributeError, TypeError, ValueError) as error:
        raise InvalidFilterError(f"{value!r} is no hash; write it as 'sha256:' and 64 hex characters") from error


def node_id(value: Any) -> UUID:
    """The id that is meant by an id, its text, or an object that was saved."""
    found = as_id(value) or as_id(getattr(value, "graph_id", None)) or as_id(getattr(value, "id", None))
    if found is None:
        raise InvalidFilterError(f"{value!r} is no node: give an id, its text, or an object that was saved or loaded")
    return found


def _key_test(operator: str, value: Any) -> Condition:
    named = select(KEY.c.stem)
    if operator == "is_null":
        has = and_(NODE.c.artifact_stem.is_not(None), NODE.c.artifact_stem.in_(named))
        return ~has if value else has
    return NODE.c.artifact_stem.in_(named.where(_KEY(operator, value)))


_KEY = column_test("key", KEY.c.key, str)


def _latest_test(operator: str, value: Any) -> Condition:
    if not isinstance(value, bool):
        raise InvalidFilterError(f"is_latest is True or False, not {value!r}")
    return LATEST if value == (operator == "eq") else ~LATEST


@dataclass(frozen=True)
class Among(Filter):
    """The nodes whose ids a query gives."""

    ids: Select[Any]
    question: str
    """What they are, in words."""

    def compose(self, condition: Condition) -> Condition:
        """``condition`` narrowed to these."""
        return and_(condition, NODE.c.id.in_(self.ids))

    def __repr__(self) -> str:
        return self.question


def related(linked: Callable[[Any], Select[Any]], ends: Callable[[str], Select[Any]] | None = None) -> Test:
    """Tests on a relation to other nodes.

    Args:
        linked: a condition on the other end (None: any) -> the ids of artifacts that are related so.
        ends: a label -> the ids of nodes that a text means; None: a text is an id.
    """

    def other(value: Any) -> Any:
        if isinstance(value, str) and ends is not None and as_id(value) is None:
            return ends(value)
        return [node_id(value)]

    def test(operator: str, value: Any) -> Condition:
        if operator == "is_null":
            any_of_it = NODE.c.id.in_(linked(None))
            return ~any_of_it if value else any_of_it
        asked = several("relation", value) if operator == "in_" else [value]
        found: Condition = or_(false(), *(NODE.c.id.in_(linked(other(each))) for each in asked))
        return and_(NODE.c.id.in_(linked(None)), ~found) if operator == "ne" else found

    return test


def labelled(label: str) -> Select[Any]:
    """The ids of spans with a label."""
    named = NODE.alias("named")
    return select(named.c.id).where(named.c.node_label == label, named.c.span_status.is_not(None))


def _made(again: bool) -> Callable[[Any], Select[Any]]:
    role = LINK.c.role == "again" if again else LINK.c.role.is_(None)
    return lambda ends: _linked(LINK.c.target_id, LINK.c.source_id, ends, LINK.c.kind == "output", role)


def _linked(ours: ColumnElement[Any], theirs: ColumnElement[Any], ends: Any, *where: Condition) -> Select[Any]:
    return select(ours).where(*where, *([theirs.in_(ends)] if ends is not None else []))


def _used(ends: Any) -> Select[Any]:
    return _linked(LINK.c.source_id, LINK.c.target_id, ends, LINK.c.kind == "input")


def _runs(ends: Any) -> Select[Any]:
    made = _linked(LINK.c.target_id, LINK.c.source_id, ends, LINK.c.kind == "output")
    return select(made.union(_used(ends)).subquery().c[0])


def _held(ends: Any) -> Select[Any]:
    holder = NODE.alias("holder")
    joined = LINK.join(holder, holder.c.id == LINK.c.source_id)
    is_member = (LINK.c.kind == "field", holder.c.node_type == "collection")
    return _linked(LINK.c.target_id, LINK.c.source_id, ends, *is_member).select_from(joined)


def _holding(ends: Any) -> Select[Any]:
    return _linked(LINK.c.source_id, LINK.c.target_id, ends, LINK.c.kind == "field")


def _checked_by(ends: Any) -> Select[Any]:
    return _linked(LINK.c.source_id, LINK.c.target_id, ends, LINK.c.kind == "user", LINK.c.role == "schema")


def _columns_test(operator: str, value: Any) -> Condition:
    """Tests on the schema that a table turned out to have: just these columns, of these dtypes where it says them."""
    here = (TAG.c.space == "column", TAG.c.position == -1)
    if operator == "is_null":
        has = NODE.c.id.in_(select(TAG.c.node_id).where(*here))
        return ~has if value else has
    found: Condition = false()
    for schema in several("schemas", value) if operator == "in_" else [value]:
        if not hasattr(schema, "features"):
            raise InvalidFilterError(f"schemas are compared with a Schema, not with {schema!r}")
        exactly = select(TAG.c.node_id).where(*here).group_by(TAG.c.node_id)
        tests = [NODE.c.id.in_(exactly.having(func.count() == len(schema.features)))]
        for each in schema.features:
            of_dtype = [TAG.c.value_text == each.dtype] if each.dtype is not None else []
            tests.append(NODE.c.id.in_(select(TAG.c.node_id).where(*here, TAG.c.name == each.name, *of_dtype)))
        found = or_(found, and_(*tests))
    return and_(_columns_test("is_null", value=False), ~found) if operator == "ne" else found


def _labels(kind: str) -> Test:
    def test(operator: str, value: Any) -> Condition:
        if operator == "in_":
            value = [getattr(each, "name", each) for each in several(kind, value)]
        return Said("label", kind, operator, getattr(value, "name", value)).compose(NODE.c.id.is_not(None))

    return test


def column_field(name: str, column: ColumnElement[Any], kinds: Any, convert: Any = None, **options: Any) -> Field:
    """A field that is a column; what is no text has no tests of texts."""
    if kinds is not str:
        options.setdefault("operators", WITHOUT_TEXT)
    return Field(name, column_test(name, column, kinds, convert), column, **options)


def relation(name: str, test: Test) -> Field:
    """A field that is a relation to something else."""
    return Field(name, test, operators=EQUALITY)


def field_table(*fields: Field) -> Fields:
    """The fields by their names."""
    return {field.name: field for field in fields}


def _fact(name: str) -> Field:
    """A whole number among the facts that have no column of their own."""
    return column_field(name, type_coerce(NODE.c.artifact_extra, JSON)[name].as_integer(), int)


_STORAGE = column_test("storage", NODE.c.remote_artifact_storage, str, lambda value: getattr(value, "name", value))

SHARED = (
    column_field("id", NODE.c.id, UUID, node_id, operators=EQUALITY, every_version=True),
    column_field("description", NODE.c.artifact_description, str),
    column_field("created_at", NODE.c.node_created_at, datetime, moment),
    column_field("updated_at", NODE.c.node_updated_at, datetime, moment),
)
"""Of everything that this room keeps."""

VERSIONED = (
    *SHARED,
    Field("key", _key_test, KEY.c.key),
    column_field("uid", NODE.c.artifact_uid, str, every_version=True),
    column_field("stem", NODE.c.artifact_stem, str),
    column_field("version", NODE.c.artifact_version, int, every_version=True),
    Field("is_latest", _latest_test, operators=frozenset({"eq", "ne"}), every_version=True),
    column_field("hash", NODE.c.artifact_hash, bytes, _hash, operators=EQUALITY),
    column_field("size", NODE.c.artifact_size, int),
    column_field("trashed_at", NODE.c.artifact_trashed_at, datetime, moment),
    relation("run", related(_made(again=False), labelled)),
)
"""Of artifacts and collections."""

ARTIFACT = field_table(
    *VERSIONED,
    column_field("label", NODE.c.node_label, str),
    column_field("suffix", NODE.c.artifact_suffix, str),
    column_field("kind", NODE.c.artifact_kind, str),
    column_field("otype", NODE.c.artifact_otype, str),
    column_field("serializer", NODE.c.artifact_serializer, str),
    _fact("n_files"),
    _fact("n_observations"),
    Field("storage", _STORAGE, NODE.c.remote_artifact_storage),
    relation("input_of_runs", related(_used, labelled)),
    relation("recreating_runs", related(_made(again=True), labelled)),
    relation("runs", related(_runs, labelled)),
    Field("collections", related(_held), operators=EQUALITY, every_version=True),
    relation("schema", related(_checked_by)),
    relation("schemas", _columns_test),
    Field("ulabels", _labels("ulabel"), operators=EQUALITY | TEXT_TESTS),
    Field("projects", _labels("project"), operators=EQUALITY | TEXT_TESTS),
    Field("labels", space_test("label")),
    Field("tags", space_test("tag")),
    Field("features", space_test("feature")),
    Field("columns", space_test("column")),
)

COLLECTION = field_table(
    *VERSIONED, column_field("label", NODE.c.node_label, str), relation("artifacts", related(_holding))
)
