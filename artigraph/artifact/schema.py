"""``Schema``: which features a table has, and what may be said of it besides."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, ClassVar

from sqlalchemy import Connection

from artigraph.artifact.check import Mismatch, Rule, by_rules, refuse
from artigraph.artifact.dtype import Cell
from artigraph.artifact.feature import Feature
from artigraph.artifact.term import Term
from artigraph.errors import SchemaMismatchError

EXTERNAL = "__external__"
"""The slot of what is said of an artifact, not of its columns."""

VALID_FEATURES = "valid_features"
"""The schema of every column that is a saved feature; other columns may be anything."""


class Schema(Term):
    """Features that a table must have as columns.

    Args:
        features: each column that has to be there; an optional one goes into ``optional``.
        name: to find it by; made of what it says when None.
        description: what it is for, in a sentence.
        otype: the type of what it checks, such as "DataFrame".
        maximal_set: no other columns may be there.
        optional: features of columns that may be missing.
        slots: ``{"__external__": schema}`` checks the features that are said of the artifact itself.
        itype: "Feature", the only kind of item here.

    Raises:
        SchemaMismatchError: a slot or an itype that this library does not have.

    >>> Schema([Feature("dose", dtype=float)], name="doses")
    Schema('doses', [Feature('dose', dtype='float')])
    """

    term_kind: ClassVar[str] = "schema"

    def __init__(
        self,
        features: Iterable[Feature] = (),
        *,
        name: str | None = None,
        description: str | None = None,
        otype: str | None = None,
        maximal_set: bool = False,
        optional: Iterable[Feature] = (),
        slots: Mapping[str, Schema] | None = None,
        itype: Any = None,
    ) -> None:
        _check_given(features, optional, slots)
        self.features, self.optional = list(features), list(optional)
        self.otype, self.maximal_set, self.slots = otype, maximal_set, dict(slots or {})
        for each in (*self.features, *self.optional):
            if not isinstance(each, Feature):
                raise SchemaMismatchError(f"{each!r} is no Feature; write Schema([Feature(name, dtype=...)])")
        if set(self.slots) - {EXTERNAL}:
            raise SchemaMismatchError(f"there are no slots {sorted(set(self.slots) - {EXTERNAL})}, only {EXTERNAL!r}")
        if itype not in (None, "Feature", Feature):
            raise SchemaMismatchError(f"a schema has no items of {itype!r}, only of 'Feature'")
        super().__init__(name or f"schema-{sha256(json.dumps(self._said(), sort_keys=True).encode()).hexdigest()[:16]}")
        self.description = description

    @property
    def external(self) -> Schema | None:
        """What may be said of the artifact itself."""
        return self.slots.get(EXTERNAL)

    def definition(self) -> tuple[str | None, dict[str, Any] | None]:
        """Its otype, and everything it says."""
        return self.otype, self._said()

    def agrees(self, otype: str | None, extra: dict[str, Any]) -> bool:
        """Whether the stored schema says the same."""
        return (otype, extra) == (self.otype, self._said())

    def take(self, otype: str | None, extra: dict[str, Any]) -> None:
        """Be the stored schema."""
        self.otype, self.maximal_set = otype, extra["maximal_set"]
        self.features = [_feature(each) for each in extra["features"]]
        self.optional = [_feature(each) for each in extra["optional"]]
        self.slots = {}
        for slot, said in extra["slots"].items():
            inner = Schema.__new__(Schema)
            inner.name, inner.description, inner.created_at = said["name"], None, None
            inner.take(said["otype"], said)
            self.slots[slot] = inner

    def write(self, connection: Connection) -> None:
        """(in a transaction) Keep it, its features, and its slots."""
        for each in (*self.features, *self.optional, *self.slots.values()):
            each.write(connection)
        super().write(connection)

    def check(self, table: Any) -> Any:
        """The table, with its columns converted where features coerce.

        Raises:
            SchemaMismatchError: naming every column that does not fit.
        """
        rules = [*(each.rule(each.name) for each in self.features), *self._optional_rules()]
        return by_rules(table, rules, only=self.maximal_set)

    def check_said(self, said: Mapping[str, Sequence[Cell]]) -> None:
        """See that these features of an artifact are those that the ``__external__`` slot asks for.

        Raises:
            SchemaMismatchError: one is missing, or is not known to it.
        """
        if self.external is None:
            return
        wanted = {each.name: each for each in self.external.features}
        known = {*wanted, *(each.name for each in self.external.optional)}
        found = [
            Mismatch(name, each.dtype or "a value", "no such feature was given")
            for name, each in wanted.items()
            if name not in said
        ]
        if self.external.maximal_set:
            found += [
                Mismatch(name, "no such feature", cells[0].dtype) for name, cells in said.items() if name not in known
            ]
        refuse(found)

    def declared(self) -> dict[str, Feature]:
        """What it says of features of the artifact itself, by their names."""
        inner = self.external
        return {each.name: each for each in (*inner.features, *inner.optional)} if inner is not None else {}

    def _optional_rules(self) -> list[Rule]:
        return [Rule(each.name, each.dtype, None, each.nullable, each.coerce, required=False) for each in self.optional]

    def _said(self) -> dict[str, Any]:
        slots = {name: {"name": each.name, "otype": each.otype, **each._said()} for name, each in self.slots.items()}
        return {
            "features": [_facts(each) for each in self.features],
            "optional": [_facts(each) for each in self.optional],
            "maximal_set": self.maximal_set,
            "slots": slots,
        }

    def __repr__(self) -> str:
        return f"Schema({self.name!r}, {self.features!r})"


def _check_given(features: Any, optional: Any, slots: Any) -> None:
    for given in (features, optional):
        if not isinstance(given, Iterable):
            raise SchemaMismatchError(f"{given!r} is no list of features; write Schema([Feature(name, dtype=...)])")
    if slots and not (isinstance(slots, Mapping) and all(isinstance(each, Schema) for each in slots.values())):
        raise SchemaMismatchError(f"slots are {slots!r}; write {{{EXTERNAL!r}: Schema(...)}}")


def _facts(feature: Feature) -> dict[str, Any]:
    dtype, more = feature.definition()
    return {"name": feature.name, "dtype": dtype, **(more or {})}


def _feature(facts: Mapping[str, Any]) -> Feature:
    return Feature(facts["name"], facts["dtype"], nullable=facts["nullable"], coerce=facts["coerce"])
