"""Runs every test of a fault and writes what ran into `last_run.json` and `docs/reliability.md`.

Usage: python -m tests.faults [--full | --page]    (`make faults`, `make faults-full`; --page runs nothing)
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from tests.faults.page import LAST_RUN, PAGE, node_of, path_of, render
from tests.faults.rows import ROWS

ROOT = Path(__file__).parents[2]
OWN = "tests/faults/test_page.py::test_the_page_is_the_one_that_the_last_run_made"
REPORT = ROOT / "build" / "faults.xml"


def main(arguments: list[str]) -> int:
    """Run, and if everything passed write the page; the exit code of the tests. `--page` writes the page only."""
    runs = json.loads(LAST_RUN.read_text(encoding="utf-8")) if LAST_RUN.exists() else {}
    if "--page" in arguments:
        return write(runs)
    kind = "full" if "--full" in arguments else "quick"
    REPORT.parent.mkdir(exist_ok=True)
    elsewhere = sorted({node_of(test) for row in ROWS.values() for test in row.elsewhere})
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadfile", "-o", "junit_family=xunit1"]
    began = time.monotonic()
    done = subprocess.run(
        [*command, f"--junitxml={REPORT}", "tests/faults", *elsewhere, "--deselect", OWN],
        cwd=ROOT,
        env={**os.environ, "ARTIGRAPH_FAULTS": kind},
        check=False,
    )
    if done.returncode != 0:
        return done.returncode
    runs[kind] = {
        "day": datetime.now(UTC).date().isoformat(),
        "minutes": round((time.monotonic() - began) / 60),
        "cases": counted(REPORT),
    }
    LAST_RUN.write_text(json.dumps(runs, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return write(runs)


def write(runs: dict[str, Any]) -> int:
    """Write the page of these runs."""
    PAGE.write_text(render(runs), encoding="utf-8")
    print(f"wrote {PAGE.relative_to(ROOT)}")
    return 0


def counted(report: Path) -> dict[str, int]:
    """Row -> how many cases of it ran and passed: what a test says it counted, else one for each test."""
    cases: dict[int, int] = defaultdict(int)
    for test in ET.parse(report).iter("testcase"):
        if any(test.find(each) is not None for each in ("skipped", "failure", "error")):
            continue
        said = [(each.get("name"), int(each.get("value", "0"))) for each in test.iter("property")]
        number = next((value for name, value in said if name == "cases"), 1)
        rows = {value for name, value in said if name == "row"}
        file, function = test.get("classname", ""), test.get("name", "").partition("[")[0]
        rows |= {row for row, facts in ROWS.items() if any(is_test(each, file, function) for each in facts.elsewhere)}
        for row in rows:
            cases[row] += number
    return {str(row): cases[row] for row in sorted(cases)}


def is_test(test: str, classname: str, function: str) -> bool:
    """Whether a test of the table is the one that pytest reports by these names."""
    module = path_of(test).partition("::")[0].removesuffix(".py").replace("/", ".")
    return f"{classname}.".startswith(f"{module}.") and function == f"test_{test.partition('::')[2]}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
