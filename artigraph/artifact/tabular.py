"""The columns of a table of pandas, polars or pyarrow, in one form."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from artigraph.artifact.dtype import plain
from artigraph.errors import SchemaMismatchError
from artigraph.registry import load

_KNOWN = {
    **dict.fromkeys(("int", "uint"), "int"),
    **dict.fromkeys(("float", "double", "halffloat"), "float"),
    **dict.fromkeys(("str", "string", "large_string", "utf"), "str"),
    **dict.fromkeys(("bool", "boolean"), "bool"),
    **dict.fromkeys(("datetime", "timestamp"), "datetime"),
}
"""Dtypes that say what is in a column, without the width: such a column need not be looked into."""

TABLES = {"pandas": "DataFrame", "polars": "DataFrame", "pyarrow": "Table"}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table."""

    name: str
    native: str
    """Its dtype as the library of the table calls it."""
    values: Any
    """The column in the form of that library."""
    to_arrow: Callable[[], Any]

    def arrow(self) -> Any | None:
        """The column as a pyarrow array, missing values as nulls; None where its values are of several types."""
        pyarrow = load("pyarrow", "reading the columns of a table")
        try:
            return self.to_arrow()
        except (pyarrow.ArrowException, TypeError, ValueError, OverflowError):
            return None

    def family(self) -> str:
        """Its dtype in our names; ``null`` without values, ``mixed`` where there are several types."""
        known = _KNOWN.get(self.native.partition("[")[0].rstrip("0123456789").lower())
        return known or family(self.arrow())

    def items(self) -> Iterator[Any]:
        """Its values as Python's own, missing ones as None."""
        array = self.arrow()
        if array is not None:
            return (each.as_py() for each in array)
        return (None if value is None or value != value else plain(value) for value in self.values.tolist())  # noqa: PLR0124 - only a NaN differs from itself


def is_table(value: Any) -> bool:
    """Whether this is a table: a frame of pandas or polars, or a pyarrow.Table."""
    cls = type(value)
    return TABLES.get(cls.__module__.partition(".")[0]) == cls.__name__


def columns_of(table: Any) -> list[Column]:
    """The columns of a table, in order.

    Raises:
        SchemaMismatchError: it is no table.
    """
    if not is_table(table):
        raise SchemaMismatchError(
            f"a {type(table).__qualname__} has no columns to check; a frame of pandas or polars has, or a pyarrow.Table"
        )
    library = type(table).__module__.partition(".")[0]
    if library == "pyarrow":
        return [
            Column(str(field.name), str(field.type), table.column(place), partial(table.column, place))
            for place, field in enumerate(table.schema)
        ]
    if library == "polars":
        return [Column(name, str(table[name].dtype), table[name], table[name].to_arrow) for name in table.columns]
    pyarrow = load("pyarrow", "reading the columns of a table")
    found = []
    for place, label in enumerate(table.columns):
        series = table.iloc[:, place]
        found.append(Column(str(label), str(series.dtype), series, partial(pyarrow.Array.from_pandas, series)))
    return found


def family(array: Any | None) -> str:
    """The dtype, in our names, of a pyarrow array; ``null`` without values, ``mixed`` for None.

    >>> import pyarrow as pa
    >>> family(pa.array([1, 2])), family(pa.array(["a"]).dictionary_encode()), family(pa.array([[1.5]]))
    ('int', 'str', 'list[float]')
    """
    if array is None:
        return "mixed"
    return _family(array.type)


def _family(kind: Any) -> str:
    types = load("pyarrow", "reading the columns of a table").types
    if types.is_dictionary(kind):
        return _family(kind.value_type)
    tests = (
        ("int", types.is_integer),
        ("float", lambda each: types.is_floating(each) or types.is_decimal(each)),
        ("str", lambda each: types.is_string(each) or types.is_large_string(each) or types.is_string_view(each)),
        ("bool", types.is_boolean),
        ("date", types.is_date),
        ("datetime", types.is_timestamp),
        ("dict", lambda each: types.is_struct(each) or types.is_map(each)),
        ("null", types.is_null),
    )
    for name, test in tests:
        if test(kind):
            return name
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return f"list[{_family(kind.value_type)}]"
    return str(kind)


def retyped(table: Any, casts: dict[str, str]) -> Any:
    """The table with columns cast to dtypes of ours; a table without casts is itself.

    Raises:
        ValueError: a value that cannot be cast.
    """
    if not casts:
        return table
    pyarrow = load("pyarrow", "casting the columns of a table")
    library = type(table).__module__.partition(".")[0]
    if library == "pandas":
        cast = {
            name: pyarrow.Array.from_pandas(table[name]).cast(_KINDS[dtype](pyarrow)) for name, dtype in casts.items()
        }
        return table.assign(**{name: _as_series(array, table.index) for name, array in cast.items()})
    arrow = table if library == "pyarrow" else table.to_arrow()
    for name, dtype in casts.items():
        place = arrow.schema.get_field_index(name)
        arrow = arrow.set_column(place, name, arrow.column(place).cast(_KINDS[dtype](pyarrow)))
    notes = {name: note for name, note in (arrow.schema.metadata or {}).items() if name != b"pandas"}
    arrow = arrow.replace_schema_metadata(notes)  # pandas' note would bring the old dtypes back
    return arrow if library == "pyarrow" else load("polars", "casting the columns of a table").from_arrow(arrow)


_KINDS: dict[str, Callable[[Any], Any]] = {
    "str": lambda pyarrow: pyarrow.string(),
    "int": lambda pyarrow: pyarrow.int64(),
    "float": lambda pyarrow: pyarrow.float64(),
    "bool": lambda pyarrow: pyarrow.bool_(),
    "date": lambda pyarrow: pyarrow.date32(),
    "datetime": lambda pyarrow: pyarrow.timestamp("us"),
}


def _as_series(array: Any, index: Any) -> Any:
    pandas = load("pandas", "casting the columns of a table")
    whole = {"int64": pandas.Int64Dtype(), "bool": pandas.BooleanDtype()} if array.null_count else {}
    if str(array.type) == "date32[day]":  # which pandas has as objects, and nothing keeps those
        array = array.cast("timestamp[s]")
    series = array.to_pandas(types_mapper=lambda kind: whole.get(str(kind)))
    series.index = index
    return series
