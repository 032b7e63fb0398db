"""The wheel: built, installed alone into an empty environment, imported there."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EVERY_NAME = """
import artigraph
from artigraph.errors import MissingLibraryError
for name in artigraph.__all__:
    try:
        getattr(artigraph, name)
    except MissingLibraryError as error:
        print(name, "asks for", error.library)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder))
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The interpreter of an environment that holds the wheel and what it asks for, nothing else."""
    venv = tmp_path_factory.mktemp("alone") / "venv"
    run(sys.executable, "-m", "venv", "--without-pip", str(venv))
    interpreter = str(venv / "bin/python")
    run(sys.executable, "-m", "pip", "--python", interpreter, "install", "--quiet", str(wheel))
    return interpreter


def test_the_wheel_holds_both_packages_and_nothing_beside_them(wheel: Path):
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"artigraph", "artigraph_jupyter"}
    assert {"artigraph/py.typed", "artigraph_jupyter/py.typed", "artigraph_jupyter/style.css"} <= set(names)
    assert any(name.endswith("/licenses/LICENSE") for name in names)
    (entry_points,) = (name for name in names if name.endswith("/entry_points.txt"))
    assert b"artigraph = artigraph.cli.main:main" in zipfile.ZipFile(wheel).read(entry_points)


@pytest.mark.timeout(300)
def test_the_wheel_alone_can_be_imported(python: str):
    where = run(python, "-I", "-W", "error", "-c", "import artigraph; print(artigraph.__file__)")
    assert str(Path(python).parents[1]) in where


@pytest.mark.timeout(300)
def test_every_public_name_is_there_or_asks_for_its_library(python: str):
    run(python, "-I", "-W", "error", "-c", EVERY_NAME)


def run(*command: str) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
