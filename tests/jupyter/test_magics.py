"""The line magics in a real kernel: what they show, and that every mistake is one line."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.jupyter.kernel import Kernel, kernel_in


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    with kernel_in(tmp_path_factory.mktemp("magics")) as running:
        running.ok("%%span load --save flights\nflights = pd.DataFrame({'a': range(10)})")
        running.ok("%%span 'count rows' --save total\ntotal = len(flights)")
        running.ok("ag.save.s([1, 2], 'two words')")
        yield running


def test_connect_and_status_say_where_and_how_much(kernel: Kernel) -> None:
    answer = kernel.ok("%artigraph status")
    assert str(kernel.folder / "kernel.db") in answer.text
    assert "2 spans" in answer.text
    assert str(kernel.folder / "kernel.db") in answer.html


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("%artigraph", "%artigraph: the following arguments are required: VERB"),
        ("%artigraph fly", "%artigraph: argument VERB: invalid choice: 'fly'"),
        ("%artigraph status x", "%artigraph status x: say where the database is"),
        ("%artigraph connect a b", "%artigraph connect a b: open a database"),
        ("%artigraph status --on x", "%artigraph status takes no --on"),
        ("%artigraph gc --data", "%artigraph gc takes no --data"),
        ("%artigraph verify --delete", "%artigraph verify takes no --delete"),
        ("%artigraph verify everything", "%artigraph verify everything: look for damage"),
        ("%artigraph autospan maybe", "%artigraph autospan maybe: on: make every cell a span"),
        ("%artigraph tag", "%artigraph tag: put KEY=VALUE"),
        ("%artigraph tag team", "--tag team: write --tag KEY=VALUE"),
        ("%artigraph tag a=b --on nowhere", "NodeNotFoundError: "),
        ("%restore", "%restore: the following arguments are required: SPAN"),
        ("%restore nowhere", "NodeNotFoundError: "),
        ("%diff load", "%diff load: nothing ran before it under this label; write %diff A B"),
        ("%diff", "%diff: the following arguments are required: A"),
        ("%stale nowhere", "NodeNotFoundError: "),
        ("%artifacts a --b", "%artifacts: unrecognized arguments: --b"),
        ("%artifacts --span nowhere", "NodeNotFoundError: "),
        ("%artigraph connect nonsense://x", "CannotOpenError: "),
        ("%artigraph connect 'not a url'", "CannotOpenError: "),
        ("%artigraph connect sqlite:////nowhere/at/all.db", "CannotOpenError: "),
        ("%artigraph connect postgresql://me:canary@127.0.0.1:1/x", ""),
        ("%spans now", "%spans takes no arguments, it was given 'now'"),
        ("%lineage nowhere", "NodeNotFoundError: "),
        ("%lineage flights --up -1", "%lineage: argument --up: invalid hops value: '-1'"),
        ("%lineage flights --sideways", "%lineage: unrecognized arguments: --sideways"),
        ("%lineage 'open", "%lineage 'open: no closing quotation"),
        ("%load_artifact", "%load_artifact: the following arguments are required: ID-OR-LABEL"),
        ("%load_artifact nowhere", "NodeNotFoundError: "),
        ("%load_artifact flights as", "%load_artifact: write a NAME after as"),
        ("%load_artifact flights as 2x", "%load_artifact: '2x' cannot be the name of a variable"),
        ("%load_artifact flights into x", "%load_artifact: argument as: invalid choice: 'into'"),
        ("%%span x --what\n1", "%%span: unrecognized arguments: --what"),
        ("%%span 'x\n1", "%%span 'x: no closing quotation"),
        ("%%span x --tag a\n1", "--tag a: write --tag KEY=VALUE"),
    ],
)
def test_a_mistake_is_one_line_and_the_database_stays(kernel: Kernel, line: str, said: str) -> None:
    answer = kernel.run(line)
    assert answer.status == "error"
    if said:
        assert answer.err.startswith(f"UsageError: {said}")
        assert (answer.err.count("\n"), answer.errors) == (1, [])
    assert "canary" not in answer.err
    assert kernel.value("len(ag.find('flights'))") == 1


def test_spans_and_artifacts_show_what_is_there(kernel: Kernel) -> None:
    spans = kernel.ok("%spans")
    assert "▷ load [" in spans.text
    assert "✓ ok" in spans.text
    assert "count rows" in spans.html
    found = kernel.ok("%artifacts")
    assert [word in found.text for word in ("flights", "DataFrame 10 × 1", "total", "two words")] == [True] * 4
    assert "two words" not in kernel.ok("%artifacts flight").text
    assert "0 artifacts" in kernel.ok("%artifacts nothing like it").text


@pytest.mark.parametrize("target", ["flights", "'two words'", "{newest('load').id}", "{ag.find('flights')[0].id}", ""])
def test_lineage_of_label_id_variable_or_the_newest_span(kernel: Kernel, target: str) -> None:
    shown = kernel.ok(f"%lineage {target} --up 3 --down 2")
    assert set(shown.data[-1]) == {"image/svg+xml", "text/plain"}
    assert shown.data[-1]["image/svg+xml"].startswith("<svg ")


def test_lineage_of_a_variable_whose_name_is_no_label(kernel: Kernel) -> None:
    kernel.ok("renamed = flights")
    assert "flights" in kernel.ok("%lineage renamed").text


def test_load_artifact_binds_a_name_and_says_so(kernel: Kernel) -> None:
    kernel.ok("del total")
    assert kernel.ok("%load_artifact total").out == "loaded total as total (int)\n"
    assert kernel.ok("%load_artifact 'two words'").out == "loaded two words as artifact (list)\n"
    assert kernel.ok("%load_artifact flights as again").out == "loaded flights as again (DataFrame)\n"
    assert kernel.value("(total, artifact, again.shape)") == (10, [1, 2], (10, 1))
    kernel.ok("%%span uses what was loaded\nx = len(again)".replace("uses what was loaded", "uses"))
    assert kernel.value("inputs('uses')") == {"again": ("flights", False)}


def test_load_artifact_can_insert_a_cell_instead(kernel: Kernel) -> None:
    payload = kernel.ok("%load_artifact flights as again --cell").payload
    assert payload[0]["text"] == "import artigraph as ag\n\nagain = ag.load.s('flights')"


def test_help_lists_the_options(kernel: Kernel) -> None:
    for name, option in (
        ("%lineage", "--up"),
        ("%load_artifact", "--cell"),
        ("%artigraph", "connect"),
        ("%%span", "--save"),
        ("%restore", "--force"),
        ("%diff", "LABEL~1"),
        ("%stale", "SPAN"),
        ("%artifacts", "--tag"),
    ):
        payload = kernel.ok(f"{name}?").payload
        assert option in payload[0]["data"]["text/plain"]
    kernel.ok("%quickref")


def test_artifacts_are_found_by_key_the_latest_too(kernel: Kernel) -> None:
    kernel.ok("%%span keyed\nag.save.s([1], key='kk/d.json')")
    kernel.ok("ag.save.s([2], key='kk/d.json')")
    shown = kernel.ok("%artifacts KK/d").text
    assert "2 artifacts" in shown
    assert "v2" in shown


def test_artifacts_can_be_filtered_by_tag_type_and_span(kernel: Kernel) -> None:
    kernel.ok("ag.save.s([1], 'tagged', tags={'team': 'a'})")
    assert "tagged" in kernel.ok("%artifacts --tag team").text
    assert "1 artifact" in kernel.ok("%artifacts --tag team=a").text
    assert "0 artifacts" in kernel.ok("%artifacts --tag team=b").text
    by_type = kernel.ok("%artifacts --type DataFrame").text
    assert "flights" in by_type
    assert "total" not in by_type
    by_span = kernel.ok("%artifacts --span 'count rows'").text
    assert "1 artifact" in by_span
    assert "made by count rows" in by_span


def test_tag_names_the_newest_span_cell_or_what_is_given(kernel: Kernel) -> None:
    kernel.ok("%%span tagging\n%artigraph tag quality=good api_key=canary\nx = 1")
    kernel.ok("%artigraph tag quality=better team=a")
    kernel.ok("%artigraph tag team=b --on flights")
    assert kernel.value("newest('tagging').tags") == {"quality": "better", "team": "a", "api_key": "***"}
    assert kernel.value("ag.read_tags.s('flights')") == {"team": "b"}


def test_defaults_are_configured_and_listed(kernel: Kernel) -> None:
    assert "ArtigraphMagics.keep_source" in kernel.ok("%config ArtigraphMagics").out
    kernel.ok("%config ArtigraphMagics.tags = {'project': 'x'}")
    kernel.ok("%config ArtigraphMagics.keep_source = False")
    kernel.ok("%%span configured --tag own=1\nx = 1")
    assert kernel.value("newest('configured').tags, newest('configured').source") == (
        {"project": "x", "own": "1"},
        None,
    )
    kernel.ok("%config ArtigraphMagics.tags = {}")
    kernel.ok("%config ArtigraphMagics.keep_source = True")
    kernel.run("%config ArtigraphMagics.durability = 'sometimes'")
    assert kernel.ok("%config ArtigraphMagics.durability").text == "'normal'"


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("%artigraph sta", "status"),
        ("%artigraph autospan o", "off"),
        ("%lineage fli", "flights"),
        ("%lineage flights --u", "--up"),
        ("%load_artifact tot", "total"),
        ("%restore lo", "load"),
        ("%diff load cou", "count\\ rows"),
        ("%diff load 'cou", "count rows'"),
        ("%stale lo", "load"),
        ("%%span x --into lo", "load"),
        ("%%span x --sa", "--save"),
        ("%%span x --save fli", "flights"),
        ("%artifacts --span lo", "load"),
    ],
)
def test_tab_offers_options_and_labels(kernel: Kernel, line: str, offered: str) -> None:
    assert offered in kernel.completions(line)


def test_nest_lets_a_cell_call_asyncio_run(tmp_path_factory: pytest.TempPathFactory) -> None:
    with kernel_in(tmp_path_factory.mktemp("nest"), load="%load_ext artigraph_jupyter\nimport asyncio") as other:
        assert "asyncio.run works" in other.ok("%artigraph nest").out
        assert other.ok("asyncio.run(asyncio.sleep(0, 5))").text == "5"


def test_verify_says_what_is_wrong_and_gc_what_nothing_needs(tmp_path: Path) -> None:
    with kernel_in(tmp_path) as kernel:
        kernel.ok("%%span make --save big\nbig = pd.DataFrame({'a': range(100_000)})")
        assert "nothing is wrong" in kernel.ok("%artigraph verify --data").text
        kernel.ok("gone = ag.save.s(pd.DataFrame({'b': range(90_000)}))\nag.delete_one.s(gone)")
        counted = kernel.ok("%artigraph gc")
        assert "would remove 0 blobs" in counted.text  # a deleted value takes its blob along
        (blob,) = [path for path in tmp_path.rglob("*") if path.is_file() and path.stat().st_mode & 0o777 == 0o400]
        orphan = blob.with_name("0" * len(blob.name))
        orphan.write_bytes(b"left behind")
        os.utime(orphan, (0, 0))
        assert "would remove 1 blob" in kernel.ok("%artigraph gc").text
        assert orphan.exists()
        removed = kernel.ok("%artigraph gc --delete")
        assert "removed 1 blob" in removed.text
        assert "Removed 1 blob" in removed.html
        assert not orphan.exists()
        blob.chmod(0o600)
        blob.write_bytes(b"x" * blob.stat().st_size)
        answer = kernel.ok("%artigraph verify --data")
        assert "1 problem" in answer.text
        assert "damaged" in answer.text
        assert "damaged" in answer.html
