"""Every code block of README.md and docs/ runs, each file in a process and a folder of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RUNNER = Path(__file__).parent / "blocks.py"
PAGES = [
    page for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))] if "```" in page.read_text("utf-8")
]


def run(page: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", str(RUNNER), str(page)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_code_blocks_of_a_page_run(page: Path, tmp_path: Path):
    done = run(page, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_blocks_share_names_and_may_await_and_use_magics(tmp_path: Path):
    page = tmp_path / "page.md"
    page.write_text(
        "```python\nimport asyncio\nx = 1\n```\n"
        "```python\nawait asyncio.sleep(0)\nx += 1\n```\n"
        "<!-- not run: it would fail -->\n```python\n1 / 0\n```\n"
        "- in a list\n\n    ```python\n    x += 1\n    ```\n"
        "```ipython\n%config InteractiveShell.autoindent\nx += 1\n```\n"
        "```python\nassert x == 4, x\nprint('done')\n```\n"
    )
    done = run(page, tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("done\n")


@pytest.mark.parametrize("language", ["python", "ipython"])
def test_a_block_that_fails_is_found_by_its_line(tmp_path: Path, language: str):
    page = tmp_path / "page.md"
    page.write_text(f"# Title\n\n```{language}\nx = 1\nx / 0\n```\n")
    done = run(page, tmp_path)
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
    if language == "python":
        assert 'page.md", line 5' in done.stderr
