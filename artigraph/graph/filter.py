"""Filters: conditions on nodes and links, combined with ``&``, ``|`` and ``~``.

Every spelling becomes one SQL predicate through ``compose``. Equality is bytewise; ``istartswith`` and ``icontains``
fold ASCII case; nothing in a value is a wildcard.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from string import ascii_uppercase
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, String, and_, exists, false, func, not_, or_, select, true
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from artigraph.errors import InvalidFilterError
from artigraph.graph.schema import LINK, NODE, TAG, OrmNode
from artigraph.graph.types import MYSQL
from artigraph.graph.walk import Starts, is_relative, one_of
from artigraph.ids import as_id

Condition = ColumnElement[bool]


class Filter:
    """A condition on rows. A subclass of yours overrides ``compose``."""

    def compose(self, condition: Condition) -> Condition:
        """``condition`` narrowed by this filter."""
        return condition

    def __and__(self, other: Filter) -> Filter:
        return _Both(self, other)

    def __or__(self, other: Filter) -> Filter:
        return _Either(self, other)

    def __invert__(self) -> Filter:
        return _Not(self)


@dataclass(frozen=True)
class ValueFilter(Filter):
    """A condition on one value; several given at once must all hold.

    >>> ValueFilter(ge=1, lt=5).on(NODE.c.artifact_size) is not None
    True
    """

    eq: Any = None
    ne: Any = None
    gt: Any = None
    ge: Any = None
    lt: Any = None
    le: Any = None
    in_: Sequence[Any] | None = None
    not_in: Sequence[Any] | None = None
    startswith: str | None = None
    istartswith: str | None = None
    contains: str | None = None
    icontains: str | None = None
    is_null: bool | None = None

    def on(self, column: ColumnElement[Any]) -> Condition:
        """This condition applied to a column."""
        made = [_TESTS[f.name](column, value) for f in fields(self) if (value := getattr(self, f.name)) is not None]
        return and_(true(), *made)


_TESTS: dict[str, Any] = {
    "eq": lambda c, v: c == v,
    "ne": lambda c, v: c != v,
    "gt": lambda c, v: c > v,
    "ge": lambda c, v: c >= v,
    "lt": lambda c, v: c < v,
    "le": lambda c, v: c <= v,
    "in_": lambda c, v: c.in_(list(v)) if v else false(),
    "not_in": lambda c, v: c.not_in(list(v)) if v else true(),
    "startswith": lambda c, v: func.substr(c, 1, len(v)) == v,
    "istartswith": lambda c, v: _folded(func.substr(c, 1, len(v))) == _lower(v),
    "contains": lambda c, v: func.length(c) != func.length(func.replace(c, v, "")) if v else true(),
    "icontains": lambda c, v: func.length(c) != func.length(func.replace(_folded(c), _lower(v), "")) if v else true(),
    "is_null": lambda c, v: c.is_(None) if v else c.is_not(None),
}


@dataclass(frozen=True)
class NodeFilter(Filter):
    """A condition on nodes; what is not given does not matter, what is given must all hold.

    Args:
        id: an id, several, or a ValueFilter; an empty list matches nothing.
        node_type: a ``node_type``, several, or a row class (its subclasses count).
        label: the node's own label or that of a link to it.
        tags: tag name -> value (None: any value).
        parent_of, child_of, ancestor_of, descendant_of: a node, an id, several, or a filter of nodes.
        kinds: the kinds of links those four follow; by default every kind but ``input``.
        created_at, updated_at: a datetime, or a ValueFilter of datetimes.
        status: of a span: open, ok, error, interrupted.
    """

    id: Any = None
    node_type: Any = None
    label: str | Sequence[str] | ValueFilter | None = None
    tags: Mapping[str, str | None] | None = None
    parent_of: Any = None
    child_of: Any = None
    ancestor_of: Any = None
    descendant_of: Any = None
    kinds: Sequence[str] | None = None
    created_at: datetime | ValueFilter | None = None
    updated_at: datetime | ValueFilter | None = None
    status: str | Sequence[str] | ValueFilter | None = None

    def compose(self, condition: Condition) -> Condition:
        """``condition`` narrowed to the nodes that match."""
        return and_(condition, *self._tests())

    def _tests(self) -> list[Condition]:
        tests: list[Condition] = []
        if self.id is not None:
            tests.append(_test_id(NODE.c.id, self.id))
        if self.node_type is not None:
            tests.append(test(NODE.c.node_type, _node_types(self.node_type)))
        if self.label is not None:
            incoming = exists().where(LINK.c.target_id == NODE.c.id, test(LINK.c.label, self.label))
            tests.append(or_(test(NODE.c.node_label, self.label), incoming))
        for name, value in (self.tags or {}).items():
            said = [
                TAG.c.space == "tag",
                TAG.c.name == name,
                *([TAG.c.value_text == value] if value is not None else []),
            ]
            tests.append(NODE.c.id.in_(select(TAG.c.node_id).where(*said)))  # found by the index on what was said
        for asked, down, deep in (
            (self.parent_of, False, False),
            (self.child_of, True, False),
            (self.ancestor_of, False, True),
            (self.descendant_of, True, True),
        ):
            if asked is not None:
                starts = _starts(asked)
                empty = isinstance(starts, list) and not starts
                tests.append(false() if empty else is_relative(starts, down=down, deep=deep, kinds=self.kinds))
        for column, wanted in (
            (NODE.c.node_created_at, self.created_at),
            (NODE.c.node_updated_at, self.updated_at),
            (NODE.c.span_status, self.status),
        ):
            if wanted is not None:
                tests.append(test(column, wanted))
        return tests


@dataclass(frozen=True)
class ArtifactFilter(NodeFilter):
    """A condition on artifacts; fields as in NodeFilter, and the artifact's own columns."""

    serializer: str | Sequence[str] | ValueFilter | None = None
    hash: bytes | Sequence[bytes] | ValueFilter | None = None
    size: int | ValueFilter | None = None
    content_type: str | Sequence[str] | ValueFilter | None = None
    kind: str | Sequence[str] | ValueFilter | None = None

    def _tests(self) -> list[Condition]:
        own = {
            NODE.c.artifact_serializer: self.serializer,
            NODE.c.artifact_hash: self.hash,
            NODE.c.artifact_size: self.size,
            NODE.c.artifact_content_type: self.content_type,
            NODE.c.artifact_kind: self.kind,
        }
        tests = [test(column, wanted) for column, wanted in own.items() if wanted is not None]
        is_artifact = [] if self.node_type is not None else [NODE.c.node_type.in_(_artifact_types())]
        return [*super()._tests(), *is_artifact, *tests]


@dataclass(frozen=True)
class ModelFilter(ArtifactFilter):
    """A condition on models: their class (or its stored name, or several) and version, besides ArtifactFilter's."""

    model_type: Any = None
    version: int | Sequence[int] | ValueFilter | None = None

    def _tests(self) -> list[Condition]:
        tests = super()._tests()
        if self.model_type is None:
            tests.append(NODE.c.model_artifact_type_name.is_not(None))
        else:
            asked = self.model_type if isinstance(self.model_type, list | tuple | set) else [self.model_type]
            names = [getattr(each, "graph_model_name", each) for each in asked]
            tests.append(test(NODE.c.model_artifact_type_name, names))
        if self.version is not None:
            tests.append(test(NODE.c.model_artifact_version, self.version))
        return tests


@dataclass(frozen=True)
class LinkFilter(Filter):
    """A condition on links: ids, ends (a node, an id, several, or a filter of nodes), label, kind, role."""

    id: Any = None
    source: Any = None
    target: Any = None
    label: str | Sequence[str] | ValueFilter | None = None
    kind: str | Sequence[str] | ValueFilter | None = None
    role: str | Sequence[str] | ValueFilter | None = None

    def compose(self, condition: Condition) -> Condition:
        """``condition`` narrowed to the links that match."""
        tests = [_test_id(LINK.c.id, self.id)] if self.id is not None else []
        for column, asked in ((LINK.c.source_id, self.source), (LINK.c.target_id, self.target)):
            if asked is not None:
                starts = _starts(asked)
                tests.append(column.in_(starts) if isinstance(starts, Select) else one_of(column, starts))
        for column, wanted in ((LINK.c.label, self.label), (LINK.c.kind, self.kind), (LINK.c.role, self.role)):
            if wanted is not None:
                tests.append(test(column, wanted))
        return and_(condition, *tests)


@dataclass(frozen=True)
class _Both(Filter):
    left: Filter
    right: Filter

    def compose(self, condition: Condition) -> Condition:
        return self.right.compose(self.left.compose(condition))


@dataclass(frozen=True)
class _Either(Filter):
    left: Filter
    right: Filter

    def compose(self, condition: Condition) -> Condition:
        return and_(condition, or_(self.left.compose(true()), self.right.compose(true())))


@dataclass(frozen=True)
class _Not(Filter):
    inner: Filter

    def compose(self, condition: Condition) -> Condition:
        return and_(condition, func.coalesce(not_(self.inner.compose(true())), true()))


class _folded(FunctionElement[str]):  # noqa: N801 - used like a function of ``func``
    """Text with its ASCII letters in lower case."""

    type = String()
    inherit_cache = True


@compiles(_folded)
def _lower_case(element: _folded, compiler: Any, **options: Any) -> str:
    return f"lower({compiler.process(element.clauses, **options)})"


@compiles(_folded, *MYSQL)
def _letter_by_letter(element: _folded, compiler: Any, **options: Any) -> str:
    """Its own function changes other letters too."""
    folded: str = compiler.process(element.clauses, **options)
    for letter in ascii_uppercase:
        folded = f"replace({folded}, '{letter}', '{letter.lower()}')"
    return folded


def _lower(value: str) -> str:
    """ASCII letters in lower case, as the databases fold them."""
    return value.translate(_LOWER)


_LOWER = {ord(letter): letter.lower() for letter in ascii_uppercase}


def test(column: ColumnElement[Any], wanted: Any) -> Condition:
    """``column`` is ``wanted``: a value, one of several, or as a ValueFilter says. No values: nothing matches."""
    if isinstance(wanted, ValueFilter):
        return wanted.on(column)
    if isinstance(wanted, list | tuple | set | frozenset):
        return column.in_(list(wanted)) if wanted else false()
    matches: Condition = column == wanted
    return matches


def _test_id(column: ColumnElement[Any], asked: Any) -> Condition:
    if isinstance(asked, ValueFilter):
        return asked.on(column)
    if isinstance(asked, list | tuple | set | frozenset):
        return one_of(column, [_one_id(each) for each in asked])
    return test(column, _one_id(asked))


def _one_id(asked: Any) -> UUID:
    found = as_id(asked)
    if found is None:
        found = as_id(getattr(asked, "graph_id", None)) or as_id(getattr(asked, "id", None))
    if found is None:
        raise InvalidFilterError(f"{asked!r} is no node: give an id, its text, or an object that was saved or loaded")
    return found


def _starts(asked: Any) -> Starts:
    if isinstance(asked, Filter):
        return select(NODE.c.id).where(asked.compose(true()))
    if isinstance(asked, list | tuple | set | frozenset):
        return [_one_id(each) for each in asked]
    return [_one_id(asked)]


def _node_types(asked: Any) -> list[str] | ValueFilter:
    if isinstance(asked, ValueFilter):
        return asked
    names: list[str] = []
    for each in asked if isinstance(asked, list | tuple | set) else [asked]:
        if isinstance(each, str):
            names.append(each)
        else:
            row: Any = getattr(each, "row_class", each)
            names += [str(m.polymorphic_identity) for m in row.__mapper__.self_and_descendants]
    return names


def _artifact_types() -> list[str]:
    artifact = next(m for m in OrmNode.__mapper__.self_and_descendants if m.polymorphic_identity == "artifact")
    return [str(m.polymorphic_identity) for m in artifact.self_and_descendants]
