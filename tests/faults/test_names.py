"""Rows 18 and 19: labels, tags and targets that were made to hurt."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import artigraph as ag
from artigraph.bridge import block
from artigraph.errors import ArtigraphError, InvalidLabelError, NodeNotFoundError
from artigraph.graph.engine import current_database
from artigraph.persist.tags import read_tags
from tests.faults.conftest import amount
from tests.faults.oracle import look

PATHS = (
    *("../../etc/passwd", "/etc/passwd", "..\\..\\x", "%2e%2e/%2e%2e/x", "a/../../b", "~", "~root/x", "C:", "C:\\x"),
    *("con", "nul", "x.", "x. ", ".", "..", "...", "file:///etc/passwd", "?..", "#..", "//host/share", "a//b", "./x"),
    *("\\\\?\\C:\\x", "a\nb", "a\tb", "-rf", "--help", "$(id)", "`id`", "; rm -rf x", "|x", "*", "[a-z]", "x" * 255),
    *("\u202egnp.exe", "e\u0301", "\u00e9", "\U0001f469\u200d\U0001f467", "\u0130", "\uff052e", "\ufeffx", " lead"),
    *("trail ", "' OR 1=1 --", '"; DROP TABLE artigraph_node'),
)
"""Names that mean something to a file system, a shell, a URL, a terminal or a database."""

REFUSED = ("", "x" * 256, "a\0b", "\ud800", "a\udfffb", "x" * 1_000_000)


@pytest.fixture
def place(folder):
    """An open store with nothing in it."""
    reset = ag.set_engine(f"sqlite:///{folder / 'x.db'}", create_tables=True, durability="off")
    ag.FileSystemStorage(folder / "x.blobs", name="blobs").register(replace=True)
    database = current_database()
    block(database.prepare, create=True)
    yield folder
    reset()
    block(database.close)
    assert look(folder / "x.db").is_whole


def outside(folder: Path) -> list[str]:
    """Files whose name is not one that the store itself gives."""
    ours = re.compile(r"x\.db(-wal|-shm)?|x\.blobs/(tmp/)?|x\.blobs/[0-9a-f]{2}/[0-9a-f]{62}")
    names = [str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file()]
    return [name for name in names if not ours.fullmatch(name)]


@pytest.mark.row(18, 19)
@pytest.mark.parametrize("number", range(len(PATHS)))
def test_a_hostile_name_is_only_a_name(number, place):
    name = PATHS[number]
    node = ag.save([number], name, storage="blobs", tags={name: name})
    with ag.span_context(name) as span:
        ag.create_span_artifact(span, label=name, data=number, spec=ag.SaveSpec(storage="blobs"))
    assert ag.load(node) == [number]
    assert ag.read_span_artifact(span, name) == number
    assert read_tags(node) == {name: name}
    assert {found.label for found in ag.find(tags={name: name})} == {name}
    assert ag.delete(ag.OrmNode, ag.NodeFilter(label=name)) == 3
    assert len(ag.find()) == 0
    assert outside(place) == []


@pytest.mark.row(18)
@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_a_name_that_no_database_could_keep_is_refused_everywhere(number, place):
    name = REFUSED[number]
    for tries in (
        lambda: ag.save(1, name),
        lambda: ag.save(1, tags={name: "x"}),
        lambda: ag.write_one(ag.Artifact(value=1, label=name)),
        lambda: ag.span_context(name).__enter__(),
    ):
        with pytest.raises(InvalidLabelError):
            tries()
    with pytest.raises(NodeNotFoundError):
        ag.load(name)
    assert len(ag.find()) == 0


@pytest.mark.row(18, 21)
def test_any_text_is_kept_as_it_is_or_refused_and_matches_nothing_but_itself(place, record_property):
    kept: dict[str, object] = {}

    @settings(max_examples=amount(100, 3000), deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.text(max_size=30) | st.text(st.sampled_from("%_[]*?\\'\"a"), max_size=6))
    def save(label):
        try:
            kept[label] = ag.save(len(kept), label)
        except InvalidLabelError:
            assert label == "" or "\0" in label or any("\ud800" <= c <= "\udfff" for c in label)
            return
        found = ag.read(ag.Node, ag.NodeFilter(label=label))
        assert {node.label for node in found} == {label}
        assert kept[label] in {node.id for node in found}

    save()
    record_property("cases", amount(100, 3000))
    assert kept


@pytest.mark.row(19)
def test_what_is_asked_for_never_becomes_a_path(place):
    for name in (*PATHS, *REFUSED):
        with pytest.raises(ArtigraphError):
            ag.load(name)
        with pytest.raises(ArtigraphError):
            ag.save(1, storage=name)
        with pytest.raises(ArtigraphError):
            ag.save(1, serializer=name)
    assert outside(place) == []
