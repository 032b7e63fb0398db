"""What ``name__operator=value`` means: one test on a column, on a relation, or on what was said in the tag table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, true

from artigraph.artifact.compare import WORDS, compared, one_of_test, said_test
from artigraph.artifact.dtype import stored_text
from artigraph.errors import InvalidFilterError
from artigraph.graph.schema import NODE, TAG
from artigraph.graph.value import Condition, Filter, ValueFilter

OPERATORS = {
    "": "eq",
    "ne": "ne",
    "gt": "gt",
    "gte": "ge",
    "lt": "lt",
    "lte": "le",
    "in": "in_",
    "startswith": "startswith",
    "istartswith": "istartswith",
    "contains": "contains",
    "icontains": "icontains",
    "isnull": "is_null",
}
"""What stands behind ``__`` -> the name that ValueFilter has for it."""

TEXT_TESTS = frozenset({"startswith", "istartswith", "contains", "icontains"})
EQUALITY = frozenset({"eq", "ne", "in_", "is_null"})

_SPELLED = {ours: spelled for spelled, ours in OPERATORS.items()}
_SIGNS = {"eq": "==", "ne": "!=", "gt": ">", "ge": ">=", "lt": "<", "le": "<="}

SPACES = {"features": "feature", "tags": "tag", "labels": "label", "columns": "column"}
"""How a filter calls the spaces of the tag table."""

Test = Callable[[str, Any], Condition]
"""An operator and a value -> a condition on ``artigraph_node``."""


@dataclass(frozen=True, slots=True)
class Field:
    """Something one may filter by."""

    name: str
    test: Test
    order: ColumnElement[Any] | None = None
    """What it is sorted by; None: it cannot be."""
    operators: frozenset[str] = frozenset(OPERATORS.values())
    every_version: bool = False
    """Asking for it means all versions, not the latest."""


Fields = Mapping[str, Field]


@dataclass(frozen=True)
class Lookup(Filter):
    """A test on a field."""

    field: Field
    operator: str
    value: Any

    def compose(self, condition: Condition) -> Condition:
        """``condition`` narrowed by it."""
        return and_(condition, self.field.test(self.operator, self.value))

    def __repr__(self) -> str:
        return f"Q({_spelled(self.field.name, self.operator)}={self.value!r})"


@dataclass(frozen=True)
class Said(Filter):
    """A test on values in the tag table: one that a list has counts as well as one that stands alone."""

    space: str
    """feature, tag, label, column"""
    name: str | None
    """None: of any name."""
    operator: str
    value: Any
    declared: bool = False
    """It was named through an object or its space, so that nobody has to have heard of it."""

    def compose(self, condition: Condition) -> Condition:
        """``condition`` narrowed by it."""
        return and_(condition, self._condition())

    def __repr__(self) -> str:
        if self.space == "feature" and self.operator in _SIGNS:
            return f"Feature({self.name!r}) {_SIGNS[self.operator]} {self.value!r}"
        return f"Q({_spelled(f'{self.space}s__{self.name}', self.operator)}={self.value!r})"

    def _condition(self) -> Condition:
        if self.operator == "is_null":
            told = or_(TAG.c.value_text.is_not(None), TAG.c.value_number.is_not(None), TAG.c.position >= 0)
            known = NODE.c.id.in_(self._nodes(told))
            return ~known if self.value else known
        if self.operator == "ne":
            return and_(NODE.c.id.in_(self._nodes(true())), NODE.c.id.not_in(self._nodes(value_test("eq", self.value))))
        return NODE.c.id.in_(self._nodes(value_test(self.operator, self.value)))

    def _nodes(self, test: Condition) -> Any:
        where = [TAG.c.name == self.name] if self.name is not None else []
        if self.space == "feature":  # what a check found in the columns of a table was said of its features as well
            where += [TAG.c.space.in_(["feature", "column"]), or_(TAG.c.space == "feature", TAG.c.position >= 0)]
        else:
            where.append(TAG.c.space == self.space)
        return select(TAG.c.node_id).where(*where, test)


def _spelled(name: str, operator: str) -> str:
    """A name with its operator, as a user writes it."""
    end = _SPELLED[operator]
    return f"{name}__{end}" if end else name


def lookups(fields: Fields, expressions: Mapping[str, Any], *, open_ended: bool = True) -> list[Filter]:
    """The tests that keyword arguments mean.

    Args:
        fields: what may be asked for.
        expressions: ``name``, ``name__operator`` or ``space__name__operator`` -> value.
        open_ended: a name that is no field is that of a feature.

    Raises:
        InvalidFilterError: an unknown operator or, unless ``open_ended``, name; those that exist are listed.
    """
    return [_lookup(fields, name, value, open_ended) for name, value in expressions.items()]


def value_test(operator: str, value: Any) -> Condition:
    """A condition on the value of a row of the tag table."""
    if operator in TEXT_TESTS:
        return compared(WORDS, operator, _text(value, operator))
    if operator == "in_":
        if isinstance(value, str) or not isinstance(value, Iterable):
            raise InvalidFilterError(f"in takes several values, got {value!r}")
        return one_of_test(value)
    return said_test(operator, value)


def column_test(
    name: str, column: ColumnElement[Any], kinds: type | tuple[type, ...], convert: Callable[[Any], Any] | None = None
) -> Test:
    """Tests on one column.

    Args:
        name: of the field, for messages.
        column: of ``artigraph_node``.
        kinds: the types that its values have when one asks for them.
        convert: a value as asked for -> as stored; raises InvalidFilterError or ValueError.
    """

    def one(value: Any) -> Any:
        if convert is not None:
            value = convert(value)
        if not isinstance(value, kinds) or (isinstance(value, bool) and kinds is not bool):
            wanted = " or ".join(each.__name__ for each in (kinds if isinstance(kinds, tuple) else (kinds,)))
            raise InvalidFilterError(f"{name} is compared with {wanted}, not with {value!r}")
        return value

    def test(operator: str, value: Any) -> Condition:
        if operator == "is_null":
            return ValueFilter(is_null=bool(value)).on(column)
        if operator in TEXT_TESTS:
            return compared(column, operator, _text(value, name))
        return compared(
            column, operator, [one(each) for each in several(name, value)] if operator == "in_" else one(value)
        )

    return test


def several(name: str, value: Any) -> Sequence[Any]:
    """The values behind ``name__in``. Raises InvalidFilterError when it is a single one."""
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        raise InvalidFilterError(f"{name}__in takes several values, got {value!r}")
    return list(value)


def space_test(space: str) -> Test:
    """Tests on what is said in a space of the tag table: names of it, or name -> value (None: any)."""

    def test(operator: str, value: Any) -> Condition:
        if operator == "is_null":
            found = NODE.c.id.in_(select(TAG.c.node_id).where(TAG.c.space == space))
            return ~found if value else found
        if isinstance(value, Mapping):
            return and_(true(), *(_says(space, name, each) for name, each in value.items()))
        if space == "label":  # of labels the value is what one calls them
            value = [getattr(each, "name", each) for each in value] if operator == "in_" else _name_of(value)
            return Said(space, None, operator, value).compose(true())
        column_of = column_test(space, TAG.c.name, str)
        if operator == "ne":
            return ~test("eq", value)
        return NODE.c.id.in_(select(TAG.c.node_id).where(TAG.c.space == space, column_of(operator, value)))

    return test


def _says(space: str, name: str, value: Any) -> Condition:
    name = stored_text(str(getattr(name, "name", name)))
    if space == "column":
        rows = [TAG.c.space == space, TAG.c.name == name, TAG.c.position == -1]
        if value is not None:
            said = value if isinstance(value, str) else getattr(value, "__name__", str(value))
            rows.append(or_(TAG.c.dtype == said, TAG.c.value_text == said))
        return NODE.c.id.in_(select(TAG.c.node_id).where(*rows))
    if value is None:
        return NODE.c.id.in_(select(TAG.c.node_id).where(TAG.c.space == space, TAG.c.name == name))
    return Said(space, name, "eq", _name_of(value) if space == "label" else value).compose(true())


def _lookup(fields: Fields, expression: str, value: Any, open_ended: bool) -> Filter:
    parts = expression.split("__")
    said = parts.pop() if len(parts) > 1 and parts[-1] in OPERATORS and parts[-1] else ""
    name, operator = "__".join(parts), OPERATORS[said]
    if value is None and operator == "eq":
        operator, value = "is_null", True
    if operator == "is_null" and not isinstance(value, bool):
        raise InvalidFilterError(f"{name}__isnull takes True or False, got {value!r}")
    field = fields.get(name)
    if field is not None:
        if operator not in field.operators:
            can = ", ".join(
                f"{name}__{each}" if each else name for each in OPERATORS if OPERATORS[each] in field.operators
            )
            raise InvalidFilterError(f"{expression} is no question; there are {can}")
        return Lookup(field, operator, value)
    if parts[0] in SPACES and parts[0] in fields and len(parts) > 1:
        value = [_name_of(each) for each in value] if operator == "in_" else _name_of(value)
        return Said(SPACES[parts[0]], "__".join(parts[1:]), operator, value, declared=True)
    if parts[0] in fields:
        known = ", ".join(each for each in OPERATORS if each)
        raise InvalidFilterError(f"{'__'.join(parts[1:])!r} is no operator of {parts[0]}; there are {known}")
    if not open_ended:
        raise InvalidFilterError(f"there is no field {name!r}; there are {', '.join(sorted(fields))}")
    return Said("feature", name, operator, value)


def _name_of(value: Any) -> Any:
    """A label as the text it is called by; anything else as it is."""
    return value.name if hasattr(value, "term_kind") else value


def _text(value: Any, asked: str) -> str:
    if not isinstance(value, str):
        raise InvalidFilterError(f"{asked} is compared with text here, not with {value!r}")
    return value
