"""The set-up script on a tree whose environment is made already: it downloads nothing and says what is wrong."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NEEDED = ["bash", "cat", "dirname", "env", "id", "paste", "sed", "sha256sum", "sort"]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree with an environment stamped as ready for every group."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci/setup.sh", tmp_path / ".ci")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    venv = tmp_path / ".venv"
    (venv / "bin").mkdir(parents=True)
    for name in ("python", "pip"):
        (venv / "bin" / name).symlink_to(sys.executable)
    (venv / "place").write_text(f"{venv}\n")
    stamp = hashlib.sha256((tmp_path / "pyproject.toml").read_bytes() + (tmp_path / ".ci/setup.sh").read_bytes())
    for group in ("dev", "docs"):
        (venv / f"ready-{group}").write_text(f"{stamp.hexdigest()}  -\n")
    programs = tmp_path / "programs"  # no apt-get among them, so nothing can be installed
    programs.mkdir()
    for name in NEEDED:
        (programs / name).symlink_to(str(shutil.which(name)))
    return tmp_path


def setup(tree: Path, group: str, **environment: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(tree / "programs"), **environment}
    command = [str(tree / ".ci/setup.sh"), group]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_a_second_call_has_nothing_to_do_or_say(tree: Path):
    done = setup(tree, "docs")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_foreign_package_beside_ours_is_named(tree: Path):
    (tree / ".venv/lib/python3.11/site-packages/artigraph-0.4.dist-info").mkdir(parents=True)
    assert "'artigraph' of another project" in setup(tree, "docs").stderr


def test_our_own_package_is_not_taken_for_the_foreign_one(tree: Path):
    (tree / ".venv/lib/python3.11/site-packages/artigraph_jupyter-0.2.0.dist-info").mkdir(parents=True)
    assert setup(tree, "docs").stderr == ""


def test_missing_programs_and_what_is_skipped_for_them_fit_in_one_line(tree: Path):
    done = setup(tree, "dev")
    assert done.returncode == 0
    (line,) = done.stderr.splitlines()
    assert "missing: graphviz chromium" in line
    assert "skipped for it: JavaScript tests, browser tests" in line


def test_an_interpreter_that_is_none_is_refused_and_the_environment_kept(tree: Path):
    done = setup(tree, "docs", PYTHON="/no/such/python")
    assert done.returncode == 1
    assert "no Python 3.11 or newer" in done.stderr
    assert (tree / ".venv/place").exists()
