"""`import artigraph` is light: what a project of optional libraries must not load before it is asked to."""

from __future__ import annotations

import json
import subprocess
import sys

HEAVY = (
    "pandas",
    "numpy",
    "polars",
    "pyarrow",
    "pydantic",
    "IPython",
    "alembic",
    "networkx",
    "igraph",
    "artigraph_jupyter",
)
SCRIPT = f"import artigraph, json, sys; print(json.dumps(sorted(set(sys.modules) & {set(HEAVY)!r})))"


def test_import_artigraph_loads_no_optional_library():
    done = subprocess.run([sys.executable, "-W", "error", "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []
