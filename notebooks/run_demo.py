"""Runs the quickstart notebook in a fresh kernel and says what it left behind. Usage: make demo.

The notebook is executed in the folder `demo/`, which is emptied first; the database, its blobs and the executed
notebook stay there.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from sqlalchemy import func, select, table

import artigraph as ag

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOK = ROOT / "notebooks/quickstart.ipynb"
FOLDER = ROOT / "demo"
DATABASE = FOLDER / "artigraph.db"
BLOBS = FOLDER / "artigraph.blobs"
METRIC = "metrics"


def main() -> int:
    """Execute the notebook, then print what is in the database; the exit code of the process."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    print(f"running {NOTEBOOK.relative_to(ROOT)} in a fresh kernel ...", flush=True)
    try:
        executed = execute()
    except CellExecutionError as error:
        print(error, file=sys.stderr)
        return 1
    ag.set_engine(f"sqlite:///{DATABASE}")
    print(f"database           {DATABASE}")
    print(asyncio.run(contents()))
    print(f"executed notebook  {executed}")
    print(f"\nlineage of {METRIC!r}\n{ag.view_lineage.s(METRIC, upstream=50).to_text()}")
    return 0


def execute() -> Path:
    """Run every cell from top to bottom; the notebook with its outputs is written even when a cell fails.

    Raises:
        CellExecutionError: a cell raised an exception.
    """
    target = FOLDER / NOTEBOOK.name
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(FOLDER)}},
    )
    try:
        client.execute()
    finally:
        nbformat.write(notebook, target)
    return target


async def contents() -> str:
    """Counts of nodes and links, and the bytes of the database file and the blobs beside it."""
    engine = ag.get_engine()
    async with engine.connect() as connection:
        nodes, links = [
            await connection.scalar(select(func.count()).select_from(table(name)))
            for name in ("artigraph_node", "artigraph_link")
        ]
    await engine.dispose()
    blobs = [file.stat().st_size for file in BLOBS.rglob("*") if file.is_file()]
    size = DATABASE.stat().st_size
    return (
        f"in it              {nodes:,} nodes, {links:,} links, "
        f"{size + sum(blobs):,} bytes ({size:,} in the file, {sum(blobs):,} in {len(blobs)} blobs)"
    )


if __name__ == "__main__":
    sys.exit(main())
