"""The list of commands: complete, quick, and the same in the docs."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from pathlib import Path

import pytest

from artigraph.cli import command
from artigraph.cli.app import COMMANDS
from artigraph.registry import load
from tests.cli.conftest import Run

ROOT = Path(__file__).parents[2]
FOLDER = Path(command.__file__).parent
PAGE = ROOT / "docs/reference/command.md"

HELP = """
import json, sys
sys.argv = ["artigraph", "--help"]
from artigraph.cli.main import main
try:
    main()
except SystemExit as ended:
    print(json.dumps([ended.code, sorted(sys.modules)]))
"""


def test_every_file_is_a_command_with_its_own_first_line() -> None:
    files = {path.stem.replace("_", "-") for path in FOLDER.glob("*.py")} - {"--init--"}
    assert files == set(COMMANDS)
    for name, line in COMMANDS.items():
        text = inspect.getdoc(load(f"artigraph.cli.command.{name.replace('-', '_')}", "a test").command)
        assert text is not None
        first = text.partition("\n")[0]
        assert first.startswith(line.rstrip(".")), name


def test_help_loads_nothing_that_it_does_not_need() -> None:
    done = subprocess.run([sys.executable, "-c", HELP], capture_output=True, text=True, check=True)
    code, modules = json.loads(done.stdout.splitlines()[-1])
    assert code == 0
    assert not {"sqlalchemy", "alembic", "rich.table", "pandas", "asyncio.base_events"} & set(modules)
    assert all(f"  {name} " in done.stdout for name in COMMANDS)


def test_without_typer_it_says_what_to_install() -> None:
    script = "import sys; sys.modules['typer'] = None\nfrom artigraph.cli.main import main; main()"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "artigraph-jupyter[cli]" in done.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_the_docs_name_every_option(call: Run, name: str) -> None:
    section = PAGE.read_text("utf-8").partition(f"## {name}\n")[2].partition("\n## ")[0]
    assert section, f"{PAGE.name} has no section {name}"
    said = call(name, "--help")
    options = {word.strip(",") for word in said.out.split() if word.startswith("--")} - {"--help"}
    shared = {"--db", "--json", "--storage"}
    missing = [option for option in options - shared if f"`{option}" not in section]
    assert not missing
