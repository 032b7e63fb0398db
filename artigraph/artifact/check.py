"""Does a table keep what a schema promises? Every column that does not is named, with up to 5 of its bad rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from itertools import islice
from typing import Any

from artigraph.artifact.dtype import PYTHON_TYPES, cells, dtype_name
from artigraph.artifact.tabular import Column, columns_of, family, retyped
from artigraph.errors import SchemaMismatchError
from artigraph.registry import load

SHOWN = 5
"""Bad rows that an error names, per column."""

AT_ONCE = 10_000
"""Rows that a pydantic model checks at once."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A column that does not fit."""

    column: str
    wanted: str
    got: str
    rows: tuple[tuple[int, str], ...] = ()
    """(number of the row, counted from 0; its value as text), at most 5."""

    def __str__(self) -> str:
        rows = ", ".join(f"row {number}: {value}" for number, value in self.rows)
        return f"column {self.column!r}: wanted {self.wanted}, got {self.got}" + (f" ({rows})" if rows else "")


@dataclass(frozen=True, slots=True)
class Rule:
    """What one column shall be."""

    column: str
    dtype: str | None = None
    """One of ours; any whole-number column is an ``int``, and one of them does for a ``float``."""
    exact: str | None = None
    """The name of the one dtype it may have, as its own library or pyarrow calls it."""
    nullable: bool = True
    coerce: bool = False
    required: bool = True

    @property
    def wanted(self) -> str:
        """In words."""
        return (self.exact or self.dtype or "anything") + ("" if self.nullable else ", never missing")


def checked(table: Any, schema: Any) -> Any:
    """The table, checked: itself, or where the schema coerces, one with the columns converted.

    Args:
        table: a frame of pandas or polars, or a pyarrow.Table.
        schema: rules; ``{column: dtype}``; a pyarrow.Schema; a pydantic model of a row; a pandera schema or model.

    Raises:
        SchemaMismatchError: naming every column that does not fit.
        TypeError: nothing that is known to check tables.
    """
    if _is_of(schema, "pandera"):
        return _by_pandera(table, schema)
    if isinstance(schema, type) and hasattr(schema, "model_validate"):
        return _by_pydantic(table, schema)
    return by_rules(table, rules_of(schema))


def rules_of(schema: Any) -> list[Rule]:
    """The rules that a mapping or a pyarrow.Schema means.

    Raises:
        SchemaMismatchError: it is neither, or names a dtype that does not exist.
    """
    if isinstance(schema, Mapping):
        return [_rule(str(getattr(name, "name", name)), dtype) for name, dtype in schema.items()]
    if _is_of(schema, "pyarrow"):
        return [Rule(field.name, exact=str(field.type), nullable=field.nullable) for field in schema]
    if isinstance(schema, Sequence) and all(isinstance(each, Rule) for each in schema):
        return list(schema)
    raise SchemaMismatchError(
        f"a {type(schema).__qualname__} is no schema; give a Schema, 'valid_features', {{column: dtype}}, a "
        "pyarrow.Schema, a pydantic model, or a pandera schema"
    )


def by_rules(table: Any, rules: Sequence[Rule], *, only: bool = False) -> Any:
    """The table, with every column as its rule says.

    Args:
        table: a frame of pandas or polars, or a pyarrow.Table.
        rules: one per column.
        only: a column without a rule is a mismatch.

    Raises:
        SchemaMismatchError: naming every column that does not fit.
    """
    columns = {column.name: column for column in columns_of(table)}
    found: list[Mismatch] = []
    casts: dict[str, str] = {}
    for rule in rules:
        column = columns.get(rule.column)
        if column is None:
            if rule.required:
                there = ", ".join(map(repr, islice(columns, 20))) or "none"
                found.append(Mismatch(rule.column, rule.wanted, f"no such column; there are {there}"))
            continue
        mismatch = _mismatch(column, rule)
        if mismatch is None or (rule.coerce and rule.dtype in PYTHON_TYPES and _can_cast(table, column, rule.dtype)):
            if mismatch is not None and rule.dtype is not None:
                casts[column.name] = rule.dtype
        else:
            found.append(_uncastable(column, mismatch, rule.dtype) if rule.coerce else mismatch)
    if only:
        ruled = {rule.column for rule in rules}
        found += [Mismatch(name, "no such column", each.native) for name, each in columns.items() if name not in ruled]
    refuse(found)
    return retyped(table, casts)


def refuse(found: Sequence[Mismatch]) -> None:
    """Raise SchemaMismatchError that tells these, if there are any."""
    if found:
        several = f"{len(found)} columns do not fit the schema:\n" if len(found) > 1 else ""
        hidden = f"\n… {len(found) - 20:,} more" if len(found) > 20 else ""
        raise SchemaMismatchError(several + "\n".join(map(str, found[:20])) + hidden, found)


def _rule(column: str, dtype: Any) -> Rule:
    if hasattr(dtype, "rule"):  # a Feature
        made: Rule = dtype.rule(column)
        return made
    try:
        return Rule(column, dtype_name(dtype))
    except SchemaMismatchError:
        if isinstance(dtype, type) and dtype.__module__ != "numpy":
            raise
        if isinstance(dtype, type):
            dtype = load("numpy", "checking columns").dtype(dtype)
        return Rule(column, exact=str(dtype))


def _mismatch(column: Column, rule: Rule) -> Mismatch | None:
    array = column.arrow()
    if not rule.nullable:
        missing = list(islice((n for n, value in enumerate(column.items()) if value is None), SHOWN))
        if missing:
            return Mismatch(column.name, rule.wanted, "missing values", tuple((n, "None") for n in missing))
    if rule.exact is not None:
        if rule.exact == column.native or (array is not None and _bare(rule.exact) == _bare(str(array.type))):
            return None
        return Mismatch(column.name, rule.wanted, column.native, _first(column))
    got = family(array)
    if rule.dtype is None or got in (rule.dtype, "null") or (rule.dtype, got) == ("float", "int"):
        return None
    if got == "mixed" or (rule.dtype, got) in (("int", "float"), ("date", "datetime")):
        bad = list(islice(_misfits(column, rule.dtype), SHOWN))
        numbers_without_gaps = got == "float" and array is not None and array.null_count == 0
        if not bad and not numbers_without_gaps:  # whole numbers with gaps are floats in pandas, dates are moments
            return None
        return Mismatch(column.name, rule.wanted, _called(column, got), tuple(bad) or _first(column))
    return Mismatch(column.name, rule.wanted, _called(column, got), _first(column))


def _bare(kind: str) -> str:
    """A type of pyarrow without what says only how wide its offsets are."""
    return kind.removeprefix("large_").removesuffix("_view")


def _called(column: Column, got: str) -> str:
    return (
        "values of several types"
        if got == "mixed"
        else column.native
        if got in column.native
        else f"{column.native} ({got})"
    )


def _misfits(column: Column, dtype: str) -> Iterator[tuple[int, str]]:
    """The values that are not of a dtype."""
    kinds: Any = {"float": (int, float), "dict": Mapping}.get(dtype, PYTHON_TYPES.get(dtype, list))
    for number, value in enumerate(column.items()):
        whole = dtype == "int" and isinstance(value, float) and value.is_integer()
        whole |= dtype == "date" and isinstance(value, datetime) and value.time() == time()
        fits = isinstance(value, kinds) and not (dtype != "bool" and isinstance(value, bool))
        fits &= not (dtype == "date" and isinstance(value, datetime))
        if value is not None and not fits and not whole:
            yield number, _short(value)


def _first(column: Column) -> tuple[tuple[int, str], ...]:
    there = ((number, _short(value)) for number, value in enumerate(column.items()) if value is not None)
    return tuple(islice(there, SHOWN))


def _can_cast(table: Any, column: Column, dtype: str) -> bool:
    pyarrow = load("pyarrow", "casting the columns of a table")
    try:
        retyped(table, {column.name: dtype})
    except (pyarrow.ArrowException, TypeError, ValueError):
        return False
    return True


def _uncastable(column: Column, mismatch: Mismatch, dtype: str | None) -> Mismatch:
    """The same mismatch, with the rows that cannot be converted alone."""
    bad = list(islice(((n, _short(each)) for n, each in enumerate(column.items()) if not _casts(each, dtype)), SHOWN))
    return replace(mismatch, rows=tuple(bad) or mismatch.rows)


def _casts(value: Any, dtype: str | None) -> bool:
    try:
        return value is None or dtype is None or bool(cells("", value, dtype, coerce=True))
    except SchemaMismatchError:
        return False


def _by_pydantic(table: Any, model: Any) -> Any:
    """Every row is validated; the first block of rows that has bad ones ends it."""
    pydantic = load("pydantic", "checking rows by a pydantic model")
    columns = columns_of(table)
    known = {name: field.alias or name for name, field in model.model_fields.items()}
    missing = [
        Mismatch(alias, _annotation(model, name), "no such column")
        for name, alias in known.items()
        if model.model_fields[name].is_required() and not {name, alias} & {column.name for column in columns}
    ]
    refuse(missing)
    rows = pydantic.TypeAdapter(list[model])
    names = [column.name for column in columns]
    values = zip(*(column.items() for column in columns), strict=True)
    start = 0
    while block := [dict(zip(names, each, strict=True)) for each in islice(values, AT_ONCE)]:
        try:
            rows.validate_python(block)
        except pydantic.ValidationError as error:
            refuse(_of_pydantic(error, model, start))
        start += len(block)
    return table


def _of_pydantic(error: Any, model: Any, start: int) -> list[Mismatch]:
    bad: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for each in error.errors(include_url=False):
        place, *path = each["loc"]
        column = str(path[0]) if path else "(row)"
        bad.setdefault((column, each["msg"]), []).append((start + place, _short(each["input"])))
    return [
        Mismatch(column, _annotation(model, column), message, tuple(rows[:SHOWN]))
        for (column, message), rows in bad.items()
    ]


def _annotation(model: Any, name: str) -> str:
    field = model.model_fields.get(name)
    return model.__name__ if field is None else getattr(field.annotation, "__name__", str(field.annotation))


def _by_pandera(table: Any, schema: Any) -> Any:
    errors = load("pandera.errors", "checking a table by a pandera schema")
    try:
        return schema.validate(table, lazy=True)
    except (errors.SchemaErrors, errors.SchemaError) as error:
        cases = error.failure_cases
        cases = cases.to_dict("records") if hasattr(cases, "columns") and hasattr(cases, "iloc") else cases.to_dicts()
        refuse(_of_pandera(cases))
        raise SchemaMismatchError(str(error)[:1000]) from error


def _of_pandera(cases: Iterable[Mapping[str, Any]]) -> list[Mismatch]:
    bad: dict[tuple[str, str], list[tuple[int, str]]] = {}
    whole: dict[tuple[str, str], str] = {}
    for case in cases:
        about_table = case.get("column") is None or case["column"] != case["column"]
        column = str(case["failure_case"] if about_table else case["column"])
        asked = column, str(case["check"])
        row = case.get("index")
        if isinstance(row, int) or (isinstance(row, float) and row.is_integer()):
            bad.setdefault(asked, []).append((int(row), _short(case["failure_case"])))
        else:
            whole[asked] = "no such column" if "column_in_dataframe" in asked[1] else str(case["failure_case"])
    found = [Mismatch(column, check, got) for (column, check), got in whole.items()]
    found += [
        Mismatch(column, check, f"{len(rows):,} bad value{'s' if len(rows) > 1 else ''}", tuple(rows[:SHOWN]))
        for (column, check), rows in bad.items()
    ]
    return found


def _is_of(schema: Any, library: str) -> bool:
    """Whether a schema, or a schema class, comes from a library."""
    classes = schema.__mro__ if isinstance(schema, type) else type(schema).__mro__
    return any(each.__module__.partition(".")[0] == library for each in classes)


def _short(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."
