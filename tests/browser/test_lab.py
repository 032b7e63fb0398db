"""What a person sees in JupyterLab: cards, tree and lineage drawn, light and dark, with nothing from outside."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

from tests.browser.lab import browser_page, jupyter_lab, run_all

pytestmark = [pytest.mark.needs_program("chromium"), pytest.mark.timeout(180)]

NOTEBOOK = """
%load_ext artigraph_jupyter
%artigraph connect
# ---
import artigraph as ag, numpy as np, pandas as pd

@ag.dataclass
class DelayMetrics(ag.ArtifactModel, version=2):
    auc: float
    n_test: int
    scores: np.ndarray
    worst: pd.DataFrame
    notes: dict
# ---
%%span load --save flights weather
delays = np.linspace(-5, 90, 1200)
flights = pd.DataFrame({"carrier": ["UA", "AA", "B6"] * 400, "dep_delay": delays, "day": 1})
weather = pd.DataFrame({"day": [1], "wind": [10.4]})
# ---
%%span join --save joined
joined = flights.merge(weather, on="day")
joined.head()
# ---
%%span train --run --param depth=3
class Model:
    def fit(self, x):
        self.mean = float(x["dep_delay"].mean())
        return self

for n in range(2):
    with ag.span_context(f"fold {n}"):
        ag.save.s({"n": n}, "score")
model = Model().fit(joined)
# ---
%%span broken
1 / 0
# ---
%%span evaluate --save metrics
scores = np.random.default_rng(1).beta(2, 5, 5000)
metrics = DelayMetrics(0.7412, len(joined), scores, joined.nlargest(3, "dep_delay"), {"mean": model.mean})
metrics
# ---
%lineage metrics --up 9
# ---
%spans
# ---
%artifacts
# ---
ag.read_span.s(ag.read.s(ag.Span, ag.NodeFilter(label="evaluate"))[0])
# ---
ag.read.s(ag.Artifact, ag.NodeFilter(label="joined"))[0]
# ---
ag.save.s(pd.DataFrame({"<img src=x onerror=alert(1)>": ["<script>alert(1)</script>"]}), "<b>x</b>")
ag.find("<b>")
"""
LOOK = """() => {
    const all = found => [...document.querySelectorAll(found)];
    const seen = e => { const r = e.getBoundingClientRect(); return r.width > 0 && r.height > 0; };
    const cards = all('.jp-OutputArea-output .ag'), pictures = all('.jp-RenderedSVG img, .jp-RenderedSVG svg');
    const right = e => e.getBoundingClientRect().right, inside = e => right(e) <= right(e.closest('.ag'));
    return {
        cards: cards.length, cards_drawn: cards.every(seen),
        pictures: pictures.length, pictures_drawn: pictures.every(seen),
        rows: all('.ag-tree .ag-row').length, inside: all('.ag-tree .st').every(inside),
        names: all('.ag-tree .nb').every(e => e.scrollWidth <= e.clientWidth),
        injected: all('.jp-OutputArea-output script, .jp-OutputArea-output [onerror]').length,
    };
}"""

CORNER = """async data => {
    const picture = new Image(), pen = document.createElement('canvas').getContext('2d');
    picture.src = 'data:image/png;base64,' + data;
    await picture.decode();
    pen.drawImage(picture, 0, 0);
    return `rgb(${[...pen.getImageData(30, 4, 1, 1).data].slice(0, 3).join(',')})`;
}"""
"""The ground of a picture, given as PNG in base64."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lab")


def write_notebook(folder: Path, name: str) -> None:
    cells = [nbformat.v4.new_code_cell(cell.strip()) for cell in NOTEBOOK.split("# ---")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"
        if "1 / 0" in cell.source:
            cell.metadata["tags"] = ["raises-exception"]
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, folder / name)


@pytest.fixture(scope="module", params=["light", "dark"])
def lab(request: pytest.FixtureRequest, folder: Path) -> Iterator[tuple[str, str]]:
    own = folder / request.param
    own.mkdir()
    write_notebook(own, "views.ipynb")
    with jupyter_lab(own, dark=request.param == "dark") as address:
        yield request.param, address.format("views.ipynb")


def test_everything_is_drawn_and_nothing_is_fetched_from_outside(lab: tuple[str, str], folder: Path) -> None:
    theme, address = lab
    shots = Path(os.environ.get("ARTIGRAPH_SHOTS", folder))
    with browser_page(height=4200) as (page, asked):
        run_all(page, address)
        page.wait_for_selector(".ag-tree .ag-row")
        wide = page.evaluate(LOOK)
        page.screenshot(path=str(shots / f"lab-{theme}.png"))
        picture = page.locator(".jp-RenderedSVG").screenshot(path=str(shots / f"lineage-{theme}.png"))
        ground = page.evaluate(CORNER, base64.b64encode(picture).decode())
        page.set_viewport_size({"width": 700, "height": 4200})
        page.wait_for_function("() => document.querySelector('.ag').clientWidth < 500")
        narrow = page.evaluate(LOOK)
        page.screenshot(path=str(shots / f"lab-{theme}-narrow.png"))
    assert asked == []
    drawn = {"cards": 7, "cards_drawn": True, "pictures": 1, "pictures_drawn": True, "rows": 7, "inside": True}
    assert wide == narrow == drawn | {"names": True, "injected": 0}
    assert ground == ("rgb(255,255,255)" if theme == "light" else "rgb(17,17,17)")
