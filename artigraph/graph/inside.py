"""Values inside JSON, on every database: numbers, texts and truth values at a path, with their own types.

A value of another type than the one that is asked for is NULL, as is one that is not there. Databases read JSON in
their own ways: SQLite walks it by ``json_each``, which takes any key; PostgreSQL's operators stumble over NUL, so
documents with one are left out; MariaDB reads documents of at most 32 levels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import JSON, Boolean, Column, ColumnElement, Float, Integer, String, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from artigraph.errors import InvalidFilterError
from artigraph.graph.types import MYSQL, Text

Path = str | Sequence[str | int]
"""Keys and places, outermost first; a text is keys with dots between them."""


def steps_of(path: Path) -> tuple[str | int, ...]:
    """The keys and places of a path.

    >>> steps_of("scores.r2"), steps_of(("rows", 0, "a.b")), steps_of("")
    (('scores', 'r2'), ('rows', 0, 'a.b'), ())
    """
    if isinstance(path, str):
        return tuple(path.split(".")) if path else ()
    return tuple(path)


def stored(column: Column[Any]) -> ColumnElement[Any]:
    """The document in a JSON column."""
    return _Stored(column)


def kept(serializer: ColumnElement[Any], data: ColumnElement[Any]) -> ColumnElement[Any]:
    """The document in the bytes of an artifact, if they are JSON."""
    return _Kept(serializer, data)


def inside(document: ColumnElement[Any], path: Path, like: object) -> ColumnElement[Any]:
    """What is at a path of a document, if it is of the type of ``like``; of None: 1 for whatever is there but null.

    Raises:
        InvalidFilterError: JSON has no values of that type.
    """
    if like is None:
        kind: type[_Inside] = _Anything
    elif isinstance(like, bool):
        kind = _Truth
    elif isinstance(like, int | float):
        kind = _Number
    elif isinstance(like, str):
        kind = _Words
    else:
        raise InvalidFilterError(f"{like!r} is never in JSON; compare with a number, a text, True, False or None")
    return kind(document, steps_of(path))


class _Stored(FunctionElement[Any]):
    name = "stored"
    inherit_cache = True


class _Kept(FunctionElement[Any]):
    name = "kept"
    inherit_cache = True


class _Inside(FunctionElement[Any]):
    """Clauses: the document, MySQL's path, a parameter per step, and MySQL's path to each array that has a place."""

    inherit_cache = True
    sqlite: tuple[tuple[str, ...], str]
    """Types in SQLite's words, and what is given of one."""
    postgres: tuple[str, str]
    mysql: tuple[tuple[str, ...], str]

    def __init__(self, document: ColumnElement[Any], steps: Sequence[str | int]) -> None:
        each = [literal(step, Integer if isinstance(step, int) else String) for step in steps]
        arrays = [literal(_mysql_path(steps[:n]), String) for n, step in enumerate(steps) if isinstance(step, int)]
        super().__init__(document, literal(_mysql_path(steps), String), *each, *arrays)


class _Number(_Inside):
    name = "number_inside"
    inherit_cache = True
    type = Float(53)
    sqlite = ("integer", "real"), "{}.atom"
    postgres = "number", "CASE WHEN length({0}) < 300 THEN CAST({0} AS DOUBLE PRECISION) END"
    mysql = ("INTEGER", "UNSIGNED INTEGER", "DOUBLE", "DECIMAL"), "CAST({} AS DOUBLE)"


class _Words(_Inside):
    name = "words_inside"
    inherit_cache = True
    type = Text(None)
    sqlite = ("text",), "{}.atom"
    postgres = "string", '{} COLLATE "C"'
    mysql = ("STRING",), "CONVERT(JSON_UNQUOTE({}) USING utf8mb4) COLLATE {collation}"


class _Truth(_Inside):
    name = "truth_inside"
    inherit_cache = True
    type = Boolean()
    sqlite = ("true", "false"), "{}.atom"
    postgres = "boolean", "CAST({} AS BOOLEAN)"
    mysql = ("BOOLEAN",), "({} = 'true')"


class _Anything(_Inside):
    name = "anything_inside"
    inherit_cache = True
    type = Integer()
    sqlite = ("true", "false", "integer", "real", "text", "object", "array"), "1"
    postgres = "", "1"
    mysql = (), "1"


@compiles(_Stored)
@compiles(_Stored, *MYSQL)
def _column(element: _Stored, compiler: Any, **options: Any) -> str:
    (column,) = _clauses(element, compiler, options)
    return column


@compiles(_Stored, "postgresql")
def _column_without_nul(element: _Stored, compiler: Any, **options: Any) -> str:
    (column,) = _clauses(element, compiler, options)
    return f"CASE WHEN position('\\u0000' in CAST({column} AS TEXT)) = 0 THEN CAST({column} AS JSON) END"


@compiles(_Kept, "sqlite")
def _text_of_bytes(element: _Kept, compiler: Any, **options: Any) -> str:
    serializer, data = _clauses(element, compiler, options)
    return f"CASE WHEN {serializer} = 'json/1' THEN CAST({data} AS TEXT) END"


@compiles(_Kept, "postgresql")
def _json_of_bytes(element: _Kept, compiler: Any, **options: Any) -> str:
    serializer, data = _clauses(element, compiler, options)
    nul = f"position('\\x5c7530303030'::bytea in {data})"
    return f"CASE WHEN {serializer} = 'json/1' AND {nul} = 0 THEN CAST(convert_from({data}, 'UTF8') AS JSON) END"


@compiles(_Kept, *MYSQL)
def _words_of_bytes(element: _Kept, compiler: Any, **options: Any) -> str:
    serializer, data = _clauses(element, compiler, options)
    return f"CASE WHEN {serializer} = 'json/1' THEN CONVERT({data} USING utf8mb4) END"


@compiles(_Inside, "sqlite")
def _walk(element: _Inside, compiler: Any, **options: Any) -> str:
    document, *steps = _without_path(element, compiler, options)
    kinds, shown = element.sqlite
    names = ", ".join(f"'{kind}'" for kind in kinds)
    if not steps:  # the one row that a whole document is
        one = f"SELECT json_type({document}) AS type, json_extract({document}, '$') AS atom"
        return f"(SELECT {shown.format('e0')} FROM ({one}) AS e0 WHERE e0.type IN ({names}))"  # noqa: S608 - our own words
    tables, tests = [f"json_each({document}) AS e1"], [f"e1.key = {steps[0]}"]
    for n, step in enumerate(steps[1:], 2):
        tables.append(f"json_each(CASE WHEN e{n - 1}.type IN ('object', 'array') THEN e{n - 1}.value END) AS e{n}")
        tests.append(f"e{n}.key = {step}")
    last = f"e{len(steps)}"
    tests.append(f"{last}.type IN ({names})")
    return f"(SELECT {shown.format(last)} FROM {', '.join(tables)} WHERE {' AND '.join(tests)} LIMIT 1)"  # noqa: S608


@compiles(_Inside, "postgresql")
def _operators(element: _Inside, compiler: Any, **options: Any) -> str:
    document, *steps = _without_path(element, compiler, options)
    found = " -> ".join([f"({document})", *steps])
    kind, shown = element.postgres
    test = f"json_typeof({found}) = '{kind}'" if kind else f"json_typeof({found}) <> 'null'"
    words = f"(({found}) #>> '{{}}')"
    return f"(CASE WHEN {test} THEN {shown.format(words)} END)"


@compiles(_Inside, *MYSQL)
def _extract(element: _Inside, compiler: Any, **options: Any) -> str:
    document, path, *others = element.clauses
    arrays = others[len(others) - _places(others) :]
    document, path, *arrays = (compiler.process(clause, **options) for clause in (document, path, *arrays))
    found = f"JSON_EXTRACT({document}, {path})"
    kinds, shown = element.mysql
    names = ", ".join(f"'{kind}'" for kind in kinds)
    test = f"JSON_TYPE({found}) IN ({names})" if kinds else f"JSON_TYPE({found}) <> 'NULL'"
    for array in arrays:  # the place 0 of what is no array would be the thing itself
        test += f" AND JSON_TYPE(JSON_EXTRACT({document}, {array})) = 'ARRAY'"
    collation = "utf8mb4_nopad_bin" if compiler.dialect.is_mariadb else "utf8mb4_0900_bin"
    return f"(CASE WHEN {test} THEN {shown.format(found, collation=collation)} END)"


def _clauses(element: FunctionElement[Any], compiler: Any, options: dict[str, Any]) -> list[str]:
    return [compiler.process(clause, **options) for clause in element.clauses]


def _without_path(element: _Inside, compiler: Any, options: dict[str, Any]) -> list[str]:
    """The document and the steps: a parameter that is written must be used."""
    document, _, *others = element.clauses
    steps = others[: len(others) - _places(others)]
    return [compiler.process(clause, **options) for clause in (document, *steps)]


def _places(clauses: Sequence[ColumnElement[Any]]) -> int:
    """How many of them are places in an array."""
    return sum(isinstance(clause.type, Integer) for clause in clauses)


def _mysql_path(steps: Sequence[str | int]) -> str:
    """Steps as MySQL and MariaDB write them."""
    made = "$"
    for step in steps:
        escaped = str(step).replace("\\", "\\\\").replace('"', '\\"')
        made += f"[{step}]" if isinstance(step, int) else f'."{escaped}"'
    return made


def is_json(column: Column[Any]) -> bool:
    """Whether a column keeps JSON."""
    return isinstance(column.type, JSON)
