"""What the views say, in HTML and in text."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import pytest

from artigraph_jupyter.views import artifact, diff, model, span, stale, summary, tree
from artigraph_jupyter.views.data import FieldRow, ModelCard, SpanCard, SpanTree
from artigraph_jupyter.views.outline import Line, outline, to_ascii
from artigraph_jupyter.views.preview import frame_count, frame_table, preview_text
from artigraph_jupyter.views.quantity import duration_text, moment_text, size_text
from tests.jupyter.samples import (
    CLEAN,
    DIFF,
    EVERY_VIEW,
    FOLD,
    FOUND,
    FRAME,
    HISTOGRAM,
    METRICS,
    NOON,
    SPAN,
    SPANS,
    STALE,
    STORE,
    Page,
)

# ---------------------------------------------------------------- what they say


def test_a_model_card_says_name_type_maker_and_every_field() -> None:
    said = Page(model.to_html(METRICS)).text
    assert said.startswith("metrics DelayMetrics v2 stale made by evaluate [18], ")
    assert "auc 0.7412 json/1 6 B" in said
    assert "float32 [65,470] from 0.012 to 0.968, mean 0.234" in said
    assert "list of 400: ['first', ...]" in said
    assert "CarrierMetrics v1 4 of 16 fields shown" in said
    assert said.endswith('5 fields, 333 KB stored. Load: ag.load("metrics")')


def test_a_model_in_text_says_the_same() -> None:
    lines = model.to_text(METRICS).splitlines()
    assert lines[0] == f"▤ metrics  DelayMetrics v2  ! stale  made by evaluate [18], {moment_text(NOON)}"
    assert lines[1].split() == ["├─", "auc", "0.7412", "json/1", "6", "B"]
    assert any("damaged" in line and "DataFrame 327,346 × 12" in line for line in lines)
    assert lines[-2].strip("│ ") == "└─ … 12 more fields"
    assert lines[-1] == '└─ Load: ag.load("metrics")'


def test_a_model_inside_a_model_folds_and_is_open_on_the_first_level_only() -> None:
    inner = ModelCard("", "Inner", 1, (FieldRow("x", "1"),))
    middle = ModelCard("", "Middle", 1, (FieldRow("inner", inner),))
    page = Page(model.to_html(ModelCard("outer", "Outer", 1, (FieldRow("middle", middle),))))
    assert ["open" in marks for name, marks in page.marks if name == "details"] == [True, False]


def test_a_model_inside_a_model_shows_its_first_eight_fields() -> None:
    inner = ModelCard("", "Inner", 1, tuple(FieldRow(f"f{n}", str(n)) for n in range(20)))
    said = Page(model.to_html(ModelCard("outer", "Outer", 1, (FieldRow("inner", inner),)))).text
    assert "Inner v1 8 of 20 fields shown f0 0 f1 1" in said
    assert "f8 8" not in said


def test_the_tree_has_a_row_for_every_span_with_what_it_made_and_how_it_ended() -> None:
    page = Page(tree.to_html(SPANS))
    assert page.text.startswith("13 spans today, 2 kernels")
    assert "train [16] stale · delay v4, scores +198 · 41.2 s · ok" in page.text
    assert "fold 1 · 2.3 s · ValueError" in page.text
    assert "report [20] · ≥ 5.0 s · abandoned" in page.text
    assert "refresh [21] · open" in page.text
    assert page.text.count("… 3 more spans") == 1
    assert page.text.endswith("… 10 more spans")


def test_bars_share_one_clock() -> None:
    bars = [marks for name, marks in Page(tree.to_html(SPANS)).marks if name == "i"]
    assert bars[0]["style"] == "left:0.00%;width:63.38%"
    assert bars[-1] == {"class": "ghost", "style": "left:92.31%;width:7.69%"}
    assert bars[1] == {"class": "kid", "data-tone": "bad", "style": "left:0.00%;width:3.54%"}


def test_the_tree_in_text_has_the_same_rows() -> None:
    said = tree.to_text(SPANS)
    assert re.search(r"├─ ▶ train \[16\] +✓ ok +41\.2 s +≡ models/delay v4, ▤ scores, \+198 +! stale\n", said)
    assert re.search(
        r"│  ├─ ▷ fold 1 +✗ ValueError +2\.3 s\n│  │  └─ ▷ inner +✓ ok +1\.0 s\n│  └─ … 3 more spans", said
    )
    assert said.endswith("└─ … 10 more spans")


def test_no_spans_say_what_to_type() -> None:
    assert Page(tree.to_html(SpanTree())).text == "No spans yet Start a cell with %%span name."
    assert tree.to_text(SpanTree()) == "No spans yet. Start a cell with %%span name."


def test_a_span_card_lists_what_went_in_and_out() -> None:
    said = Page(span.to_html(SPAN)).text
    assert said.startswith("train [16] ok stale 41.2 s, ")
    assert "in flights flights/clean.parquet v4 DataFrame, 6.2 MB damaged" in said
    assert "… 2 more inputs" in said
    assert "… 197 more outputs" in said
    assert "4 spans inside" in said
    assert "Made by this cell 2 lines %%span train model = fit(flights)" in said
    assert said.endswith("Reads 2 values no span made: cfg (dict), con (Connection).")


def test_a_failed_span_says_why() -> None:
    failed = SpanCard(FOLD, error_text="Traceback ...\nValueError: no rows")
    assert "ValueError: no rows" in Page(span.to_html(failed)).text
    assert "├─ ValueError: no rows\n" in span.to_text(failed)


def test_an_artifact_card_shows_versions_facts_and_first_rows() -> None:
    page = Page(artifact.to_html(CLEAN))
    assert page.text.startswith("flights/clean.parquet v2 intact nycflights13 4 others v2 shown")
    assert [marks.get("aria-current") for name, marks in page.marks if name == "li"] == [None, "true", *[None] * 5]
    assert "Hash sha256:41d9be" in page.text
    assert page.text.endswith('First 5 of 327,346 rows, 8 of 12 columns. Load: ag.load("flights/clean.parquet")')


def test_missing_cells_are_said_in_words_and_numbers_stand_right() -> None:
    cells = [(name, marks.get("class")) for name, marks in Page(frame_table(FRAME)).marks if name == "td"]
    assert cells[:3] == [("td", "num"), ("td", "na"), ("td", "num")]


def test_an_index_with_names_is_shown_and_plain_numbers_are_not() -> None:
    assert "New York" in Page(frame_table(FRAME | {"index": ["New York", *"bcdefghij"]})).text
    assert "0 0 NA" not in Page(frame_table(FRAME)).text


def test_a_table_says_how_many_there_are_before_the_rows() -> None:
    said = Page(artifact.table_to_html(FOUND)).text
    assert said.startswith("1,284 artifacts newest first Key Version")
    assert said.endswith("2 of 1,284 shown.")
    assert artifact.table_to_text(FOUND).endswith("└─ … 1,282 more artifacts")


def test_the_summary_says_where_things_are() -> None:
    assert summary.to_text(STORE).splitlines() == [
        "Connected",
        "├─ Database  sqlite:///x.db",
        "├─ Values    x.blobs",
        "├─ Holds     12 spans, 1,284 artifacts",
        "├─ Size      41.2 MB",
        "└─ Start a cell.",
    ]
    assert "41.2 MB" in Page(summary.to_html(STORE)).text


@EVERY_VIEW
def test_text_and_html_name_the_same_things(
    to_html: Callable[[Any], str], to_text: Callable[[Any], str], data: Any
) -> None:
    html_words = set(re.findall(r"[\w./]{4,}", Page(to_html(data)).text))
    text_words = set(re.findall(r"[\w./]{4,}", to_text(data)))
    names = {"metrics", "scores", "fold", "inner", "report", "Connection", "nycflights13", "DelayMetrics", "blobs"}
    assert html_words & names == text_words & names


@EVERY_VIEW
def test_words_never_live_in_a_picture_only(
    to_html: Callable[[Any], str], to_text: Callable[[Any], str], data: Any
) -> None:
    whole = to_html(data)
    assert all(marks["aria-hidden"] == "true" for name, marks in Page(whole).marks if name == "svg")
    assert Page(re.sub(r"<svg.*?</svg>", "", whole)).text == Page(whole).text


@EVERY_VIEW
def test_the_text_can_be_written_in_ascii(
    to_html: Callable[[Any], str], to_text: Callable[[Any], str], data: Any
) -> None:
    assert to_ascii(to_text(data)).isascii()
    assert "\\u" not in to_ascii(to_text(data))


def test_a_diff_names_what_differs_how_and_by_how_much_and_counts_the_rest() -> None:
    page, said = Page(diff.to_html(DIFF)).text, diff.to_text(DIFF)
    for word in ("metrics.auc", "0.7288", "0.7412", "+0.0124", "4 more rows", "nothing", "4 differences", "cut = 0.4"):
        assert word in page, word
        assert word in said, word
    assert "Same in both: 3 parameters, 41 facts of the environment." in page
    assert said.startswith("▶ report [11] → report [18]  4 differences\n├─ Value  metrics.auc")


def test_a_stale_span_says_every_reason() -> None:
    for said in (Page(stale.to_html(STALE)).text, stale.to_text(STALE)):
        assert "report [7]" in said
        assert "input metrics has version 4" in said
        assert "the cell was edited since" in said
    assert "Nothing is out of date." in Page(stale.to_html(())).text


# ---------------------------------------------------------------- small parts


def test_a_frame_that_is_shown_whole_says_so() -> None:
    small = {"columns": ["a"], "rows": [["1"], ["2"]], "shape": [2, 1]}
    assert frame_count(small, shown=True) == "All 2 rows."
    assert frame_count(FRAME, shown=False) == "327,346 rows × 12 columns, not shown here."


def test_a_preview_in_one_line() -> None:
    assert preview_text(HISTOGRAM) == "float32 [65,470] from 0.012 to 0.968, mean 0.234"
    assert preview_text({"type": "str", "length": 9000, "text": "'abc"}) == "str of 9,000: 'abc"


def test_an_outline_aligns_columns_of_wide_characters() -> None:
    said = outline(Line(("top",), (Line(("日本", "1")), Line(("abcd", "2")))))
    assert said == "top\n├─ 日本  1\n└─ abcd  2"


def test_a_moment_is_told_where_the_notebook_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    assert moment_text(NOON) == "2025-11-21 21:00"
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("size", "said"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 KB"), (999_999, "1,000 KB"), (10**20, "100,000 PB")]
)
def test_sizes(size: int, said: str) -> None:
    assert size_text(size) == said


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0.0 ms"), (59.96, "1 min 0 s"), (0.0996, "0.10 s"), (10**6, "277 h 46 min")]
)
def test_durations(seconds: float, said: str) -> None:
    assert duration_text(seconds) == said
