"""``Feature``: a named, typed property of artifacts, and of the columns of tables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from artigraph.artifact.check import Rule
from artigraph.artifact.dtype import Cell, cells, dtype_name, infer_dtype
from artigraph.artifact.lookup import Said
from artigraph.artifact.term import Term
from artigraph.errors import SchemaMismatchError


class Feature(Term):
    """Something that has a value per artifact, or per row of a table.

    Args:
        name: what it is called; a column of this name is meant by it.
        dtype: ``str int float bool date datetime dict``, ``Artifact``, ``list[...]`` of one of these, or its name;
            None: that of the saved feature of this name.
        description: what it means, in a sentence.
        nullable: whether values may be missing.
        coerce: convert what is of another type, where that loses nothing.

    Compared with a value it is a filter: ``Feature("temperature") > 20``; ``in_``, ``startswith``, ``contains`` and
    the like are methods.

    >>> Feature("temperature", dtype=float)
    Feature('temperature', dtype='float')
    >>> Feature("temperature", dtype=float) > 20.5
    Feature('temperature') > 20.5
    """

    term_kind: ClassVar[str] = "feature"

    def __init__(
        self,
        name: str,
        dtype: Any = None,
        *,
        description: str | None = None,
        nullable: bool = True,
        coerce: bool = False,
    ) -> None:
        super().__init__(name, description=description)
        self.dtype = dtype_name(dtype) if dtype is not None else None
        self.nullable, self.coerce = nullable, coerce

    def definition(self) -> tuple[str | None, dict[str, Any] | None]:
        """Its dtype, and what else may be said."""
        if self.dtype is None:
            raise SchemaMismatchError(f"feature {self.name!r} has no dtype; write Feature({self.name!r}, dtype=...)")
        return self.dtype, {"nullable": self.nullable, "coerce": self.coerce}

    def take(self, otype: str | None, extra: dict[str, Any]) -> None:
        """Be the stored feature."""
        self.dtype, self.nullable, self.coerce = otype, extra.get("nullable", True), extra.get("coerce", False)

    def cells(self, value: Any) -> list[Cell]:
        """A value of it as rows. Raises SchemaMismatchError when it is none."""
        dtype = self.dtype or infer_dtype(value)
        return cells(self.name, value, dtype, nullable=self.nullable, coerce=self.coerce)

    def rule(self, column: str) -> Rule:
        """What it asks of a column."""
        return Rule(column, self.dtype, nullable=self.nullable, coerce=self.coerce)

    def __repr__(self) -> str:
        dtype = f", dtype={self.dtype!r}" if self.dtype else ""
        return f"Feature({self.name!r}{dtype})"

    def _asked(self, operator: str, value: Any) -> Said:
        if value is None and operator in ("eq", "ne"):
            return Said("feature", self.name, "is_null", operator == "eq", declared=True)
        return Said("feature", self.name, operator, value, declared=True)

    def __eq__(self, value: object) -> Any:
        return self._asked("eq", value)

    def __ne__(self, value: object) -> Any:
        return self._asked("ne", value)

    def __gt__(self, value: Any) -> Said:
        return self._asked("gt", value)

    def __ge__(self, value: Any) -> Said:
        return self._asked("ge", value)

    def __lt__(self, value: Any) -> Said:
        return self._asked("lt", value)

    def __le__(self, value: Any) -> Said:
        return self._asked("le", value)

    __hash__ = Term.__hash__

    def in_(self, values: Iterable[Any]) -> Said:
        """It is one of these."""
        return self._asked("in_", list(values))

    def startswith(self, text: str) -> Said:
        """Its text begins so."""
        return self._asked("startswith", text)

    def istartswith(self, text: str) -> Said:
        """Its text begins so, whatever the case of ASCII letters."""
        return self._asked("istartswith", text)

    def contains(self, text: str) -> Said:
        """Its text contains this."""
        return self._asked("contains", text)

    def icontains(self, text: str) -> Said:
        """Its text contains this, whatever the case of ASCII letters."""
        return self._asked("icontains", text)

    def isnull(self, missing: bool = True) -> Said:
        """It has no value (with False: it has one)."""
        return self._asked("is_null", missing)
