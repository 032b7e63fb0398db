"""What a person does with the widgets in JupyterLab: look, click, expand, search, load, by pointer and by keyboard."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Page

from tests.browser.lab import browser_page, jupyter_lab, run_all

pytestmark = [pytest.mark.needs_program("chromium"), pytest.mark.timeout(180)]

STORY = """
%load_ext artigraph_jupyter
%artigraph connect
import artigraph as ag, numpy as np, pandas as pd
from artigraph_jupyter import LineageView
# ---
%%span load --save flights weather
delays = np.linspace(-5, 90, 1200)
flights = pd.DataFrame({"carrier": ["UA", "AA", "B6"] * 400, "dep_delay": delays, "day": 1})
weather = pd.DataFrame({"day": [1], "wind": [10.4]})
# ---
%%span join --save joined
joined = flights.merge(weather, on="day")
# ---
%%span sweep --run --param depth=3
for n in range(12):
    ag.save.s(n / 7, f"score {n}")
for n in range(2):
    with ag.span_context(f"fold {n}"):
        ag.save.s({"n": n}, "fold score")
model = {"mean": float(joined.dep_delay.mean())}
ag.save.s(model, "model")
# ---
%%span evaluate --save metrics
metrics = pd.DataFrame({"auc": [0.74], "mean": [model["mean"]]})
# ---
%%span report
print(metrics.auc[0])
"""


def write_notebook(path: Path, *cells: str) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell.strip()) for cell in cells])
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("widgets")


@pytest.fixture(scope="module")
def lab(folder: Path) -> Iterator[str]:
    with jupyter_lab(folder) as address:
        yield address


def test_lineage(lab: str, folder: Path) -> None:
    write_notebook(folder / "lineage.ipynb", *STORY.split("# ---"), "LineageView('joined')")
    shots = Path(os.environ.get("ARTIGRAPH_SHOTS", folder))
    with browser_page(height=1200) as (page, asked):
        errors: list[str] = []
        page.on("pageerror", lambda e: errors.append(str(e)))
        page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
        run_all(page, lab.format("lineage.ipynb"))
        page.wait_for_selector(".ag-widget .node")
        page.locator(".ag-widget").scroll_into_view_if_needed()
        page.screenshot(path=str(shots / "first.png"))
        page.locator(".ag-widget g.node", has_text="sweep").click()
        page.wait_for_timeout(800)
        page.screenshot(path=str(shots / "click.png"))
        print(errors)
    assert asked == []
