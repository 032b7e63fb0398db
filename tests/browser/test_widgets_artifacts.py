"""What a person does with the artifact browser in JupyterLab: search by what was said, go through versions, look."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.lab import browser_page, jupyter_lab, run_all
from tests.browser.notebooks import cell_of, widget, write_notebook
from tests.browser.test_widgets import CONTRAST

pytestmark = [pytest.mark.needs_program("chromium"), pytest.mark.timeout(240)]

CELLS = """
%load_ext artigraph_jupyter
%artigraph connect sqlite:///kept.db
import artigraph as ag, numpy as np, pandas as pd, plotly.graph_objects as go
from PIL import Image
from artigraph_jupyter import ArtifactBrowser
doses = pd.DataFrame({"donor": ["D1", "D2", "D3"], "dose": [1.5, 2.0, 2.5]})
# ---
%%span first
ag.Artifact.from_dataframe(doses, key="lab/2026/doses.parquet", features={"temperature": 19.5}).save.s()
rows = np.linspace(0, 255, 400).astype("uint8")
waves = np.stack([np.add.outer(rows, k * rows[::-1]).astype("uint8") for k in range(1, 4)], axis=2)
ag.Artifact(value=Image.fromarray(waves), key="lab/2026/gel.png", features={"exposure": 40}).save.s()
figure = go.Figure([go.Scatter(y=[1, 3, 2]), go.Scatter(y=[2, 2, 3]), go.Bar(y=[1, 2])])
ag.save.s(figure.update_layout(title="Dose by donor"), "overview");
# ---
%%span corrected
said = {"temperature": 21.6, "scientists": ["Barbara McClintock", "Edgar Anderson"]}
second = ag.Artifact.from_dataframe(doses.assign(dose=doses.dose * 2), key="lab/2026/doses.parquet", features=said,
                                    tags={"unit": "mg"}, description="Doses by donor, twice as much").save.s()
second.ulabels.add.s("raw", "2026");
# ---
ArtifactBrowser()
# ---
print("next cell has", doses_v1.dose.sum() if "doses_v1" in globals() else 0)
# ---
ag.Artifact.get.s(key="lab/2026/gel.png")
"""


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A page with a table of two versions, an image and a figure, and a browser of them."""
    folder = tmp_path_factory.mktemp("kept")
    write_notebook(folder / "kept.ipynb", *CELLS.split("# ---"))
    with jupyter_lab(folder) as address, browser_page(width=1360, height=1200) as (page, asked):
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        run_all(page, address.format("kept.ipynb"))
        yield page
        assert asked == []
        assert errors == []


def rows_of(found: Locator) -> Locator:
    return found.locator("tbody tr[data-node-id]")


def test_a_value_of_a_feature_finds_a_table_and_its_versions_are_gone_through(kept: Page) -> None:
    found = widget(kept, "Artifacts")
    rows = rows_of(found)
    expect(rows).to_have_count(3)
    found.get_by_label("Search keys").fill("mcclintock")
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("lab/2026/doses.parquet")
    expect(rows.first).to_contain_text("v2")
    found.get_by_label("Search keys").fill("")
    expect(rows).to_have_count(3)
    found.get_by_label("feature > 20").fill("temperature > 20")
    expect(rows).to_have_count(1)
    rows.first.get_by_role("button").click()
    panel = found.get_by_role("region", name="Details")
    expect(panel.get_by_role("heading", name="lab/2026/doses.parquet v2")).to_be_visible()
    expect(panel).to_contain_text("scientists = Barbara McClintock, Edgar Anderson")
    expect(panel).to_contain_text("raw, 2026")
    panel.get_by_role("list", name="Versions").get_by_role("button", name="v1").click()
    expect(panel.get_by_role("heading", name="lab/2026/doses.parquet v1")).to_be_visible()
    expect(panel).to_contain_text("v1 of 2")
    expect(panel).to_contain_text("temperature = 19.5")
    panel.get_by_role("button", name="Load into variable").click()
    expect(panel.get_by_role("status").first).to_have_text("loaded as doses_v1 (DataFrame)")
    cell = cell_of(kept, 4)
    cell.locator(".cm-content").click()
    kept.keyboard.press("Control+Enter")
    expect(cell.locator(".jp-OutputArea-output", has_text="next cell has 6.0")).to_be_visible()
    found.get_by_label("feature > 20").fill("")
    expect(rows).to_have_count(3)


def test_an_image_is_a_picture_and_a_figure_is_told_in_words(kept: Page) -> None:
    found = widget(kept, "Artifacts")
    panel = found.get_by_role("region", name="Details")
    rows_of(found).filter(has_text="gel.png").get_by_role("button").click()
    for picture in (panel.locator("img"), cell_of(kept, 5).locator("img")):
        expect(picture).to_be_visible()
        assert picture.evaluate("image => image.naturalWidth") == 240
    rows_of(found).filter(has_text="overview").get_by_role("button").click()
    expect(panel).to_contain_text("Figure: “Dose by donor”, 3 traces: 2 scatter, 1 bar")


LOOKS = [("light", 1900), ("dark", 1900), ("light", 1360), ("dark", 1360), ("light", 420), ("dark", 420)]


@pytest.mark.parametrize(("theme", "width"), LOOKS, ids=[f"{theme}-{width}" for theme, width in LOOKS])
def test_every_word_of_it_is_readable(kept: Page, tmp_path: Path, theme: str, width: int) -> None:
    shots = Path(os.environ.get("ARTIGRAPH_SHOTS", tmp_path))
    kept.evaluate(
        "name => jupyterapp.commands.execute('apputils:change-theme', { theme: name })", f"JupyterLab {theme.title()}"
    )
    kept.wait_for_selector(f"body[data-jp-theme-light={'true' if theme == 'light' else 'false'}]", state="attached")
    kept.set_viewport_size({"width": max(width, 700), "height": 1200})
    style = kept.add_style_tag(content=f".jp-Notebook .ag {{ max-width: {width}px; }}")
    found = widget(kept, "Artifacts")
    for name in ("gel.png", "doses.parquet"):
        rows_of(found).filter(has_text=name).get_by_role("button").click()
        expect(found.get_by_role("heading", name=name)).to_be_visible()
        kept.mouse.move(2, 2)
        found.screenshot(path=str(shots / f"artifacts-{name.partition('.')[0]}-{theme}-{width}.png"))
        report = found.evaluate(CONTRAST)
        assert report["low"] == [], report
        assert report["wide"] == [], "nothing sticks out"
    card = cell_of(kept, 5).locator(".ag").first
    card.screenshot(path=str(shots / f"card-{theme}-{width}.png"))
    assert card.evaluate(CONTRAST) == {"low": [], "wide": []}
    style.evaluate("element => element.remove()")
