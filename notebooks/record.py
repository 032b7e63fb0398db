"""Runs the notebooks (all, or those named) in fresh kernels and stores the outputs that they have now.

To be run when the look of an output changed on purpose; `make test` compares what it stored with what comes out.
Each notebook runs in an empty folder of its own, which its outputs name `/home/me/notes`.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parent
SHOWN = "/home/me/notes"
TEMPORARY = re.compile(re.escape(f"{tempfile.gettempdir()}/{tempfile.gettempprefix()}") + r"\w+")


def main(names: list[str]) -> None:
    """Record the notebooks of these names, or all of them."""
    for path in sorted(FOLDER.glob("*.ipynb")):
        if not names or path.stem in names:
            print(f"recording {path.name}", flush=True)
            record(path)


def record(path: Path) -> None:
    """Run a notebook and write it back with its outputs.

    Raises:
        CellExecutionError: a cell raised an exception; the file stays as it was.
    """
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        NotebookClient(
            notebook,
            timeout=600,
            kernel_name="python3",
            extra_arguments=["--log-level=ERROR"],
            resources={"metadata": {"path": folder}},
            record_timing=False,
        ).execute()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            outputs = json.loads(TEMPORARY.sub(SHOWN, json.dumps(cell.outputs)))
            cell.outputs = [nbformat.from_dict(output) for output in outputs]
    nbformat.write(notebook, path)


if __name__ == "__main__":
    main(sys.argv[1:])
