"""The widgets in Notebook 7, whose page is driven by keys and clicks alone."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.lab import browser_page, jupyter_lab
from tests.browser.notebooks import cell_of, node, story, widget, write_notebook

pytestmark = [
    pytest.mark.needs_program("chromium"),
    pytest.mark.skipif(find_spec("notebook") is None, reason="Notebook 7 is not installed"),
    pytest.mark.timeout(240),
]


def test_a_lineage_grows_and_loads_in_notebook_7(tmp_path: Path) -> None:
    write_notebook(
        tmp_path / "story.ipynb", *story("story.db")[:5], "LineageView('model')", "print('has', len(loaded))"
    )
    with jupyter_lab(tmp_path, app="notebook") as address, browser_page(height=1400) as (page, asked):
        page.goto(address.format("story.ipynb"))
        cell_of(page, 0).locator(".cm-content").click(timeout=60_000)
        expect(page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]')).to_be_attached(timeout=60_000)
        for number in range(6):
            cell_of(page, number).locator(".cm-content").click()
            page.keyboard.press("Control+Enter")
            expect(cell_of(page, number).locator(".jp-InputPrompt").first).to_have_text(
                f"[{number + 1}]:", timeout=60_000
            )
        assert page.evaluate("() => typeof window.jupyterapp") == "undefined"
        view = widget(page, "Lineage")
        view.get_by_role("button", name="1 more upstream of sweep").click()
        node(view, "joined").click()
        expect(view.get_by_role("heading", name="joined")).to_be_visible()
        view.get_by_label("Variable name").fill("loaded")
        view.get_by_role("button", name="Load into variable").click()
        expect(view.get_by_text("loaded as loaded (DataFrame)")).to_be_visible()
        cell_of(page, 6).locator(".cm-content").click()
        page.keyboard.press("Control+Enter")
        expect(cell_of(page, 6).get_by_text("has 1200")).to_be_visible()
    assert asked == []
