"""``Q``: a question about artifacts, in the spelling ``name__operator=value``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from artigraph.artifact.fields import ARTIFACT
from artigraph.artifact.lookup import lookups
from artigraph.errors import InvalidFilterError
from artigraph.graph.value import Condition, Filter


class Q(Filter):
    """A condition on artifacts, combined with others by ``&``, ``|`` and ``~``; all that it says must hold.

    Args:
        filters: other conditions.
        expressions: ``name=value`` or ``name__operator=value``. The name is that of a field, or of a feature; the
            operators are ``ne gt gte lt lte in startswith istartswith contains icontains isnull``.

    Raises:
        InvalidFilterError: an operator that the field does not have; those it has are listed.

    >>> Q(key__startswith="raw/", size__gt=1000) | ~Q(suffix=".csv", temperature__gte=20.5)
    Q(key__startswith='raw/', size__gt=1000) | ~Q(suffix='.csv', temperature__gte=20.5)
    """

    def __init__(self, *filters: Filter, **expressions: Any) -> None:
        for each in filters:
            if not isinstance(each, Filter):
                raise InvalidFilterError(f"{each!r} is no filter; write name=value, Q(...), or Feature(...) == value")
        self._filters = (*filters, *lookups(ARTIFACT, expressions))
        shown = [*map(repr, filters), *(f"{name}={value!r}" for name, value in expressions.items())]
        self._shown = f"Q({', '.join(shown)})"

    def inner(self) -> Sequence[Filter]:
        """What it asks for, one by one."""
        return self._filters

    def compose(self, condition: Condition) -> Condition:
        """``condition`` narrowed by all of it."""
        for each in self._filters:
            condition = each.compose(condition)
        return condition

    def __repr__(self) -> str:
        return self._shown
