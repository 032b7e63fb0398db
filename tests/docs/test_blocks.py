"""Every code block of README.md and docs/ runs, each file in a process and a folder of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RUNNER = Path(__file__).parent / "blocks.py"
PAGES = [
    page for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))] if "```" in page.read_text("utf-8")
]


Run = Callable[[Path], subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path, pytestconfig: pytest.Config) -> Run:
    """Runs a page in a folder of its own; warnings are errors unless pytest was told otherwise."""
    filters = pytestconfig.getoption("pythonwarnings") or ["error"]

    def run(page: Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, *(f"-W{each}" for each in filters), str(RUNNER), str(page)]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    return run


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_code_blocks_of_a_page_run(run: Run, page: Path):
    done = run(page)
    assert done.returncode == 0, done.stdout + done.stderr


def test_blocks_share_names_and_may_await_and_use_magics(run: Run, tmp_path: Path):
    page = tmp_path / "page.md"
    page.write_text(
        "```python\nimport asyncio\nx = 1\n```\n"
        "```python\nawait asyncio.sleep(0)\nx += 1\n```\n"
        "<!-- not run: it would fail -->\n```python\n1 / 0\n```\n"
        "- in a list\n\n    ```python\n    x += 1\n    ```\n"
        "```ipython\n%config InteractiveShell.autoindent\nx += 1\n```\n"
        "```python\nassert x == 4, x\nprint('done')\n```\n"
    )
    done = run(page)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("done\n")


@pytest.mark.parametrize("language", ["python", "ipython"])
def test_a_block_that_fails_is_found_by_its_line(run: Run, tmp_path: Path, language: str):
    page = tmp_path / "page.md"
    page.write_text(f"# Title\n\n```{language}\nx = 1\nx / 0\n```\n")
    done = run(page)
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
    if language == "python":
        assert 'page.md", line 5' in done.stderr
