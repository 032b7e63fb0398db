"""Runs the quickstart notebook in a fresh kernel and says what it left behind. Usage: make demo.

The notebook is executed in the folder `demo/`, which is emptied first; the database, its blobs and the executed
notebook stay there. With a path as argument, the picture of the lineage is written to it as well: the one in the
documentation was made by `python notebooks/run_demo.py docs/images/lineage.svg`.
"""

from __future__ import annotations

import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

import artigraph as ag

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOK = ROOT / "notebooks/quickstart.ipynb"
FOLDER = ROOT / "demo"
METRIC = "metrics"


def main(picture: Path | None = None) -> int:
    """Execute the notebook, then print what is in the database; the exit code of the process."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    print(f"running {NOTEBOOK.relative_to(ROOT)} in a fresh kernel ...", flush=True)
    try:
        executed = execute(nbformat.read(NOTEBOOK, as_version=4), FOLDER)
    except CellExecutionError as error:
        print(error, file=sys.stderr)
        return 1
    print(report(FOLDER))
    print(f"\nexecuted notebook  {executed}")
    if picture is not None:
        picture.write_text(lineage(FOLDER).to_svg(theme="light"), encoding="utf-8")
    return 0


def execute(notebook: NotebookNode, folder: Path) -> Path:
    """Run every cell from top to bottom in a folder.

    Returns:
        The notebook with its outputs, in that folder; it is written even when a cell fails.

    Raises:
        CellExecutionError: a cell raised an exception.
    """
    target = folder / NOTEBOOK.name
    client = NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(folder)}},
    )
    try:
        client.execute()
    finally:
        nbformat.write(notebook, target)
    return target


def report(folder: Path) -> str:
    """Where the database is, how much is in it, and the lineage of the metric, as lines of text."""
    database = folder / "artigraph.db"
    with closing(sqlite3.connect(database)) as connection:
        nodes = connection.execute("SELECT count(*) FROM artigraph_node").fetchone()[0]
        links = connection.execute("SELECT count(*) FROM artigraph_link").fetchone()[0]
    blobs = [blob.stat().st_size for blob in folder.glob("*.blobs/*/*")]
    file, beside = database.stat().st_size, sum(blobs)
    return (
        f"database           {database}\n"
        f"in it              {nodes:,} nodes, {links:,} links\n"
        f"bytes              {file + beside:,}: {file:,} in the file, {beside:,} in {len(blobs)} blobs beside it\n"
        f"\nlineage of {METRIC!r}\n{lineage(folder).to_text()}"
    )


def lineage(folder: Path) -> ag.Lineage:
    """Everything that the metric was made from."""
    reset = ag.set_engine(f"sqlite:///{folder / 'artigraph.db'}")
    try:
        return ag.view_lineage.s(METRIC, upstream=50, downstream=0)
    finally:
        reset()


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
