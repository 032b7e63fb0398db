"""How objects look in a real kernel: bounded, escaped, and never an error."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.jupyter.kernel import Kernel, kernel_in
from tests.jupyter.samples import Page

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "javascript:alert(1)",
    "'-alert(1)-'",
    "</style><svg onload=alert(1)>",
    "<!-- --> <![CDATA[",
    "&lt;b&gt;",
    "\u202eevil\u0000",
]


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    with kernel_in(tmp_path_factory.mktemp("show")) as running:
        running.ok(
            "@ag.dataclass\nclass Report(ag.ArtifactModel, version=1):\n    auc: float\n    frame: object = None"
        )
        yield running


def test_models_spans_artifacts_and_find_have_html_and_text(kernel: Kernel) -> None:
    cell = "%%span make --save report\nreport = Report(0.7, pd.DataFrame({'a': range(3)}))\nreport"
    for code in (cell, "newest('make')", "ag.find()", "ag.read.s(ag.Artifact)[0]"):
        shown = kernel.ok(code).data[-1]
        assert set(shown) == {"text/html", "text/plain"}
        Page(shown["text/html"])
    assert "Report v1" in kernel.ok("ag.load.s('report')").text
    assert kernel.ok("[newest('make')]").text.startswith("[<Span make ok")
    assert len(kernel.ok("ag.load.s('report')").text.splitlines()) > 2


def test_without_the_extension_there_is_only_text(kernel: Kernel) -> None:
    kernel.ok("%unload_ext artigraph_jupyter")
    for code in ("newest('make')", "ag.find()", "ag.load.s('report')"):
        assert set(kernel.ok(code).data[-1]) == {"text/plain"}
    assert "image/svg+xml" in kernel.ok("ag.view_lineage.s('report')").data[-1]
    kernel.ok("%load_ext artigraph_jupyter")


def test_hostile_words_are_text_in_every_card(kernel: Kernel) -> None:
    kernel.ok("import json")
    for n, word in enumerate(HOSTILE):
        label = word.replace("\0", "")
        kernel.ok(f"word, label = {word!r}, {label!r}")
        kernel.ok(
            "parts = {'__annotations__': {'x': object}, 'x': word, '__module__': '__main__'}\n"
            f"Bad = ag.dataclass(type('Bad', (ag.ArtifactModel,), parts, version=1, name='Bad{n} ' + label))\n"
            "span = ag.Span(label, source=word, info={'execution_count': 1}, tags={label: label})\n"
            "try:\n"
            "    with ag.span_context(span):\n"
            "        ag.save.s(pd.DataFrame({word: [word]}), label)\n"
            "        ag.save.s(Bad(x=[word]), 'model ' + label)\n"
            "        raise type(label, (ValueError,), {})(word)\n"
            "except ValueError: pass\n"
            "bad = Bad(x=word)\n"
        )
        for code in (
            "bad",
            "span",
            "ag.find()",
            "%spans",
            "%artifacts",
            "ag.read_span.s(span)",
            "[*ag.read.s(ag.Artifact)][-1]",
        ):
            shown = kernel.ok(code)
            page = Page(shown.html)
            if code == "span" and word.startswith("<script"):
                assert "<script>alert(1)</script>" in page.text
        svg = kernel.ok("%lineage {span.id}").data[-1]["image/svg+xml"]
        assert "<script" not in svg
        assert "onload=" not in svg.replace("&lt;svg onload=", "").replace("onload=alert(1)&gt;", "")


def test_a_model_that_refuses_everything_is_still_shown(kernel: Kernel) -> None:
    kernel.ok(
        "class Awful:\n"
        "    def __repr__(self): raise RuntimeError('repr')\n"
        "    def __len__(self): raise RuntimeError('len')\n"
        "    def __str__(self): raise RuntimeError('str')\n"
        "    def __getattribute__(self, name): raise RuntimeError(name)\n"
    )
    answer = kernel.ok("Report(0.5, Awful())")
    assert (answer.err, "auc" in answer.html, "auc" in answer.text) == ("", True, True)
    kernel.ok("class Proud(Report):\n    def _repr_html_(self): raise RuntimeError('html')")
    answer = kernel.ok("Proud(0.5)")
    assert answer.err == ""
    assert "RuntimeError" in answer.html


def test_what_is_shown_of_something_giant_is_small_and_quick(kernel: Kernel) -> None:
    kernel.ok(
        "import time, numpy as np\nfrom IPython.core.interactiveshell import InteractiveShell\nsh = get_ipython()"
    )
    kernel.ok(
        "def cost(value):\n"
        "    sh.display_formatter.format(value); began = time.perf_counter()\n"
        "    data, _ = sh.display_formatter.format(value)\n"
        "    return {k: len(v.encode()) for k, v in data.items()}, time.perf_counter() - began"
    )
    kernel.ok("deep = []\nfor _ in range(5000): deep = [deep]")
    for value in (
        "b'x' * 100_000_000",
        "'x' * 100_000_000",
        "pd.DataFrame(np.zeros((3, 20_000)))",
        "pd.DataFrame({'a': np.zeros(2_000_000)})",
        "np.zeros(5_000_000)",
        "deep",
        "list(range(1_000_000))",
        "{str(n): n for n in range(100_000)}",
    ):
        sizes, seconds = kernel.value(f"cost(Report(0.1, {value}))")
        assert sizes["text/plain"] <= 4096, value
        assert sizes["text/html"] <= 51_200, value
        print(f"{seconds * 1000:.0f} ms to show a model with {value}")  # noqa: T201 - the figure is asked for


def test_a_span_with_many_outputs_and_inputs_counts_what_it_does_not_name(kernel: Kernel) -> None:
    kernel.ok(
        "with ag.span_context('many') as many:\n    ag.create_span_artifacts.s(many, {f'a{n}': n for n in range(3000)})"
    )
    answer = kernel.ok("many")
    assert "more outputs" in answer.text
    assert len(answer.html) <= 51_200
    assert "+2,998" in kernel.ok("%spans").html
