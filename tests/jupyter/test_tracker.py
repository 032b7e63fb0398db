"""Inputs without bookkeeping: what the cells of a real kernel read and bind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.jupyter.kernel import Kernel, kernel_in


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    with kernel_in(tmp_path_factory.mktemp("tracker")) as running:
        yield running


def test_a_frame_saved_in_one_cell_and_used_in_the_next_is_an_input(kernel: Kernel) -> None:
    kernel.ok("%%span load --save flights\nflights = pd.DataFrame({'a': range(10), 'b': 1.5})")
    kernel.ok("%%span use\ntotal = flights['a'].sum()")
    assert kernel.value("inputs('use')") == {"flights": ("flights", False)}
    assert kernel.value("newest('use').untracked") is None


def test_a_cell_run_twice_has_equal_inputs_and_is_not_upstream_of_itself(kernel: Kernel) -> None:
    for _ in range(2):
        kernel.ok(
            "%%span raw --save left right\nleft = pd.DataFrame({'k': [1, 2]}); right = pd.DataFrame({'k': [2, 3]})"
        )
    cell = "%%span join --save joined\njoined = left.merge(right)\njoined = joined.assign(n=1)"
    for _ in range(2):
        kernel.ok(cell)
    code = "[sorted((i.source_id.hex, i.role) for i in ag.read.s(ag.Link, ag.LinkFilter(target=s.id, kind='input')))"
    first, second = kernel.value(f"{code} for s in ag.read.s(ag.Span, ag.NodeFilter(label='join'))]")
    assert first == second
    assert [role for _, role in first] == ["left", "right"] or [role for _, role in first] == ["right", "left"]
    graph = "ag.view_lineage.s(newest('join'), upstream=20, downstream=0).nodes"
    assert kernel.value(f"sorted(n.label for n in {graph} if n.kind == 'span')") == ["join", "raw"]


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("est", "Estimator()"),
        ("opts", "{'depth': 3}"),
        ("rows", "[1, 2, 3]"),
        ("count", "12345"),
        ("word", "'some words'"),
    ],
)
def test_what_was_never_saved_becomes_a_trace_when_it_is_read(kernel: Kernel, name: str, made: str) -> None:
    kernel.ok("class Estimator:\n    def fit(self, x): self.seen = len(x); return self")
    kernel.ok(f"%%span make\n{name} = {made}")
    assert kernel.value(f"makers({name!r})") == []  # nothing was read yet, so there is no node
    kernel.ok(f"%%span 'read {name}'\nx = {name}")
    assert kernel.value(f"inputs('read {name}')") == {name: (name, False)}
    assert kernel.value(f"makers({name!r})") == ["make"]
    kernel.ok(f"%%span 'again {name}'\nx = {name}")
    assert kernel.value(f"makers({name!r})") == ["make"]


def test_the_chain_holds_through_what_was_not_kept(kernel: Kernel) -> None:
    kernel.ok("%%span source --save table\ntable = pd.DataFrame({'a': [1, 2]})")
    kernel.ok("%%span fit\nfitted = Estimator().fit(table)")
    kernel.ok("%%span score --save metric\nmetric = {'n': fitted.seen}")
    assert kernel.value("upstream('metric')") == {"metric", "score", "fitted", "fit", "table", "source"}
    shown = kernel.ok("%lineage metric --up 9").text
    assert "not kept" in shown or "fitted" in shown


def test_a_value_fitted_in_a_later_cell_comes_from_that_cell(kernel: Kernel) -> None:
    kernel.ok("%%span create\nmodel = Estimator()")
    kernel.ok("%%span train\nmodel.fit([1, 2, 3])")
    kernel.ok("%%span predict\nseen = model.seen")
    assert kernel.value("upstream(newest('predict').id)") == {"predict", "model", "train", "create"}
    kernel.ok("%%span retrain\n%time model.fit([1])")
    kernel.ok("%%span predict2\nseen = model.seen")
    assert "retrain" in kernel.value("upstream(newest('predict2').id)")


def test_a_look_at_a_list_or_frame_does_not_make_it_that_cells(kernel: Kernel) -> None:
    kernel.ok("%%span begin\nunsaved = pd.DataFrame({'a': [1]}); items = [3, 1, 2]")
    kernel.ok("%%span look\nunsaved.describe(); items.copy()")
    kernel.ok("%%span sort\nitems.sort()")
    kernel.ok("%%span after\nx = unsaved, items")
    assert kernel.value("sorted(makers('unsaved'))") == ["begin"]
    assert kernel.value("sorted(makers('items'))") == ["begin", "sort"]


def test_a_frame_changed_in_place_after_saving_is_a_changed_input(kernel: Kernel) -> None:
    kernel.ok("%%span keep --save grown\ngrown = pd.DataFrame({'a': range(1000)})")
    kernel.ok("%%span same\nx = len(grown)")
    kernel.ok("grown['b'] = 1")
    kernel.ok("%%span other\nx = len(grown)")
    assert kernel.value("inputs('same'), inputs('other')") == ({"grown": ("grown", False)}, {"grown": ("grown", True)})


def test_a_span_that_changes_a_frame_in_place_made_what_later_cells_read(kernel: Kernel) -> None:
    kernel.ok("%%span keep2 --save wide\nwide = pd.DataFrame({'a': range(10)})")
    kernel.ok("%%span widen\nwide['b'] = 1")
    kernel.ok("%%span widest\nx = len(wide)")
    assert kernel.value("inputs('widen')['wide']") == ("wide", False)
    assert kernel.value("upstream(newest('widest').id)") == {"widest", "wide", "widen", "keep2"}
    kernel.ok("%%span save\nwide['c'] = 1; ag.save.s(wide, 'wide')")
    kernel.ok("%%span last\nx = len(wide)")
    assert kernel.value("inputs('last')") == {"wide": ("wide", False)}
    assert kernel.value("makers('wide')[-1]") == "save"


def test_functions_of_the_notebook_count_by_the_globals_they_read(kernel: Kernel) -> None:
    kernel.ok("%%span base --save lookup\nlookup = pd.DataFrame({'a': [1]})")
    kernel.ok("def inner(): return len(lookup)\ndef outer(n): return inner() + n")
    kernel.ok("%%span call\nx = outer(1)")
    kernel.ok("%%span mapped\nx = list(map(outer, [1]))")
    assert kernel.value("inputs('call')") == kernel.value("inputs('mapped')") == {"lookup": ("lookup", False)}


@pytest.mark.parametrize("code", ["%time x = len(timed)", "%%time\nx = len(timed)", "%%capture out\nx = len(timed)"])
def test_code_under_magics_counts(kernel: Kernel, code: str) -> None:
    kernel.ok("%%span base2 --save timed\ntimed = pd.DataFrame({'a': [1]})")
    kernel.ok(f"%%span magic\n{code}")
    assert kernel.value("inputs('magic')") == {"timed": ("timed", False)}


def test_loaded_scalars_and_lists_are_known_by_their_names(kernel: Kernel) -> None:
    kernel.ok("bystander = 7")
    kernel.ok("ag.save.s(7, 'small'); ag.save.s([1, 2], 'pair'); ag.save.s('text', 'text');")
    kernel.ok("small = ag.load.s('small'); pair = ag.load.s('pair')\ntext = ag.load.s('text')")
    kernel.ok("%%span use\nx = small, pair, text, bystander")
    assert sorted(kernel.value("inputs('use')")) == ["pair", "small", "text"]
    kernel.ok("pair = [1, 2]")
    kernel.ok("%%span rebound\nx = pair")
    assert kernel.value("inputs('rebound'), newest('rebound').untracked") == (
        {},
        [{"name": "pair", "type": "builtins.list"}],
    )


def test_a_list_saved_in_a_later_cell_is_known_by_its_name(kernel: Kernel) -> None:
    kernel.ok("scores = [0.1, 0.2]")
    kernel.ok("ag.save.s(scores, 'scores');")
    kernel.ok("%%span use\nx = scores")
    assert kernel.value("inputs('use')") == {"scores": ("scores", False)}
    kernel.ok("scores.append(3)")
    kernel.ok("%%span use2\nx = scores")
    assert kernel.value("inputs('use2')") == {"scores": ("scores", True)}


def test_only_data_is_listed_as_untracked(kernel: Kernel) -> None:
    kernel.ok("import math, typing\nconfig = {'a': 1}; con = object(); Row = dict[str, int]; Maybe = typing.List[int]")
    kernel.ok("from math import pi, sin\nn = 3; name = 'x'; big = 'y' * 1000; nothing = None; half = math.sqrt")
    kernel.ok("a_span = newest('use'); listing = ag.find(); job = ag.load('pair'); job.close(); func = lambda: 1")
    kernel.ok(
        "%%span list\nx = (math, pi, sin, n, name, big, nothing, half, Row, Maybe, Estimator, len, a_span, listing,"
        " func, In, Out, _, get_ipython, con, config, job, inputs)"
    )
    untracked = kernel.value("newest('list').untracked")
    assert [each["name"] for each in untracked] == ["big", "con", "config"]
    assert untracked[2] == {"name": "config", "type": "builtins.dict"}


def test_an_artifact_deleted_since_does_not_break_the_cell_that_uses_it(kernel: Kernel) -> None:
    kernel.ok("%%span put --save doomed\ndoomed = pd.DataFrame({'a': [1]})")
    kernel.ok("%%span use\nx = len(doomed)\nag.delete_one.s(ag.find('doomed')[0].id)")
    assert kernel.value("newest('use').status, inputs('use')") == ("ok", {})
    kernel.ok("%%span later\nx = len(doomed)")
    assert kernel.value("newest('later').status") == "ok"


def test_hostile_values_break_neither_the_cell_nor_its_span(kernel: Kernel) -> None:
    kernel.ok(
        "class Hostile:\n"
        "    def __getattribute__(self, name): raise RuntimeError(name)\n"
        "    def __repr__(self): raise RuntimeError('repr')\n"
        "    def __eq__(self, other): raise RuntimeError('eq')\n"
        "    __hash__ = None\n"
        "    def __len__(self): raise RuntimeError('len')\n"
        "    def __bool__(self): raise RuntimeError('bool')\n"
    )
    kernel.ok("%%span made\nhostile = Hostile(); nest = [hostile]")
    answer = kernel.ok("%%span reads\nx = [hostile, nest]\n'shown'")
    assert (answer.text, answer.err) == ("'shown'", "")
    assert sorted(kernel.value("inputs('reads')")) == ["hostile", "nest"]


def test_secrets_bound_in_cells_are_not_written(kernel: Kernel) -> None:
    kernel.ok("%%span hide\npassword = 'canary-' * 3\nurl = 'https://me:canary@host/' + 'x' * 300")
    kernel.ok("%%span 'use secrets' --param password\nx = password, url")
    assert sorted(kernel.value("inputs('use secrets')")) == ["password", "url"]
    kernel.ok("import gc; gc.collect();")
    for file in kernel.folder.glob("kernel.db*"):
        data = file.read_bytes()
        assert b"canary-canary" not in data
        assert b"me:canary" not in data


def test_two_kernels_on_one_database_keep_their_values_apart(kernel: Kernel, tmp_path: Path) -> None:
    kernel.ok("%%span here --save shared\nshared = pd.DataFrame({'a': [1]})")
    with kernel_in(
        tmp_path,
        load="%load_ext artigraph_jupyter\n%artigraph connect sqlite:///{file}\nimport artigraph as ag",
        file=str(kernel.folder / "kernel.db"),
    ) as other:
        other.ok("%%span there\nshared = ag.load.s('shared')\nn = len(shared)")
        other.ok("%%span there2\nm = len(shared)")
        assert other.value("inputs('there2')") == {"shared": ("shared", False)}
    assert kernel.value("inputs('there')") == {"shared": ("shared", False)}
    assert kernel.value("newest('there').status") == "ok"
