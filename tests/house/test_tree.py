"""Rules about every file of the tree: what no text may say, and what the small files agree on."""

from __future__ import annotations

import os
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = "arti" + "graph"
HOSTS = ["pypi" + ".org", "files.python" + "hosted.org", "registry.npm" + "js.org", "registry.yarn" + "pkg.com"]
# the package of that name on the index is another project; ours is artigraph-jupyter
FOREIGN = re.compile(rf"\binstall\s+(?:-\S+\s+)*[\"']?{OURS}(?![-\w./])")
UNFINISHED = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME)\b")


def test_no_file_names_a_registry_host():
    assert not files_where(lambda text: any(host in text for host in HOSTS))


def test_no_file_tells_people_to_install_the_other_project():
    assert not files_where(lambda text: FOREIGN.search(text) is not None)


@pytest.mark.parametrize(
    ("text", "foreign"),
    [
        (f"pip install {OURS}", True),
        (f"uv pip install -U '{OURS}[pandas]'", True),
        (f"pip install {OURS}-jupyter", False),
        (f"pip install ./{OURS}", False),
    ],
)
def test_the_other_project_is_recognized(text: str, foreign: bool):
    assert bool(FOREIGN.search(text)) is foreign


def test_no_file_is_left_unfinished():
    assert not files_where(lambda text: UNFINISHED.search(text) is not None)


def test_the_build_server_runs_what_the_readme_says():
    assert "make test" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert (ROOT / ".ci/run").read_text(encoding="utf-8").rstrip().endswith("CI=true exec make test")
    assert os.access(ROOT / ".ci/run", os.X_OK)


def test_a_change_note_is_one_sentence():
    for note in (ROOT / "changes").glob("*.*.md"):
        number, kind, *word = note.stem.split(".")
        assert len(word) <= 1
        assert number.isdigit()
        assert kind in {"added", "changed", "fixed", "removed"}
        assert len(note.read_text(encoding="utf-8").strip().splitlines()) == 1, note


@cache
def texts() -> dict[str, str]:
    """Path -> content of every text file that is, or could be, tracked by git."""
    found = {}
    for name in tracked():
        path = ROOT / name
        if path.is_file() and b"\0" not in (data := path.read_bytes()):
            found[name] = data.decode("utf-8", "replace")
    return found


def tracked() -> list[str]:
    """Paths below the root, by git where this is a checkout, else all that are no build product."""
    if (ROOT / ".git").exists():
        command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    products = {"build", "demo", "dist", "site", "__pycache__"}
    return [
        str(path.relative_to(ROOT))
        for path in ROOT.rglob("*")
        if not any(part in products or (part[0] == "." and part != ".ci") for part in path.relative_to(ROOT).parts)
    ]


def files_where(says) -> list[str]:
    return [name for name, text in texts().items() if says(text)]
