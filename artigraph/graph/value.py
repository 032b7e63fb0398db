"""``Filter``, the contract of every condition, its combinations, and ``ValueFilter``, a condition on one value.

Equality is bytewise; ``istartswith``, ``icontains`` and ``ilike`` fold ASCII case; nothing in a value is a wildcard but
in ``like`` and ``ilike``: there ``%`` stands for any text and ``_`` for one character.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from string import ascii_uppercase
from typing import Any, ClassVar

from sqlalchemy import Boolean, ColumnElement, String, and_, false, func, literal, not_, or_, true
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from artigraph.errors import InvalidFilterError
from artigraph.graph.among import among
from artigraph.graph.fit import check_words, each_fitted, fitted
from artigraph.graph.inside import Path, inside
from artigraph.graph.types import MYSQL, Text

Condition = ColumnElement[bool]


class Filter:
    """A condition on rows. A subclass of yours overrides ``compose``."""

    about: ClassVar[str | None] = None
    """The kind of rows whose columns it names, "nodes" or "links"; None: whatever it is asked of."""

    def compose(self, condition: Condition) -> Condition:
        """``condition`` narrowed by this filter."""
        return condition

    def create(self) -> Condition:
        """This filter alone."""
        return self.compose(true())

    def inner(self) -> Sequence[Filter]:
        """The filters that this one is made of."""
        return ()

    def walk(self) -> Iterator[Filter]:
        """This filter and all that it is made of, at any depth."""
        yield self
        for each in self.inner():
            yield from each.walk()

    def __and__(self, other: Filter) -> Filter:
        return _Both(self, filter_of(other, None))

    def __or__(self, other: Filter) -> Filter:
        return _Either(self, filter_of(other, None))

    def __invert__(self) -> Filter:
        return _Not(self)

    def __bool__(self) -> bool:
        """No: ``and``, ``or``, ``not`` and ``0 < x < 5`` would ask this, and drop one of two conditions.

        Raises:
            InvalidFilterError: always.
        """
        raise InvalidFilterError(f"{self!r} is neither true nor false; combine filters with &, | and ~, in parentheses")


def filter_of(asked: object, about: str | None = "nodes") -> Filter:
    """``asked``, where it is a filter that speaks of these rows.

    Raises:
        InvalidFilterError: it is none, or it speaks of other rows.
    """
    if not isinstance(asked, Filter):
        raise InvalidFilterError(f"{asked!r} is no filter; NodeFilter(id=...) finds a node by its id")
    if about is not None:
        for each in asked.walk():
            if each.about not in (None, about):
                raise InvalidFilterError(f"{each!r} is a condition on {each.about}, and this is about {about}")
    return asked


@dataclass(frozen=True)
class ValueFilter(Filter):
    """A condition on one value; several given at once must all hold.

    >>> from sqlalchemy import column
    >>> str(ValueFilter(ge=1, lt=5).on(column("size")))
    'size >= :size_1 AND size < :size_2'
    """

    about: ClassVar[str | None] = "a value, as in NodeFilter(label=ValueFilter(...))"

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
    like: str | None = None
    ilike: str | None = None
    is_: Any = None
    is_not: Any = None

    def __post_init__(self) -> None:
        for name, value in self._asked():
            if name in _SEVERAL and not isinstance(value, list | tuple | set | frozenset):
                if isinstance(value, str | bytes) or not isinstance(value, Iterable):
                    raise InvalidFilterError(f"{name} takes several values, not {value!r:.80}; give a list")
                object.__setattr__(self, name, list(value))  # what is gone through once only is asked for more often
            if name in _WORDS and not isinstance(value, str):
                raise InvalidFilterError(f"{name} takes a text, not {value!r:.80}")

    def on(self, column: ColumnElement[Any]) -> Condition:
        """This condition applied to a column.

        Raises:
            InvalidFilterError: nothing in the column can be compared with that.
        """
        return and_(true(), *(_TESTS[name](column, _fitted(column, name, value)) for name, value in self._asked()))

    def against(self, column: ColumnElement[Any]) -> Filter:
        """A filter of this condition applied to a column."""
        return _On(self.on(column))

    def inside(self, document: ColumnElement[Any], path: Path) -> Condition:
        """This condition applied to what is at a path of a JSON document; what is of another type matches nothing.

        Raises:
            InvalidFilterError: it is compared with something that is never in JSON.
        """
        made: list[Condition] = []
        for name, value in self._asked():
            if name == "is_null":
                made.append(_TESTS[name](inside(document, path, None), value))
            elif name in ("in_", "not_in"):
                alike = list(_alike(document, path, value))
                made.append(or_(false(), *alike) if name == "in_" else and_(true(), *(~each for each in alike)))
            else:
                made.append(_TESTS[name](inside(document, path, value), value))
        return and_(true(), *made)

    def _asked(self) -> Iterable[tuple[str, Any]]:
        return ((f.name, value) for f in fields(self) if (value := getattr(self, f.name)) is not None)


def _alike(document: ColumnElement[Any], path: Path, values: Iterable[Any]) -> Iterator[Condition]:
    """For each type that JSON has: what is at the path is one of the values of that type."""
    groups: dict[type, list[Any]] = {}
    for value in values:
        kind = float if isinstance(value, int | float) and not isinstance(value, bool) else type(value)
        groups.setdefault(kind, []).append(value)
    for group in groups.values():
        found = inside(document, path, group[0])
        yield found.is_(None) if group[0] is None else among(found, group)


class _Like(FunctionElement[bool]):
    """Clauses: the column, the pattern, and the same for SQLite, whose own LIKE does not tell ``a`` from ``A``."""

    name = "bytewise_like"
    inherit_cache = True
    type = Boolean()

    def __init__(self, column: ColumnElement[Any], pattern: str) -> None:
        glob = "".join({"%": "*", "_": "?", "*": "[*]", "?": "[?]", "[": "[[]"}.get(each, each) for each in pattern)
        super().__init__(column, literal(pattern.replace("\\", "\\\\"), Text(None)), literal(glob, Text(None)))


@compiles(_Like)
def _pattern(element: _Like, compiler: Any, **options: Any) -> str:
    column, like, _ = element.clauses  # a parameter that is written must be used
    return f"({compiler.process(column, **options)} LIKE {compiler.process(like, **options)})"


@compiles(_Like, "sqlite")
def _glob(element: _Like, compiler: Any, **options: Any) -> str:
    column, _, glob = element.clauses
    return f"({compiler.process(column, **options)} GLOB {compiler.process(glob, **options)})"


@dataclass(frozen=True)
class _On(Filter):
    condition: Condition

    def compose(self, condition: Condition) -> Condition:
        return and_(condition, self.condition)


@dataclass(frozen=True, repr=False)
class _Both(Filter):
    left: Filter
    right: Filter

    def inner(self) -> Sequence[Filter]:
        return self.left, self.right

    def compose(self, condition: Condition) -> Condition:
        return self.right.compose(self.left.compose(condition))

    def __repr__(self) -> str:
        return f"{_part(self.left)} & {_part(self.right)}"


@dataclass(frozen=True, repr=False)
class _Either(Filter):
    left: Filter
    right: Filter

    def inner(self) -> Sequence[Filter]:
        return self.left, self.right

    def compose(self, condition: Condition) -> Condition:
        return and_(condition, or_(self.left.compose(true()), self.right.compose(true())))

    def __repr__(self) -> str:
        return f"{_part(self.left)} | {_part(self.right)}"


@dataclass(frozen=True, repr=False)
class _Not(Filter):
    negated: Filter

    def inner(self) -> Sequence[Filter]:
        return (self.negated,)

    def compose(self, condition: Condition) -> Condition:
        return and_(condition, func.coalesce(not_(self.negated.compose(true())), true()))

    def __repr__(self) -> str:
        return f"~{_part(self.negated)}"


def _part(part: Filter) -> str:
    """How a filter is written inside another."""
    return f"({part!r})" if isinstance(part, _Both | _Either) else repr(part)


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


def _fitted(column: ColumnElement[Any], name: str, value: Any) -> Any:
    """What a test of this name takes, as the column keeps it."""
    if name in _WORDS:
        check_words(column)
        return value
    return each_fitted(column, value) if name in _SEVERAL else value if name == "is_null" else fitted(column, value)


def test(column: ColumnElement[Any], wanted: Any) -> Condition:
    """``column`` is ``wanted``: a value, one of several, or as a ValueFilter says. No values: nothing matches.

    Raises:
        InvalidFilterError: nothing in the column can be compared with that.
    """
    if isinstance(wanted, ValueFilter):
        return wanted.on(column)
    if isinstance(wanted, list | tuple | set | frozenset):
        return among(column, each_fitted(column, wanted)) if wanted else false()
    matches: Condition = column == fitted(column, wanted)
    return matches


def test_inside(document: ColumnElement[Any], path: Path, wanted: Any) -> Condition:
    """What is at ``path`` of a JSON document is ``wanted``, as in ``test``; None: it is null, or not there."""
    if wanted is None:
        wanted = ValueFilter(is_null=True)
    elif isinstance(wanted, list | tuple | set | frozenset):
        wanted = ValueFilter(in_=list(wanted))
    elif not isinstance(wanted, ValueFilter):
        wanted = ValueFilter(eq=wanted)
    found: Condition = wanted.inside(document, path)
    return found


_SEVERAL = frozenset({"in_", "not_in"})
_WORDS = frozenset({"startswith", "istartswith", "contains", "icontains", "like", "ilike"})
"""Tests that take several values, and those of texts."""

_TESTS: dict[str, Any] = {
    "eq": lambda c, v: c == v,
    "ne": lambda c, v: c != v,
    "gt": lambda c, v: c > v,
    "ge": lambda c, v: c >= v,
    "lt": lambda c, v: c < v,
    "le": lambda c, v: c <= v,
    "in_": lambda c, v: among(c, v) if v else false(),
    "not_in": lambda c, v: ~among(c, v) if v else true(),
    "startswith": lambda c, v: func.substr(c, 1, len(v)) == v,
    "istartswith": lambda c, v: _folded(func.substr(c, 1, len(v))) == _lower(v),
    "contains": lambda c, v: func.length(c) != func.length(func.replace(c, v, "")) if v else true(),
    "icontains": lambda c, v: func.length(c) != func.length(func.replace(_folded(c), _lower(v), "")) if v else true(),
    "is_null": lambda c, v: c.is_(None) if v else c.is_not(None),
    "like": _Like,
    "ilike": lambda c, v: _Like(_folded(c), _lower(v)),
    "is_": lambda c, v: c == v,
    "is_not": lambda c, v: or_(c != v, c.is_(None)),
}
