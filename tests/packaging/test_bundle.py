"""What a wheel holds for the page: the widgets' files always, mermaid where npm was there to fetch it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = {"widget.css", "dom.js", "lineage_view.js", "span_tree.js", "browser.js"}
MERMAID = "artigraph_jupyter/widget/vendor/mermaid.min.js"


def built(tree: Path, target: Path, path: str) -> tuple[set[str], str]:
    """The names in the wheel of a tree, and what the build said."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)]
    env = os.environ | {"PATH": path}
    done = subprocess.run(command, cwd=tree, env=env, capture_output=True, text=True, check=True)
    (wheel,) = target.glob("*.whl")
    return set(zipfile.ZipFile(wheel).namelist()), done.stdout + done.stderr


def copied(target: Path) -> Path:
    """The tree as it is committed."""
    target.mkdir()
    for package in ("artigraph", "artigraph_jupyter"):
        shutil.copytree(ROOT / package, target / package, ignore=shutil.ignore_patterns("vendor", "__pycache__"))
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, target)
    return target


def test_without_npm_the_wheel_is_built_and_says_what_is_missing(tmp_path: Path) -> None:
    names, said = built(copied(tmp_path / "tree"), tmp_path / "dist", str(tmp_path))
    assert {f"artigraph_jupyter/widget/{file}" for file in FILES} <= names
    assert MERMAID not in names
    assert "without the bundled mermaid: npm is not installed" in said


def test_what_npm_gives_is_taken_only_if_it_is_the_file_that_was_tested(tmp_path: Path) -> None:
    tree, programs = copied(tmp_path / "tree"), tmp_path / "bin"
    programs.mkdir()
    (programs / "npm").write_text(
        "#!/bin/sh\nmkdir -p package/dist\necho evil > package/dist/mermaid.min.js\necho > package/LICENSE\n"
        "tar czf mermaid.tgz package\n"
    )
    (programs / "npm").chmod(0o755)
    names, said = built(tree, tmp_path / "dist", f"{programs}:{os.environ['PATH']}")
    assert MERMAID not in names
    assert "is not the file that was tested" in said


@pytest.mark.skipif(not (ROOT / MERMAID).exists(), reason="this installation was built without npm")
def test_with_mermaid_in_place_the_wheel_holds_it_and_its_license(tmp_path: Path) -> None:
    names, _ = built(ROOT, tmp_path, os.environ["PATH"])
    assert {MERMAID, "artigraph_jupyter/widget/vendor/mermaid.LICENSE"} <= names
