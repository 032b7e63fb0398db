"""The page's half: modules that stand alone, in a real JavaScript engine, and nothing that makes markup of data."""

from __future__ import annotations

import re
import subprocess
from importlib import resources
from pathlib import Path

import pytest

from artigraph_jupyter.widget.assets import mermaid, module, sheet

WIDGETS = ["lineage_view", "span_tree", "browser"]
FILES = sorted(Path(str(resources.files("artigraph_jupyter.widget"))).glob("*.js"))


@pytest.mark.needs_program("node")
@pytest.mark.parametrize("name", WIDGETS)
def test_a_module_stands_alone_and_exports_render(name: str, tmp_path: Path) -> None:
    file = tmp_path / f"{name}.mjs"
    file.write_text(module(name), encoding="utf-8")
    look = f"import('{file}').then(m => console.log(typeof m.default.render))"
    done = subprocess.run(["node", "-e", look], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "function"
    assert "import " not in re.sub(r"//.*", "", module(name))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_file_makes_markup_out_of_text(file: Path) -> None:
    source = file.read_text("utf-8")
    assert not re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", source)
    assert source.startswith("// ")
    assert len(source.splitlines()) <= 400


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_name_that_is_imported_is_used_and_exported(file: Path) -> None:
    source = file.read_text("utf-8")
    for names, other in re.findall(r'^import \{ ([^}]*) \} from "\./(\w+)\.js";$', source, re.MULTILINE):
        there = (file.parent / f"{other}.js").read_text("utf-8")
        for name in names.split(", "):
            assert re.search(rf"^export (?:async )?(?:function|const) {name}\b", there, re.MULTILINE), name
            assert len(re.findall(rf"\b{name}\b", source)) > 1, f"{name} is not used"


def test_a_file_that_two_others_import_is_there_once() -> None:
    assert module("span_tree").count("function make(") == 1


def test_the_sheet_holds_the_rules_of_the_cards_and_of_the_widgets() -> None:
    assert ".ag-card" in sheet()
    assert ".ag-canvas" in sheet()
    assert not re.findall(r"url\(|@import", sheet())


def test_mermaid_is_there_or_its_absence_is_said() -> None:
    try:
        assert b"mermaid" in mermaid()
    except ValueError as error:
        assert "without npm" in str(error)  # noqa: PT017 - either is right, as the package was built
