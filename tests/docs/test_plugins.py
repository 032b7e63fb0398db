"""The plug-ins of the guide pass the tests that the guide gives for them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.docs.blocks import blocks_in

ROOT = Path(__file__).parents[2]


def test_the_kits_of_the_guide_pass(tmp_path: Path):
    guide = (ROOT / "docs/guides/plugins.md").read_text(encoding="utf-8")
    code = "\n".join(block.code for block in blocks_in(guide))
    package = tmp_path / "mypackage"  # the one that the names of the guide begin with
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "test_guide.py").write_text(code, encoding="utf-8")
    options = ["-q", "-W", "error", "-p", "no:cacheprovider", "-o", "asyncio_default_fixture_loop_scope=function"]
    command = [sys.executable, "-m", "pytest", *options, "mypackage"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "TestTable" in code
    assert "TestFraction" in code
