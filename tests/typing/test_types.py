"""mypy and pyright give the types, and find the mistakes, that `cases.py` says."""

import json
import re
import subprocess
import sys
from pathlib import Path

CASES = Path(__file__).with_name("cases.py")
CHECKOUT = Path(__file__).parents[2]


def wanted():
    """What the comments of `cases.py` say: types by line, and the lines with mistakes."""
    types, mistakes = {}, set()
    for number, line in enumerate(CASES.read_text().splitlines(), 1):
        if "reveal_type(" in line and "# " in line:
            types[number] = line.split("# ")[1]
        elif line.endswith("# error"):
            mistakes.add(number)
    return types, mistakes


def plain(text):
    """A type without the modules that only one of the checkers shows."""
    return re.sub(r"(\w+\.)+(?=\w)", "", text)


def run(*command):
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=CHECKOUT, capture_output=True, text=True, timeout=300, check=False
    )


def test_mypy_sees_the_types_and_the_mistakes(tmp_path):
    done = run("mypy", "--strict", "--cache-dir", str(tmp_path), "--output", "json", str(CASES))
    found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert found, done.stderr
    said = {f["line"]: f["message"] for f in found if "Revealed" in f["message"]}
    types = {line: plain(re.search(r'"(.*)"', message)[1]) for line, message in said.items()}
    mistakes = {f["line"] for f in found if f["severity"] == "error"}
    assert (types, mistakes) == wanted()


def test_pyright_sees_the_types_and_the_mistakes():
    done = run("pyright", "--outputjson", "--pythonpath", sys.executable, str(CASES))
    found = json.loads(done.stdout)["generalDiagnostics"]
    types, mistakes = {}, set()
    for one in found:
        line = one["range"]["start"]["line"] + 1
        if one["severity"] == "information":
            types[line] = plain(re.search(r' is "(.*)"$', one["message"])[1])
        elif one["severity"] == "error":
            mistakes.add(line)
    assert (types, mistakes) == wanted()
