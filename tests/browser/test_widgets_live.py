"""Widgets beside a kernel that goes on: what has become out of date gets a badge; a kernel that is gone is told of."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbconvert import HTMLExporter
from playwright.sync_api import Page, expect

from tests.browser.lab import browser_page, jupyter_lab, run_all
from tests.browser.notebooks import cell_of, node, story, widget, write_notebook

pytestmark = [pytest.mark.needs_program("chromium"), pytest.mark.timeout(240)]

FLAG = "g.ag-stale"
GONE = "The kernel that made this is gone."
ONE_THREAD = (
    "() => { jupyterapp.shell.currentWidget.context.sessionContext.session.kernel.commsOverSubshells = 'disabled'; }"
)
"""Kernels before ipykernel 7, and other pages, have widgets wait while a cell runs."""

PID = "import os, pathlib\npathlib.Path('pid').write_text(str(os.getpid()))"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("live")


@pytest.fixture(scope="module")
def lab(folder: Path) -> Iterator[str]:
    with jupyter_lab(folder) as address:
        yield address


@pytest.fixture
def told(lab: str, folder: Path, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page with the story of a kernel of its own, and all three widgets; what it throws is an error of the test."""
    views = ["LineageView('model', upstream=3)", "SpanTree()", "ArtifactBrowser()", PID]
    name = request.node.name
    write_notebook(folder / f"{name}.ipynb", *story(f"{name}.db"), *views)
    with browser_page(width=1360, height=1500) as (page, asked):
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        run_all(page, lab.format(f"{name}.ipynb"))
        yield page
        assert asked == []
        assert errors == []


def run_cell(page: Page, number: int, code: str) -> None:
    """Put other code into a cell and run it."""
    page.evaluate(
        "([n, code]) => jupyterapp.shell.currentWidget.content.widgets[n].model.sharedModel.setSource(code)",
        [number, code],
    )
    cell_of(page, number).locator(".cm-content").click()
    page.keyboard.press("Control+Enter")


def test_what_has_become_out_of_date_gets_a_badge_with_its_reasons(told: Page, folder: Path) -> None:
    view, tree = widget(told, "Lineage"), widget(told, "Spans")
    view.scroll_into_view_if_needed()
    expect(node(view, "join")).to_be_visible()
    expect(view.locator(FLAG)).to_have_count(0)
    run_cell(told, 2, "%%span join --save joined\njoined = flights.merge(weather, on='day').head(900)")
    why = "stale: input joined has a newer version, of a later join"
    sweep = node(view, "sweep")
    expect(sweep.locator(FLAG)).to_have_text(f"{why}stale")
    expect(sweep).to_have_attribute("aria-label", f"run sweep, 12 more downstream, {why}")
    expect(node(view, "join").locator(FLAG)).to_contain_text("stale: the cell was edited since")
    expect(view.get_by_role("region", name="Details").locator(".ag-why")).to_have_text(
        "stalesweep: input joined has a newer version, of a later join"
    )
    row = tree.get_by_role("treeitem", name="run, sweep")
    expect(row.locator(".ag-stale")).to_have_text("stale")
    expect(row.locator(".ag-stale")).to_have_attribute("title", why)
    expect(tree.locator(f'[aria-label$="{why}"]')).to_have_count(1)
    view.get_by_role("button", name="12 more downstream of sweep").click()
    expect(sweep.locator(FLAG)).to_have_count(1)
    shots = Path(os.environ.get("ARTIGRAPH_SHOTS", folder))
    view.screenshot(path=str(shots / "widget-lineage-stale.png"))
    tree.screenshot(path=str(shots / "widget-spans-stale.png"))
    run_cell(told, 2, story("")[2].strip())
    expect(node(view, "join").locator(FLAG)).to_have_count(0)


def test_while_a_cell_runs_the_widget_says_so_and_answers_afterwards(told: Page) -> None:
    view = widget(told, "Lineage")
    expect(view.get_by_role("heading", name="model")).to_be_visible()
    told.evaluate(ONE_THREAD)
    run_cell(told, 10, "import time\ntime.sleep(8)")
    expect(cell_of(told, 10).locator(".jp-InputPrompt")).to_have_text("[*]:")
    node(view, "sweep").click()
    expect(view.locator(".ag-gone")).to_contain_text("runs a cell", timeout=6_000)
    expect(view.get_by_role("heading", name="model")).to_be_visible()
    expect(view.get_by_role("heading", name="sweep")).to_be_visible()
    expect(view.locator(".ag-gone")).not_to_be_visible()


def test_when_its_kernel_is_killed_the_widget_says_so_and_keeps_what_it_shows(told: Page, folder: Path) -> None:
    view, tree, found = (widget(told, name) for name in ("Lineage", "Spans", "Artifacts"))
    expect(view.get_by_role("heading", name="model")).to_be_visible()
    dialog = told.locator(".jp-Dialog", has_text="appears to have died")
    told.add_locator_handler(dialog, lambda: dialog.get_by_role("button", name="Ok").click())
    os.kill(int((folder / "pid").read_text()), signal.SIGKILL)
    node(view, "sweep").click()
    expect(view.locator(".ag-gone")).to_contain_text(GONE, timeout=8_000)
    expect(node(view, "sweep")).to_be_visible()
    expect(view.get_by_role("heading", name="model")).to_be_visible()
    expect(node(view, "model")).to_have_attribute("aria-pressed", "true")
    expect(view.get_by_role("button", name="Load into variable")).to_have_count(0)
    expect(view.locator("g.more").first).not_to_be_visible()
    node(view, "sweep").hover()
    expect(view.locator("g.link.lit")).not_to_have_count(0)
    tree.get_by_role("treeitem", name="run, sweep").locator(".tw").click()
    expect(tree.locator(".ag-gone")).to_contain_text(GONE, timeout=8_000)
    expect(tree.get_by_role("treeitem")).to_have_count(6)
    found.get_by_role("button", name="joined").click()
    expect(found.locator(".ag-gone")).to_contain_text(GONE, timeout=8_000)
    view.screenshot(path=str(Path(os.environ.get("ARTIGRAPH_SHOTS", folder)) / "widget-lineage-gone.png"))
    told.evaluate("() => jupyterapp.commands.execute('docmanager:save')")
    told.wait_for_function("() => !jupyterapp.shell.currentWidget.context.model.dirty")
    (name,) = folder.glob("*killed*.ipynb")
    saved = nbformat.read(name, as_version=4)
    assert "made by ▶ sweep" in saved.cells[7].outputs[0].data["text/plain"]
    still = told.context.new_page()
    still.set_content(HTMLExporter(template_name="basic").from_notebook_node(saved)[0])
    picture = still.locator("img[src^='data:image/svg+xml']")
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 400
    expect(still.get_by_text("sweep", exact=True).first).to_be_visible()
    expect(still.get_by_text("joined", exact=True).first).to_be_visible()


def test_when_its_kernel_restarts_the_widget_says_so_by_itself(told: Page) -> None:
    view = widget(told, "Lineage")
    expect(node(view, "model")).to_be_visible()
    told.evaluate("() => jupyterapp.shell.currentWidget.context.sessionContext.session.kernel.restart()")
    expect(view.locator(".ag-gone")).to_contain_text(GONE)
    expect(node(view, "model")).to_be_visible()


def test_what_a_cell_adds_is_shown_without_running_the_widgets_again(told: Page) -> None:
    view, tree, found = widget(told, "Lineage"), widget(told, "Spans"), widget(told, "Artifacts")
    sweep = tree.get_by_role("treeitem", name="run, sweep")
    sweep.locator(".tw").click()
    expect(sweep).to_have_attribute("aria-expanded", "true")
    sweep.locator(".nm").click()
    before = tree.get_by_role("treeitem").count()
    expect(found.get_by_role("row", name="grade")).to_have_count(0)
    run_cell(told, 2, "%%span judge --save grade\ngrade = len(str(ag.load.s('model')))")
    row = tree.get_by_role("treeitem", name="span, judge")
    expect(row).to_be_visible()
    expect(tree.get_by_role("treeitem")).to_have_count(before + 1)
    expect(sweep).to_have_attribute("aria-expanded", "true")
    expect(sweep).to_have_attribute("aria-selected", "true")
    expect(tree.locator(".ag-foot")).to_contain_text("spans")
    expect(node(view, "judge")).to_be_visible()
    expect(view.get_by_role("region", name="Details")).to_contain_text("judge")
    expect(found.get_by_role("row", name="grade")).to_be_visible()
    run_cell(told, 2, "raise ValueError('an end')")
    told.wait_for_timeout(500)
    expect(tree.get_by_role("treeitem")).to_have_count(before + 1)
