"""Notebooks that the browser tests open, and how their cells and widgets are found in the page."""

from __future__ import annotations

from pathlib import Path

import nbformat
from playwright.sync_api import Locator, Page, expect

expect.set_options(timeout=20_000)  # a machine may be busy; what is waited for comes, or does not

STORY = """
%load_ext artigraph_jupyter
%artigraph connect sqlite:///{file}
import artigraph as ag, numpy as np, pandas as pd
from artigraph_jupyter import ArtifactBrowser, LineageView, SpanTree
# ---
%%span load --save flights weather
delays = np.linspace(-5, 90, 1200)
flights = pd.DataFrame({{"carrier": ["UA", "AA", "B6"] * 400, "dep_delay": delays, "day": 1}})
weather = pd.DataFrame({{"day": [1], "wind": [10.4]}})
# ---
%%span join --save joined
joined = flights.merge(weather, on="day")
# ---
%%span sweep --run --param depth=3
for n in range(12):
    ag.save.s(n / 7, f"score {{n}}")
for n in range(2):
    with ag.span_context(f"fold {{n}}"):
        ag.save.s({{"n": n}}, "fold score")
model = {{"mean": float(joined.dep_delay.mean())}}
ag.save.s(model, "model");
# ---
%%span evaluate --save metrics
metrics = pd.DataFrame({{"auc": [0.74, 0.71], "mean": [model["mean"], 2.5]}})
# ---
%%span broken
1 / 0
# ---
%%span report
print(metrics.auc[0])
"""


def write_notebook(path: Path, *cells: str) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell.strip()) for cell in cells])
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"
        if "1 / 0" in cell.source:
            cell.metadata["tags"] = ["raises-exception"]
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, path)


def story(file: str) -> list[str]:
    return STORY.format(file=file).split("# ---")


def cell_of(page: Page, number: int) -> Locator:
    return page.locator(".jp-CodeCell").nth(number)


def widget(page: Page, name: str) -> Locator:
    found = page.locator(f".ag-widget[aria-label={name}]").first
    found.scroll_into_view_if_needed()
    return found


def node(view: Locator, label: str) -> Locator:
    return view.locator("g.node", has=view.page.locator(f"text.name:text-is('{label}')"))


def zoomed(page: Page, view: Locator, down: int) -> None:
    """Turn the wheel over the picture with Control held."""
    node(view, "sweep").hover()
    page.keyboard.down("Control")
    page.mouse.wheel(0, down)
    page.keyboard.up("Control")
    expect(view.locator("svg:has(g.node)")).not_to_have_attribute("width", picture_size(view)[0])


def picture_size(view: Locator) -> tuple[str, str]:
    """Width and height of the picture without zoom, with the room above it."""
    _, _, width, height = (view.locator("svg:has(g.node)").get_attribute("viewBox") or "").split()
    return width, height


def is_in_view(view: Locator, name: str) -> bool:
    """Whether the canvas shows the whole node."""
    inside, frame = node(view, name).bounding_box(), view.locator(".ag-canvas").bounding_box()
    assert inside
    assert frame
    return frame["x"] <= inside["x"] and inside["x"] + inside["width"] <= frame["x"] + frame["width"]
