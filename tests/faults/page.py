"""The page `docs/reliability.md`, from the table of rows, the tests that name them, and the last runs."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

from tests.faults.rows import ROWS

HERE = Path(__file__).parent
LAST_RUN = HERE / "last_run.json"
PAGE = HERE.parents[1] / "docs" / "reliability.md"

START = """# What survives what

Every line of this table is shown by tests that run with each change. The numbers count what they tried: kills, failing
steps, changed bits, examples. {runs}

| | what goes wrong | what happens then | cases{columns} |
|---:|---|---|---:|{dashes}
"""
END = """
`make faults` runs these tests and writes this page, `make faults-full` does so with the long counts. "Acknowledged" is
what a call has returned for; an error from a call means that nothing of it is there.

## The tests

"""


def render(runs: dict[str, Any]) -> str:
    """The page.

    Args:
        runs: "quick" and "full" -> {"day", "minutes", "cases": {row: number}}; "full" may be missing.
    """
    full = runs.get("full")
    said = f"The last run was on {runs['quick']['day']}."
    if full:
        said += f" The long counts, where there are any, are of {full['day']} and took {full['minutes']} minutes."
    lines = [START.format(runs=said, columns=" | long" if full else "", dashes="---:|" if full else "")]
    for number, row in ROWS.items():
        counts = [run["cases"].get(str(number)) for run in (runs["quick"], full) if run]
        shown = " | ".join(f"{count:,}" if count else "–" for count in counts)
        lines.append(f"| {number} | {row.fault} | {row.then} | {shown} |\n")
    lines.append(END)
    tests = rows_shown()
    for number in ROWS:
        lines.append(f"{number}. {', '.join(f'`{test}`' for test in tests[number])}\n")
    return "".join(lines)


def rows_shown() -> dict[int, list[str]]:
    """Row -> its tests: those of this folder that are marked with it, then those of other rooms."""
    found: dict[int, list[str]] = {number: [] for number in ROWS}
    for file in sorted(HERE.glob("test_*.py")):
        for function in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(function, ast.FunctionDef):
                for row in marked(function):
                    found[row].append(f"faults/{file.stem.removeprefix('test_')}::{function.name[5:]}")
    for number, row in ROWS.items():
        found[number] += row.elsewhere
    return found


def marked(function: ast.FunctionDef) -> list[int]:
    """The rows that a test function is marked with."""
    return [
        ast.literal_eval(argument)
        for mark in function.decorator_list
        if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.row"
        for argument in mark.args
    ]


def path_of(test: str) -> str:
    """The file and function, from their short form.

    >>> path_of("graph/engine::a_fork")
    'tests/graph/test_engine.py::test_a_fork'
    """
    file, _, function = test.partition("::")
    folder, _, name = file.rpartition("/")
    return f"tests/{folder}{'/' if folder else ''}test_{name}.py::test_{function}"


def node_of(test: str) -> str:
    """The test as pytest takes it, with the class it is in.

    Raises:
        LookupError: there is no such test.
    """
    file, _, function = path_of(test).partition("::")
    for each in ast.parse((HERE.parents[1] / file).read_text(encoding="utf-8")).body:
        if getattr(each, "name", None) == function:
            return f"{file}::{function}"
        if isinstance(each, ast.ClassDef) and any(getattr(inner, "name", None) == function for inner in each.body):
            return f"{file}::{each.name}::{function}"
    raise LookupError(f"there is no test {test}")
