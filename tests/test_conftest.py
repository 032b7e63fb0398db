"""The marker `needs_program`, tried in a pytest run of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).parent / "conftest.py"
CASE = """
import pytest

@pytest.mark.needs_program("python3-of-no-machine")
def test_it():
    pass

@pytest.mark.needs_program("sh")
def test_that():
    pass
"""


@pytest.mark.parametrize(("ci", "outcome"), [("false", "1 passed, 1 skipped"), ("true", "1 passed, 1 error")])
def test_a_missing_program_skips_here_and_fails_on_a_build_server(tmp_path: Path, ci: str, outcome: str):
    (tmp_path / "conftest.py").write_bytes(CONFTEST.read_bytes())
    (tmp_path / "test_case.py").write_text(CASE)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n  needs_program(name): asks for a program\n")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(tmp_path)]
    environment = {**os.environ, "CI": ci, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # plugins take seconds to import
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert outcome in run.stdout
