"""%restore, %diff and %stale in a real kernel: back to what ran, beside what ran, and what is out of date."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.jupyter.kernel import Kernel, kernel_in
from tests.jupyter.samples import Page


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    with kernel_in(tmp_path_factory.mktemp("back")) as running:
        running.ok("%%span load --save orders\norders = pd.DataFrame({'shop': ['a', 'b'], 'price': [1.0, 2.0]})")
        running.ok("rate, con = 0.5, object()")
        running.ok("%%span sum --param rate --save total\nheld = con\ntotal = float(orders.price.sum() * rate)")
        yield running


def test_restore_refuses_to_overwrite_a_name_and_then_loads_nothing(kernel: Kernel) -> None:
    kernel.ok("orders.loc[0, 'price'] = 99")
    answer = kernel.run("%restore sum")
    assert answer.err == "UsageError: %restore sum: orders would be overwritten; --force does that\n"
    assert answer.payload == []
    assert kernel.value("int(orders.loc[0, 'price'])") == 99


def test_restore_brings_back_inputs_and_the_cell_and_says_what_it_could_not(kernel: Kernel) -> None:
    kernel.ok("del orders")
    answer = kernel.ok("%restore sum")
    assert answer.out == "restored orders from sum\n"
    assert "not restored: con: a builtins.object that no span had made" in answer.err
    assert answer.payload[0]["text"].startswith("%%span sum --param rate")
    assert kernel.value("list(orders.price)") == [1.0, 2.0]
    kernel.ok("%restore sum --force")
    kernel.ok("%%span after\nn = len(orders)")
    assert kernel.value("inputs('after')") == {"orders": ("orders", False)}


def test_restore_says_what_was_changed_in_place_and_what_was_redacted(kernel: Kernel) -> None:
    kernel.ok("orders.loc[0, 'price'] = 50")
    kernel.ok("%%span secret\ntoken = 'canary'\nn = len(orders)")
    answer = kernel.ok("%restore secret --force")
    assert "the cell saw them changed in place: orders" in answer.err
    assert "put them back where it says ***" in answer.err
    assert "canary" not in answer.payload[0]["text"]


def test_diff_of_the_two_newest_of_a_label_says_what_changed(kernel: Kernel) -> None:
    kernel.ok("rate = 0.75")
    first = kernel.value("newest('sum').info['execution_count']")
    second = kernel.ok("%%span sum --param rate --save total\ntotal = float(orders.price.sum() * rate) + 1").count
    answer = kernel.ok("%diff sum")
    Page(answer.html)
    for said in ("rate", "0.5 → 0.75", "+0.25", "total", "1.5 → 3.25", "+1.75", "Cell source"):
        assert said in answer.text, said
    assert "+total = float(orders.price.sum() * rate) + 1" in answer.text
    assert "−total = float(orders.price.sum() * rate)" in answer.text
    assert "+0.25" in Page(answer.html).text
    same = kernel.ok(f"%diff sum[{first}] sum[{second}]")
    assert same.text == answer.text
    assert "no difference" in kernel.ok("%diff sum sum").text


def test_diff_of_what_ran_once_says_what_to_write(kernel: Kernel) -> None:
    kernel.ok("%%span once\nx = 1")
    said = "UsageError: %diff once: nothing ran before it under this label; write %diff A B\n"
    assert kernel.run("%diff once").err == said
    assert "is a span labelled 'nowhere';" in kernel.run("%diff nowhere").err


def test_diff_of_tables_shows_the_rows_that_differ(kernel: Kernel) -> None:
    kernel.ok("%%span table --save t\nt = pd.DataFrame({'n': range(100), 'k': 'x'})")
    kernel.ok("%%span table --save t\nt = pd.DataFrame({'n': [*range(99), -1, 7], 'k': 'x'})")
    answer = kernel.ok("%diff table")
    assert "100 → 101 rows, n differs in 1" in answer.text
    assert "99   changed  n 99 → -1" in answer.text
    assert "100  added" in answer.text
    assert "Rows matched by position." in Page(answer.html).text


def test_a_diff_object_has_a_card_too_and_hostile_words_stay_words(kernel: Kernel) -> None:
    bad = "<script>alert(1)</script>"
    kernel.ok(f"%%span hostile --run --param 'x={bad}' --save h\nh = {bad!r}\nframe_h = 1")
    kernel.ok(f"%%span hostile --run --param 'x={bad}2' --save h\nh = '</code>' + {bad!r}\n# {bad}")
    answer = kernel.ok("ag.diff_spans.s('hostile~1', 'hostile')")
    assert set(answer.data[-1]) == {"text/html", "text/plain"}
    assert bad in Page(answer.html).text
    assert len(answer.html.encode()) <= 51_200


def test_stale_says_which_spans_are_out_of_date_and_why(kernel: Kernel) -> None:
    kernel.ok("%%span load --save orders\norders = pd.DataFrame({'shop': ['a'], 'price': [5.0]})")
    answer = kernel.ok("%stale")
    assert "▷ after" in answer.text
    assert "! stale: input orders has a newer version, of a later load" in answer.text
    assert "▷ load" not in answer.text
    assert "input orders has a newer version" in Page(answer.html).text
    assert kernel.ok("%stale load").text == "Nothing is out of date."
    assert "▶ sum" in kernel.ok("%stale sum").text


def test_a_cell_that_was_edited_since_is_stale(kernel: Kernel) -> None:
    kernel.ok("%%span edited\nx = 1", cell_id="the-cell")
    assert kernel.value("newest('edited').info['cell_id']") == "the-cell"
    assert kernel.ok("%stale edited").text == "Nothing is out of date."
    kernel.ok("x = 2", cell_id="the-cell")
    assert "the cell was edited since" in kernel.ok("%stale edited").text
