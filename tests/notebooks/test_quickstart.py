"""The quickstart notebook, run once in a kernel (its join cell twice), and what it leaves in the database."""

from __future__ import annotations

import copy
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

import artigraph as ag
from artigraph.errors import NotKeptError, UnknownStorageError
from notebooks import run_demo

ROOT = Path(__file__).parents[2]
STEPS = ["load", "clean", "join", "split", "train", "evaluate"]
MADE = {
    "load": {"flights", "weather", "planes"},
    "clean": {"arrived", "hourly", "fleet"},
    "join": {"joined"},
    "split": {"train_set", "test_set"},
    "train": {"estimator"},
    "evaluate": {"metrics"},
}

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def committed() -> nbformat.NotebookNode:
    return nbformat.read(run_demo.NOTEBOOK, as_version=4)


@pytest.fixture(scope="module")
def folder(committed: nbformat.NotebookNode, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the notebook ran, with its join cell once more at the end."""
    notebook = copy.deepcopy(committed)
    (again,) = (copy.deepcopy(cell) for cell in notebook.cells if cell.source.startswith("%%span join"))
    again.id = "join-again"
    notebook.cells.append(again)
    folder = tmp_path_factory.mktemp("quickstart")
    run_demo.execute(notebook, folder)
    return folder


@pytest.fixture
def store(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The database of the notebook, opened from this process, which knows none of its classes."""
    monkeypatch.chdir(folder)
    reset = ag.set_engine("sqlite:///artigraph.db")
    yield
    reset()


def output(folder: Path, cell_id: str) -> str:
    """What a cell printed, or showed as text."""
    executed = nbformat.read(folder / run_demo.NOTEBOOK.name, as_version=4)
    (cell,) = (cell for cell in executed.cells if cell.id == cell_id)
    return "".join(each.get("text") or each.data["text/plain"] for each in cell.outputs)


def spans() -> list[ag.Span]:
    return ag.read.s(ag.Span)


def test_every_step_is_a_span_that_ended_well(store: None):
    assert [(span.label, span.status) for span in spans()] == [(step, "ok") for step in [*STEPS, "join"]]
    assert all("%%span" in (span.source or "") for span in spans())
    assert not any(span.untracked for span in spans())


def test_every_step_made_what_it_says(store: None):
    for span in spans():
        made = ag.view_lineage.s(span, upstream=0, downstream=1)
        assert {node.label for node in made.nodes} - {span.label} == MADE[span.label or ""]


def test_the_metric_leads_back_to_every_raw_table_through_every_step(store: None):
    lineage = ag.view_lineage.s("metrics", upstream=50, downstream=0)
    label = {node.id: node.label for node in lineage.nodes}
    arrows = {(label[edge.source], label[edge.target]) for edge in lineage.edges}
    assert arrows == {
        *((step, made) for step, all_made in MADE.items() for made in all_made),
        *((raw, "clean") for raw in MADE["load"]),
        *((clean, "join") for clean in MADE["clean"]),
        ("joined", "split"),
        ("train_set", "train"),
        ("estimator", "evaluate"),
        ("test_set", "evaluate"),
    }
    assert lineage.hidden == 0


def test_the_estimator_is_a_trace_that_cannot_be_loaded(store: None):
    lineage = ag.view_lineage.s("metrics", upstream=3)
    (estimator,) = (node for node in lineage.nodes if node.label == "estimator")
    assert estimator.kind == "trace"
    assert estimator.type_name == "sklearn.HistGradientBoostingClassifier"
    with pytest.raises(NotKeptError, match="estimator"):
        ag.load.s(estimator.id)


def test_a_join_that_ran_twice_has_the_same_inputs_and_is_not_upstream_of_itself(store: None):
    first, second = (span for span in spans() if span.label == "join")
    assert inputs(first) == inputs(second)
    assert len(inputs(first)) == 3
    upstream = ag.view_lineage.s(second, upstream=50, downstream=1)
    assert [node.id for node in upstream.nodes if node.label == "join"] == [str(second.id)]
    assert sum(node.label == "joined" for node in upstream.nodes) == 1
    assert {node.label for node in upstream.nodes} == {"load", "clean", "join", "joined"} | MADE["load"] | MADE["clean"]


def inputs(span: ag.Span) -> set[tuple[object, str | None, bool]]:
    links = ag.read.s(ag.Link, ag.LinkFilter(target=span, kind="input"))
    return {(link.source_id, link.role, link.changed) for link in links}


def test_frames_are_parquet_in_the_folder_of_the_notebook(store: None, folder: Path):
    kept = ag.read.s(ag.OrmRemoteArtifact)
    assert {(each.artifact_serializer, each.remote_artifact_storage) for each in kept} == {
        ("pandas.parquet/1", "frames")
    }
    blobs = [folder / "frames.blobs" / each.remote_artifact_location for each in kept]
    assert len(blobs) == 11
    assert all(blob.read_bytes()[:4] == b"PAR1" for blob in blobs)
    assert len(set(blobs)) == 10, "the second join made the same bytes, which are kept once"


def test_without_its_storage_a_table_says_which_one_to_name(store: None):
    record = ag.load.s("test_set", registry=ag.Registry(modules=["artigraph.serializer"]))
    with pytest.raises(UnknownStorageError, match="'frames'"):
        record["frame"]


def test_another_process_gets_the_same_frame_and_metric(folder: Path):
    there = output(folder, "fresh").partition("there:")[2].strip()
    here = output(folder, "same").removeprefix("here:").strip()
    assert there == here
    code = (
        "import artigraph as ag; ag.set_engine('sqlite:///artigraph.db');"
        "ag.FileSystemStorage('frames.blobs', name='frames').register();"
        'print(f\'AUC {ag.load("metrics")["auc"]!r}, {len(ag.load("test_set")["frame"]):,} rows\')'
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert here.startswith(done.stdout.strip())


def test_all_flights_go_in(folder: Path):
    assert "(336776, 19)" in output(folder, "load")
    assert "82,609 rows" in output(folder, "same")


def test_the_report_of_the_demo_says_where_and_how_much_and_from_what(folder: Path):
    said = run_demo.report(folder)
    assert f"database           {folder / 'artigraph.db'}\n" in said
    assert re.search(r"\d+ nodes, \d+ links\n", said)
    assert re.search(r"[\d,]{10,}: [\d,]+ in the file, [\d,]{10,} in 10 blobs", said)
    tree = said.split("lineage of 'metrics'\n")[1]
    assert all(f"▷ {step}" in tree for step in STEPS)
    assert all(f"▤ {raw} v1" in tree for raw in MADE["load"])
    assert "○ estimator" in tree


@pytest.mark.needs_program("dot")
def test_the_picture_in_the_documentation_is_that_of_the_notebook(folder: Path):
    drawn = run_demo.lineage(folder).to_svg(theme="light")
    kept = (ROOT / "docs/images/lineage.svg").read_text(encoding="utf-8")
    assert texts(drawn) == texts(kept) != []


def texts(svg: str) -> list[str]:
    """What is written in a picture; the tooltips, which tell times, left out."""
    return sorted(re.findall(r"<text[^>]*>([^<]+)</text>", svg))


def test_the_committed_notebook_shows_outputs_of_nobodys_machine_and_has_no_top_level_await(
    committed: nbformat.NotebookNode,
):
    code = [cell for cell in committed.cells if cell.cell_type == "code"]
    assert sum("nbval-check-output" in cell.metadata.get("tags", []) for cell in code) >= 8
    for cell in code:
        assert "await" not in cell.source
        assert not re.search(r"/(tmp|root|Users|var)/", str(cell.outputs)), cell.id


def test_no_step_reloads_what_a_cell_before_left_in_a_variable(committed: nbformat.NotebookNode):
    steps = [cell.source for cell in committed.cells if cell.source.startswith("%%span")]
    assert [step.split()[1] for step in steps] == STEPS
    assert not any("load" in line for step in steps for line in step.splitlines()[1:])


def test_a_cell_that_fails_ends_the_demo_and_leaves_the_notebook(tmp_path: Path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0")])
    with pytest.raises(run_demo.CellExecutionError, match="ZeroDivisionError"):
        run_demo.execute(notebook, tmp_path)
    (cell,) = nbformat.read(tmp_path / run_demo.NOTEBOOK.name, as_version=4).cells
    assert cell.outputs[0].ename == "ZeroDivisionError"
