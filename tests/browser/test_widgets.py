"""What a person does with the widgets in JupyterLab: look, click, expand, search, load, by pointer and by keyboard."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.lab import browser_page, jupyter_lab, run_all
from tests.browser.notebooks import cell_of, is_in_view, node, picture_size, story, widget, write_notebook, zoomed

pytestmark = [pytest.mark.needs_program("chromium"), pytest.mark.timeout(240)]

HOSTILE = [
    "<script>hit()</script>",
    '"><img src=x onerror=hit()>',
    "</style><svg onload=hit()>",
    "`${hit()}`",
    "\u202ex",
]
SAVE_HOSTILE = """
for word in words:
    with ag.span_context(ag.Span(word, source=word, tags={word: word})):
        ag.save.s(pd.DataFrame({word: [word]}), word)
"""
SCRIPTS = "() => document.querySelectorAll('.ag-widget script, .ag-widget [onerror], .ag-widget [onload]').length"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("widgets")


@pytest.fixture(scope="module")
def lab(folder: Path) -> Iterator[str]:
    with jupyter_lab(folder) as address:
        yield address


@pytest.fixture(scope="module")
def told(lab: str, folder: Path) -> Iterator[Page]:
    """A page with the story, a lineage, a tree, a browser, and a cell that prints a variable which is not there yet."""
    views = ["LineageView('model')", "SpanTree()", "ArtifactBrowser()", "print('next cell has', len(loaded))"]
    write_notebook(folder / "story.ipynb", *story("story.db"), *views)
    with browser_page(width=1360, height=1500) as (page, asked):
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        run_all(page, lab.format("story.ipynb"))
        yield page
        assert asked == []
        assert errors == []


@pytest.fixture
def view(told: Page) -> Locator:
    """A fresh lineage: its cell is run again."""
    told.evaluate("() => document.querySelectorAll('.ag-widget[aria-label=Lineage]').forEach(e => e.remove())")
    cell_of(told, 7).locator(".cm-content").click()
    told.keyboard.press("Control+Enter")
    found = widget(told, "Lineage")
    expect(found.locator("g.node")).to_have_count(3)
    return found


def test_a_click_on_a_span_shows_its_details_and_its_cell(view: Locator) -> None:
    node(view, "sweep").click()
    panel = view.get_by_role("region", name="Details")
    expect(panel.get_by_role("heading", name="sweep")).to_be_visible()
    expect(panel.locator("pre")).to_contain_text("%%span sweep --run --param depth=3")
    expect(panel).to_contain_text("depth = 3")
    expect(node(view, "sweep")).to_have_attribute("aria-pressed", "true")
    panel.get_by_role("button", name="joined").click()
    expect(panel.get_by_role("heading", name="joined")).to_be_visible()
    expect(node(view, "join")).to_be_visible()
    view.get_by_role("button", name="Start over").click()
    expect(node(view, "evaluate")).to_be_visible()
    expect(panel.get_by_role("heading", name="model")).to_be_visible()


def test_what_a_side_brings_is_in_view_beside_what_was_opened(told: Page, view: Locator) -> None:
    zoomed(told, view, -400)
    for side, name, fresh in (("upstream", "sweep", "joined"), ("downstream", "evaluate", "metrics")):
        node(view, name).scroll_into_view_if_needed()
        view.get_by_role("button", name=f"1 more {side} of {name}").click()
        expect(node(view, fresh)).to_have_count(1)
        assert is_in_view(view, fresh)
        assert is_in_view(view, name)


def test_sides_open_and_close(view: Locator) -> None:
    view.get_by_role("button", name="1 more upstream of sweep").click()
    expect(node(view, "joined")).to_be_visible()
    view.get_by_role("button", name="1 more upstream of joined").click()
    expect(node(view, "join")).to_be_visible()
    view.get_by_role("button", name="1 more downstream of evaluate").click()
    expect(node(view, "metrics")).to_have_count(1)
    node(view, "joined").hover()
    view.get_by_role("button", name="hide what is upstream of joined").click(force=True)
    expect(node(view, "join")).to_have_count(0)
    expect(node(view, "joined")).to_have_count(1)


def test_nothing_of_the_picture_is_cut_off_or_stretched_at_any_zoom(told: Page, view: Locator) -> None:
    picture = view.locator("svg:has(g.node)")
    wide, high = picture_size(view)
    assert (picture.get_attribute("width"), picture.get_attribute("height")) == (wide, high)
    zoomed(told, view, 300)
    shown = picture.bounding_box()
    assert shown is not None
    assert shown["width"] < 0.6 * float(wide)
    assert shown["width"] / shown["height"] == pytest.approx(float(wide) / float(high), rel=0.02)


def test_many_alike_are_a_stack_that_comes_apart_on_request(view: Locator) -> None:
    view.get_by_role("button", name="12 more downstream of sweep").click()
    stack = node(view, "score")
    expect(stack).to_have_count(1)
    stack.click()
    panel = view.get_by_role("region", name="Details")
    expect(panel).to_contain_text("12 alike")
    expect(panel.locator(".ag-link")).to_have_count(12)
    panel.get_by_role("button", name="Draw them one by one").click()
    expect(node(view, "score 11")).to_have_count(1)


def test_search_rings_what_it_finds_and_counts_it(view: Locator) -> None:
    view.get_by_role("button", name="12 more downstream of sweep").click()
    expect(node(view, "score")).to_have_count(1)
    view.get_by_label("Find in graph").fill("e")
    expect(view.locator("g.node.hit")).to_have_count(3)
    expect(view.locator(".ag-lit")).to_have_text("3 hits of 4 drawn; 12 in score")
    view.get_by_label("Find in graph").fill("")
    expect(view.locator("g.node.hit")).to_have_count(0)


def test_a_hidden_node_is_counted_and_comes_back(view: Locator) -> None:
    node(view, "evaluate").click()
    node(view, "evaluate").press("h")
    expect(node(view, "evaluate")).to_have_count(0)
    expect(view.locator(".ag-foot")).to_contain_text("1 node hidden.")
    view.get_by_role("button", name="Show hidden").click()
    expect(node(view, "evaluate")).to_have_count(1)


def test_what_is_under_the_pointer_lights_its_whole_path(view: Locator) -> None:
    node(view, "evaluate").hover()
    expect(view.locator("g.link.lit")).to_have_count(3)  # two lines, and the role that is written on one of them
    expect(view.locator(".ag-lit")).to_have_text("evaluate: 2 nodes up- and downstream of it lit")


def test_a_value_is_loaded_under_a_name_and_used_in_the_next_cell(told: Page, view: Locator) -> None:
    view.get_by_label("Hops downstream").press("ArrowUp")
    node(view, "metrics").click()
    panel = view.get_by_role("region", name="Details")
    expect(panel.get_by_label("Variable name")).to_have_value("metrics")
    panel.get_by_role("button", name="Load into variable").click()
    expect(panel.get_by_role("status").first).to_have_text("metrics is bound already, to a DataFrame.")
    panel.get_by_label("Variable name").fill("loaded")
    panel.get_by_role("button", name="Load into variable").click()
    expect(panel.get_by_role("status").first).to_have_text("loaded as loaded (DataFrame)")
    cell = cell_of(told, 10)
    cell.locator(".cm-content").click()
    told.keyboard.press("Control+Enter")
    expect(cell.locator(".jp-OutputArea-output", has_text="next cell has 2")).to_be_visible()


def test_bytes_are_checked_on_demand(view: Locator) -> None:
    panel = view.get_by_role("region", name="Details")
    panel.get_by_role("button", name="Check bytes").click()
    expect(panel.locator(".ag-badge[data-tone=good]")).to_have_text("intact, checked now")


def test_the_graph_is_walked_grown_and_read_by_keyboard_alone(told: Page, view: Locator) -> None:
    node(view, "model").focus()
    told.keyboard.press("ArrowLeft")
    expect(node(view, "sweep")).to_be_focused()
    told.keyboard.press("[")
    expect(node(view, "joined")).to_be_visible()
    expect(node(view, "sweep")).to_be_focused()
    told.keyboard.press("ArrowLeft")
    told.keyboard.press("Enter")
    expect(view.get_by_role("heading", name="joined")).to_be_visible()
    told.keyboard.press("ArrowRight")
    told.keyboard.press("-")
    expect(node(view, "joined")).to_have_count(0)
    told.keyboard.press("/")
    expect(view.get_by_label("Find in graph")).to_be_focused()
    told.keyboard.type("model")
    expect(view.locator("g.node.hit")).to_have_count(1)
    told.keyboard.press("Escape")
    expect(view.locator("g.node:focus")).to_have_count(1)
    assert told.locator(".jp-CodeCell").count() == 11, "no key reached the notebook"


def test_a_name_of_a_variable_is_typed_without_the_notebook_noticing(told: Page, view: Locator) -> None:
    field = view.get_by_label("Variable name")
    field.fill("")
    field.press_sequentially("aabbdd")
    expect(field).to_have_value("aabbdd")
    assert told.locator(".jp-CodeCell").count() == 11


def test_mermaid_is_drawn_by_the_bundled_library_and_can_be_clicked(view: Locator) -> None:
    view.get_by_role("tab", name="Mermaid").click()
    expect(view.get_by_label("Mermaid text")).to_contain_text("flowchart LR")
    drawn = view.locator(".ag-drawn g.node")
    expect(drawn).to_have_count(3)
    drawn.filter(has_text="evaluate").click()
    expect(view.get_by_role("heading", name="evaluate")).to_be_visible()


@pytest.mark.parametrize(("form", "start"), [("SVG", "<svg"), ("Mermaid", "flowchart"), ("DOT", "digraph")])
def test_the_picture_is_downloaded(told: Page, view: Locator, form: str, start: str) -> None:
    view.locator("summary", has_text="Download").click()
    with told.expect_download() as waiting:
        view.locator(".ag-items").get_by_role("button", name=form).click()
    assert Path(waiting.value.path()).read_text("utf-8").startswith(start)


def test_the_tree_opens_its_branches_by_keyboard(told: Page) -> None:
    tree = widget(told, "Spans")
    rows = tree.get_by_role("treeitem")
    expect(rows).to_have_count(6)
    row = tree.get_by_role("treeitem", name="run, sweep")
    row.locator(".nm").click()
    expect(tree.get_by_role("heading", name="sweep")).to_be_visible()
    told.keyboard.press("ArrowRight")
    expect(row).to_have_attribute("aria-expanded", "true")
    expect(rows).to_have_count(6 + 15)
    told.keyboard.press("ArrowRight")
    inner = tree.get_by_role("treeitem", name="span, fold 0")
    expect(inner).to_be_focused()
    expect(inner).to_have_attribute("aria-level", "2")
    expect(inner).to_have_attribute("aria-setsize", "15")
    told.keyboard.press("Enter")
    expect(tree.get_by_role("heading", name="fold 0")).to_be_visible()
    told.keyboard.press("ArrowLeft")
    expect(row).to_be_focused()
    told.keyboard.press("ArrowLeft")
    expect(rows).to_have_count(6)
    told.keyboard.press("End")
    expect(tree.get_by_role("treeitem", name="span, report")).to_be_focused()
    told.keyboard.press("Home")
    told.keyboard.type("ev")
    expect(tree.get_by_role("treeitem", name="span, evaluate")).to_be_focused()


def test_the_tree_is_searched_and_shows_the_lineage_of_a_row(told: Page) -> None:
    tree = widget(told, "Spans")
    tree.get_by_label("Status").select_option("error")
    expect(tree.get_by_role("treeitem")).to_have_count(1)
    expect(tree.get_by_role("treeitem")).to_contain_text("ZeroDivisionError")
    tree.get_by_label("Status").select_option("")
    tree.get_by_label("Search spans").fill("fold")
    expect(tree.get_by_role("treeitem")).to_have_count(2)
    expect(tree.get_by_role("treeitem").first).to_contain_text("in sweep")
    tree.get_by_label("Search spans").fill("")
    expect(tree.get_by_role("treeitem")).to_have_count(6)
    tree.get_by_role("treeitem", name="span, evaluate").locator(".nm").click()
    expect(tree.get_by_role("heading", name="evaluate")).to_be_visible()
    tree.get_by_role("button", name="Show lineage").click()
    expect(node(tree, "metrics")).to_be_visible()
    tree.get_by_role("button", name="Close lineage").click()
    expect(node(tree, "metrics")).not_to_be_visible()


def test_the_browser_finds_by_label_and_type_and_previews(told: Page) -> None:
    found = widget(told, "Artifacts")
    rows = found.locator("tbody tr[data-node-id]")
    expect(rows).to_have_count(19)
    found.get_by_label("Type").fill("frame")
    expect(rows).to_have_count(4)
    found.get_by_label("Search keys").fill("JOI")
    expect(rows).to_have_count(1)
    rows.first.get_by_role("button").click()
    panel = found.get_by_role("region", name="Details")
    expect(panel.locator("table.ag-df tbody tr")).to_have_count(5)
    expect(panel).to_contain_text("First 5 of 1,200 rows.")
    found.get_by_label("Type").fill("")
    found.get_by_label("Search keys").fill("")
    expect(rows).to_have_count(19)


def test_the_page_is_answered_while_a_cell_waits(told: Page, view: Locator) -> None:
    told.evaluate(
        "() => { const k = jupyterapp.shell.currentWidget.context.sessionContext.session.kernel;"
        "k.requestExecute({code: 'import asyncio; await asyncio.sleep(6)'}); }"
    )
    node(view, "sweep").click()
    expect(view.get_by_role("heading", name="sweep")).to_be_visible(timeout=3_000)


def test_a_saved_notebook_holds_pictures_and_text(told: Page, folder: Path) -> None:
    told.evaluate("() => jupyterapp.commands.execute('docmanager:save')")
    told.wait_for_function("() => !jupyterapp.shell.currentWidget.context.model.dirty")
    saved = nbformat.read(folder / "story.ipynb", as_version=4)
    lineage, tree, browser = (saved.cells[number].outputs[0].data for number in (7, 8, 9))
    assert "</svg>" in lineage["image/svg+xml"]
    assert "sweep" in lineage["text/plain"]
    assert "sweep" in tree["text/html"]
    assert "joined" in browser["text/html"]


LOOKS = [("light", 1360), ("dark", 1360), ("light", 420), ("dark", 420), ("light", 1900)]


@pytest.mark.parametrize(("theme", "width"), LOOKS, ids=[f"{theme}-{width}" for theme, width in LOOKS])
def test_every_word_is_readable_in_both_themes_and_at_any_width(
    told: Page, view: Locator, folder: Path, theme: str, width: int
) -> None:
    shots = Path(os.environ.get("ARTIGRAPH_SHOTS", folder))
    name = f"JupyterLab {theme.title()}"
    told.evaluate("name => jupyterapp.commands.execute('apputils:change-theme', { theme: name })", name)
    told.wait_for_selector(f"body[data-jp-theme-light={'true' if theme == 'light' else 'false'}]", state="attached")
    told.set_viewport_size({"width": max(width, 700), "height": 1500})
    told.add_style_tag(content=f".jp-Notebook .ag {{ max-width: {width}px; }}")
    for handle in ("12 more downstream of sweep", "1 more upstream of sweep", "1 more upstream of joined"):
        view.get_by_role("button", name=handle).click()
        expect(view.get_by_role("button", name=handle)).to_have_count(0)
    view.get_by_role("button", name="Fit").click()
    for label in ("Lineage", "Spans", "Artifacts"):
        shown = widget(told, label)
        if label != "Lineage":
            row = shown.locator(
                ".ag-column [data-node-id]", has_text="joined" if label == "Artifacts" else "sweep"
            ).first
            row.click()
            expect(shown.get_by_role("heading").first).to_be_visible()
        told.mouse.move(2, 2)
        shown.screenshot(path=str(shots / f"widget-{label.lower()}-{theme}-{width}.png"))
        report = shown.evaluate(CONTRAST)
        assert report["low"] == [], report
        assert report["wide"] == [], "nothing sticks out"
    told.add_style_tag(content=".jp-Notebook .ag { max-width: none; }")
    told.set_viewport_size({"width": 1360, "height": 1500})


CONTRAST = """root => {
    const light = c => { const f = c.map(v => v / 255).map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
        return .2126 * f[0] + .7152 * f[1] + .0722 * f[2]; };
    const read = text => (text.match(/[\\d.]+/g) || []).map(Number);
    const ground = e => { for (; e; e = e.parentElement) { const c = read(getComputedStyle(e).backgroundColor);
        if (c.length === 3 || (c.length === 4 && c[3] > .5)) return c.slice(0, 3); } return [255, 255, 255]; };
    const low = [], wide = [];
    const own = e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    for (const e of root.querySelectorAll('*')) {
        const box = e.getBoundingClientRect(), style = getComputedStyle(e);
        if (!box.width || style.visibility === 'hidden' || e.closest('svg') || !own(e)) continue;
        const a = light(read(style.color).slice(0, 3)), b = light(ground(e));
        const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
        if (ratio < 4.5) low.push([e.textContent.slice(0, 30), ratio]);
        const edge = root.getBoundingClientRect().right + 1;
        if (box.right > edge && !e.closest('.ag-scroll, .ag-canvas, pre')) wide.push(e.textContent.slice(0, 30));
    }
    return { low, wide };
}"""


def test_hostile_words_run_no_script(told: Page, lab: str, folder: Path) -> None:
    cells = [
        *story("hostile.db")[:1],
        f"words = {HOSTILE!r}\n{SAVE_HOSTILE}",
        "LineageView(words[1])",
        "SpanTree()",
        "ArtifactBrowser()",
    ]
    write_notebook(folder / "hostile.ipynb", *cells)
    page = told.context.new_page()
    page.set_default_timeout(60_000)
    page.add_init_script("window.hits = 0; window.hit = () => { window.hits += 1; };")
    run_all(page, lab.format("hostile.ipynb"))
    view = widget(page, "Lineage")
    view.get_by_role("tab", name="Mermaid").click()
    expect(view.locator(".ag-drawn g.node")).not_to_have_count(0)
    for label in ("Spans", "Artifacts"):
        found = widget(page, label)
        rows = found.locator(".ag-column [data-node-id]")
        expect(rows).to_have_count(5)
        for number in range(5):
            rows.nth(number).locator(".nm, button").first.click()
            expect(found.get_by_role("heading").first).to_be_visible()
    assert page.evaluate("() => window.hits") == 0
    assert page.evaluate(SCRIPTS) == 0
    page.close()
