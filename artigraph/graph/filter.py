"""Filters: conditions on nodes and links, combined with ``&``, ``|`` and ``~``.

Every spelling becomes one SQL predicate through ``compose``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Select, and_, exists, false, literal, or_, select, true

from artigraph.errors import InvalidFilterError
from artigraph.graph.among import among
from artigraph.graph.inside import is_json, kept, steps_of, stored
from artigraph.graph.schema import LINK, LINK_KINDS, NODE, TAG, OrmNode
from artigraph.graph.value import Condition, Filter, ValueFilter, filter_of, test, test_inside
from artigraph.graph.walk import CONTAINMENT_AND_MAKING, Starts, is_relative, is_start
from artigraph.ids import as_id

_PART = NODE.alias("part")

_SEVERAL = (list, tuple, set, frozenset)


@dataclass(frozen=True)
class NodeFilter(Filter):
    """A condition on nodes; what is not given does not matter, what is given must all hold.

    Args:
        id: an id, several, or a ValueFilter; an empty list matches nothing.
        node_type: a ``node_type``, several, a row class (its subclasses count), or a NodeTypeFilter.
        label: the node's own label or that of a link to it.
        tags: tag name -> value, several, or a ValueFilter (None: any value).
        parent_of, child_of, ancestor_of, descendant_of: a node, an id, several, or a filter of nodes.
        kinds: the kind of links that those four follow, or several; by default every kind but ``input``.
        created_at, updated_at: a datetime, a date (its midnight in UTC), the ISO text of one, or a ValueFilter of them.
        status: of a span: open (also when its process is gone), ok, error, interrupted.
        opened_at, closed_at: of a span: likewise.
        json: in a JSON column, such as a run's ``run_params`` or one of yours: path -> a value, several, or a
            ValueFilter. A path is the name of the column and keys, with dots between them, or a tuple of these and of
            places in arrays: ``{"run_params.lr": ValueFilter(lt=0.1), ("run_params", "layers", 0): 64}``.

    Nothing to choose from, an empty list or an empty mapping, matches nothing.
    """

    about: ClassVar[str | None] = "nodes"

    id: Any = None
    node_type: Any = None
    label: str | Sequence[str] | ValueFilter | None = None
    tags: Mapping[str, str | Sequence[str] | ValueFilter | None] | None = None
    parent_of: Any = None
    child_of: Any = None
    ancestor_of: Any = None
    descendant_of: Any = None
    kinds: str | Sequence[str] | None = None
    created_at: date | str | ValueFilter | None = None
    updated_at: date | str | ValueFilter | None = None
    status: str | Sequence[str] | ValueFilter | None = None
    opened_at: date | str | ValueFilter | None = None
    closed_at: date | str | ValueFilter | None = None
    json: Mapping[Any, Any] | None = None

    def compose(self, condition: Condition) -> Condition:
        """``condition`` narrowed to the nodes that match."""
        return and_(condition, *self._tests())

    def _tests(self) -> list[Condition]:
        tests: list[Condition] = [false() for each in (self.tags, self.json) if each is not None and not each]
        if self.id is not None:
            tests.append(_test_id(NODE.c.id, self.id))
        if isinstance(self.node_type, Filter) and not isinstance(self.node_type, ValueFilter):
            tests.append(self.node_type.create())
        elif self.node_type is not None:
            tests.append(test(NODE.c.node_type, _node_types(self.node_type)))
        if self.label is not None:
            incoming = exists().where(LINK.c.target_id == NODE.c.id, test(LINK.c.label, self.label))
            tests.append(or_(test(NODE.c.node_label, self.label), incoming))
        for name, value in _mapping("tags", self.tags).items():
            said = [
                TAG.c.space == "tag",
                test(TAG.c.name, name),
                *([test(TAG.c.value_text, value)] if value is not None else []),
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
                tests.append(false() if empty else is_relative(starts, down=down, deep=deep, kinds=_kinds(self.kinds)))
        for column, wanted in (
            (NODE.c.node_created_at, self.created_at),
            (NODE.c.node_updated_at, self.updated_at),
            (NODE.c.span_status, self.status),
            (NODE.c.span_opened_at, self.opened_at),
            (NODE.c.span_closed_at, self.closed_at),
        ):
            if wanted is not None:
                tests.append(test(column, wanted))
        for path, wanted in _mapping("json", self.json).items():
            first, *steps = steps_of(path)
            tests.append(test_inside(stored(_json_column(first)), steps, wanted))
        return tests


@dataclass(frozen=True)
class ArtifactFilter(NodeFilter):
    """A condition on artifacts; fields as in NodeFilter, and the artifact's own columns.

    ``value`` is about small values that JSON can write: a number, text, truth value or ValueFilter, or a dict of paths
    in it as in ``json``: ``{"auc": ValueFilter(gt=0.7)}``. Values in a storage do not match.
    """

    serializer: str | Sequence[str] | ValueFilter | None = None
    hash: bytes | str | Sequence[bytes | str] | ValueFilter | None = None
    size: int | ValueFilter | None = None
    content_type: str | Sequence[str] | ValueFilter | None = None
    kind: str | Sequence[str] | ValueFilter | None = None
    value: Any = None

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
        if self.value is not None:
            document = kept(NODE.c.artifact_serializer, NODE.c.database_artifact_data)
            paths = self.value if isinstance(self.value, Mapping) and self.value else {"": self.value}
            tests += [test_inside(document, steps_of(path), wanted) for path, wanted in paths.items()]
        return [*super()._tests(), *is_artifact, *tests]


@dataclass(frozen=True)
class ModelFilter(ArtifactFilter):
    """A condition on models: their class (or its stored name, or several) and version, besides ArtifactFilter's.

    ``fields`` is about fields that JSON can write, as ``value`` of ArtifactFilter; a path begins with the name of the
    field: ``{"scores.r2": ValueFilter(gt=0.9)}``.
    """

    model_type: Any = None
    version: int | Sequence[int] | ValueFilter | None = None
    fields: Mapping[Any, Any] | None = None

    def _tests(self) -> list[Condition]:
        tests = super()._tests()
        if self.model_type is None:
            tests.append(NODE.c.model_artifact_type_name.is_not(None))
        else:
            asked = self.model_type if isinstance(self.model_type, _SEVERAL) else [self.model_type]
            filters = [each if isinstance(each, Filter) else ModelTypeFilter(each, subclasses=False) for each in asked]
            tests.append(or_(false(), *(each.create() for each in filters)))
        if self.version is not None:
            tests.append(test(NODE.c.model_artifact_version, self.version))
        if self.fields is not None and not self.fields:
            tests.append(false())
        for path, wanted in _mapping("fields", self.fields).items():
            name, *steps = steps_of(path)
            document = kept(_PART.c.artifact_serializer, _PART.c.database_artifact_data)
            of_field = (LINK.c.source_id == NODE.c.id, LINK.c.kind == "field", LINK.c.label == name)
            held = select(literal(1)).select_from(LINK.join(_PART, _PART.c.id == LINK.c.target_id))
            tests.append(held.where(*of_field, test_inside(document, steps, wanted)).exists())
        return tests


@dataclass(frozen=True)
class NodeTypeFilter(Filter):
    """A condition on the types of nodes: one of ``type``, none of ``not_type``: a name, a row class, or several.

    ``subclasses=False`` means exactly those classes.
    """

    about: ClassVar[str | None] = "nodes"

    type: Any = None
    not_type: Any = None
    subclasses: bool = True

    def compose(self, condition: Condition) -> Condition:
        """``condition`` narrowed to nodes of these types."""
        wanted = [] if self.type is None else [test(NODE.c.node_type, _node_types(self.type, self.subclasses))]
        if self.not_type is not None:
            wanted.append(~test(NODE.c.node_type, _node_types(self.not_type, self.subclasses)))
        return and_(condition, *wanted)


@dataclass(frozen=True)
class ModelTypeFilter(Filter):
    """A condition on the class of models (or its stored name) and their version; subclasses count unless told."""

    about: ClassVar[str | None] = "nodes"

    type: Any
    version: int | Sequence[int] | ValueFilter | None = None
    subclasses: bool = True

    def compose(self, condition: Condition) -> Condition:
        """``condition`` narrowed to models of this class and version."""
        if not (isinstance(self.type, str) or (isinstance(self.type, type) and hasattr(self.type, "graph_model_name"))):
            raise InvalidFilterError(f"{self.type!r:.80} is no model; give a model class or its stored name")
        classes: list[Any] = [self.type]
        if self.subclasses and not isinstance(self.type, str):
            for each in classes:
                classes += each.__subclasses__()
        names = [getattr(each, "graph_model_name", each) for each in classes]
        wanted = [test(NODE.c.model_artifact_type_name, names)]
        if self.version is not None:
            wanted.append(test(NODE.c.model_artifact_version, self.version))
        return and_(condition, *wanted)


@dataclass(frozen=True)
class LinkFilter(Filter):
    """A condition on links.

    Args:
        id: an id, several, or a ValueFilter.
        source, target: the ends (also ``parent`` and ``child``): a node, an id, several, or a filter of nodes.
        ancestor, descendant: links on the ways down from these nodes, or up from them, at any distance; ``input`` links
            are no such ways.
        label, kind, role: a text, several, or a ValueFilter.
    """

    about: ClassVar[str | None] = "links"

    id: Any = None
    source: Any = None
    target: Any = None
    label: str | Sequence[str] | ValueFilter | None = None
    kind: str | Sequence[str] | ValueFilter | None = None
    role: str | Sequence[str] | ValueFilter | None = None
    parent: Any = None
    child: Any = None
    ancestor: Any = None
    descendant: Any = None

    def compose(self, condition: Condition) -> Condition:
        """``condition`` narrowed to the links that match."""
        tests = [_test_id(LINK.c.id, self.id)] if self.id is not None else []
        source, target = LINK.c.source_id, LINK.c.target_id
        for column, asked in (
            (source, self.source),
            (target, self.target),
            (source, self.parent),
            (target, self.child),
        ):
            if asked is not None:
                tests.append(is_start(column, _starts(asked)))
        for column, asked in ((source, self.ancestor), (target, self.descendant)):
            if asked is not None:
                starts = _starts(asked)
                further = is_relative(starts, down=column is source, deep=True) if _any(starts) else false()
                reached = select(NODE.c.id).where(further)
                follows = LINK.c.kind.in_(CONTAINMENT_AND_MAKING)
                tests += [or_(is_start(column, starts), column.in_(reached)), follows]
        for column, wanted in ((LINK.c.label, self.label), (LINK.c.kind, self.kind), (LINK.c.role, self.role)):
            if wanted is not None:
                tests.append(test(column, wanted))
        return and_(condition, *tests)


def _mapping(name: str, asked: Any) -> Mapping[Any, Any]:
    if asked is not None and not isinstance(asked, Mapping):
        raise InvalidFilterError(f"{name} is a dict of what is asked for, not {asked!r:.80}")
    return asked or {}


def _kinds(asked: Any) -> Sequence[str] | None:
    if asked is None:
        return None
    kinds = tuple(asked) if isinstance(asked, Iterable) and not isinstance(asked, str) else (asked,)
    for each in kinds:
        if each not in LINK_KINDS:
            raise InvalidFilterError(f"{each!r:.80} is no kind of link; there are {', '.join(LINK_KINDS)}")
    return kinds


def _test_id(column: ColumnElement[Any], asked: Any) -> Condition:
    if isinstance(asked, ValueFilter):
        return asked.on(column)
    if isinstance(asked, _SEVERAL):
        return among(column, [_one_id(each) for each in asked])
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
        return select(NODE.c.id).where(filter_of(asked).compose(true()))
    if isinstance(asked, _SEVERAL):
        return [_one_id(each) for each in asked]
    return [_one_id(asked)]


def _json_column(name: object) -> Column[Any]:
    known = [column.name for column in NODE.columns if is_json(column)]
    if name not in known:
        raise InvalidFilterError(f"{name!r} is no JSON column of nodes; there are {', '.join(known)}")
    return NODE.c[str(name)]


def _node_types(asked: Any, subclasses: bool = True) -> list[str] | ValueFilter:
    if isinstance(asked, ValueFilter):
        return asked
    names: list[str] = []
    for each in asked if isinstance(asked, _SEVERAL) else [asked]:
        if isinstance(each, str):
            names.append(each)
        else:
            row: Any = getattr(each, "row_class", each)
            if not (isinstance(row, type) and issubclass(row, OrmNode)):
                raise InvalidFilterError(
                    f"{each!r:.80} is no type of nodes; give a row class, Node, Artifact, Span or text"
                )
            mapper = row.__mapper__
            names += [str(m.polymorphic_identity) for m in (mapper.self_and_descendants if subclasses else [mapper])]
    return names


def _artifact_types() -> list[str]:
    artifact = next(m for m in OrmNode.__mapper__.self_and_descendants if m.polymorphic_identity == "artifact")
    return [str(m.polymorphic_identity) for m in artifact.self_and_descendants]


def _any(starts: Starts) -> bool:
    """Whether there is anything to start from: a query, or at least one id."""
    return isinstance(starts, Select) or bool(starts)
