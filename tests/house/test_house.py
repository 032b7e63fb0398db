"""The rules of the house that a machine can check by reading the source of both packages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted(
    path.relative_to(ROOT) for package in ("artigraph", "artigraph_jupyter") for path in (ROOT / package).rglob("*.py")
)
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc", "core", "manager"}

each_file = pytest.mark.parametrize("file", FILES, ids=str)


@cache
def tree_of(file: Path) -> ast.Module:
    return ast.parse((ROOT / file).read_text(encoding="utf-8"), filename=str(file))


@each_file
def test_a_file_says_first_what_it_is_for(file: Path):
    assert ast.get_docstring(tree_of(file)), f"{file} has no docstring"


@each_file
def test_a_file_is_at_most_400_lines(file: Path):
    assert len((ROOT / file).read_text(encoding="utf-8").splitlines()) <= 400


@each_file
def test_names_of_files_and_rooms_say_what_is_inside(file: Path):
    assert not VAGUE & {part.lstrip("_") for part in file.with_suffix("").parts}


@each_file
def test_imports_stand_at_the_top_of_the_file(file: Path):
    if file == Path("artigraph/registry.py"):
        return
    functions = (node for node in ast.walk(tree_of(file)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    inside = [line for function in functions for line in import_lines(function)]
    assert not inside, f"{file}: import inside a function on line {inside}"


@each_file
def test_only_the_registry_and_the_root_import_by_name(file: Path):
    if file in {Path("artigraph/registry.py"), Path("artigraph/__init__.py"), Path("artigraph_jupyter/__init__.py")}:
        return
    found = [node.lineno for node in ast.walk(tree_of(file)) if name_of(node) in {"import_module", "__import__"}]
    assert not found, f"{file}: use registry.load instead of an import by name on line {found}"


@each_file
def test_nobody_inside_imports_from_the_root(file: Path):
    if file.parts[0] == "artigraph":
        found = [node.lineno for node in ast.walk(tree_of(file)) if imports_root(node)]
        assert not found, f"{file}: import from the file that defines the name, on line {found}"


@each_file
def test_no_exception_is_swallowed_whole(file: Path):
    found = [node.lineno for node in ast.walk(tree_of(file)) if swallows_all(node)]
    assert not found, f"{file}: swallows every exception on line {found}"


@each_file
def test_a_stored_name_leads_to_the_file_of_its_plug_in(file: Path):
    if file.parent not in {Path("artigraph/serializer"), Path("artigraph/storage")}:
        return
    names = [name for name in stored_names(tree_of(file)) if re.split(r"[.:/]", name)[0] != file.stem]
    assert not names, f"{file} does not start the stored names {names}"


def test_the_root_exports_what_type_checkers_see():
    exported, shown = exports()
    assert sorted(exported) == sorted(shown)
    assert len(exported) == len(set(exported))


def test_the_root_exports_fewer_than_sixty_names():
    assert len(exports()[0]) < 60


def test_no_exported_name_is_that_of_a_room_or_file():
    rooms = {path.stem for path in (ROOT / "artigraph").iterdir()}
    assert not rooms & set(exports()[0])


def exports() -> tuple[list[str], list[str]]:
    """Names in `__all__` of the root, and names under its `if TYPE_CHECKING:`; dunders left out."""
    exported: list[str] = []
    shown: list[str] = []
    for node in tree_of(Path("artigraph/__init__.py")).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if name_of(target) == "__all__":
                exported = list(ast.literal_eval(node.value))
        if isinstance(node, ast.If) and name_of(node.test) == "TYPE_CHECKING":
            shown = [name.asname or name.name for line in node.body for name in getattr(line, "names", [])]
    assert exported, "artigraph/__init__.py has no literal __all__"
    return [name for name in exported if not name.startswith("__")], shown


def import_lines(node: ast.AST) -> list[int]:
    return [inner.lineno for inner in ast.walk(node) if isinstance(inner, ast.Import | ast.ImportFrom)]


def imports_root(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom):
        return node.module == "artigraph" or node.level > 0
    return isinstance(node, ast.Import) and any(name.name == "artigraph" for name in node.names)


def name_of(node: ast.AST | None) -> str:
    """The last part of a name or dotted name, else an empty text."""
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def swallows_all(node: ast.AST) -> bool:
    everything = {"Exception", "BaseException"}
    if isinstance(node, ast.ExceptHandler):
        passes = len(node.body) == 1 and isinstance(node.body[0], ast.Pass)
        return passes and (node.type is None or name_of(node.type) in everything)
    return (
        isinstance(node, ast.Call)
        and name_of(node.func) == "suppress"
        and any(name_of(a) in everything for a in node.args)
    )


def stored_names(tree: ast.Module) -> Iterator[str]:
    """Every text that a class body binds to `name`."""
    for cls in (node for node in tree.body if isinstance(node, ast.ClassDef)):
        for line in cls.body:
            if (
                isinstance(line, ast.Assign)
                and name_of(line.targets[0]) == "name"
                and isinstance(line.value, ast.Constant)
            ):
                yield str(line.value.value)
