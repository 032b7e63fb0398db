from __future__ import annotations

import pytest

from artigraph.persist import piece
from artigraph.persist import progress as module
from artigraph.persist.progress import SWITCH, progress
from artigraph.storage.file import FileSystemStorage

pytest.importorskip("tqdm", exc_type=ImportError)


@pytest.fixture
def at_once(monkeypatch):
    """Bars are shown without waiting."""
    monkeypatch.setattr(module, "AFTER", -1)


def test_short_work_shows_no_bar(capsys):
    assert list(progress(range(3), "hashing")) == [0, 1, 2]
    assert capsys.readouterr().err == ""


def test_work_that_takes_longer_shows_a_bar(capsys, at_once):
    assert list(progress(range(3), "hashing")) == [0, 1, 2]
    assert "hashing" in capsys.readouterr().err


def test_bars_are_switched_off_by_a_setting(capsys, at_once, monkeypatch):
    monkeypatch.setenv(SWITCH, "0")
    assert list(progress(range(3), "hashing")) == [0, 1, 2]
    assert capsys.readouterr().err == ""


def test_a_big_file_shows_how_far_it_is(capsys, at_once, tmp_path):
    (tmp_path / "big").write_bytes(bytes(5_000_000))
    storage = FileSystemStorage(tmp_path / "storage")
    taken = piece.taken(tmp_path / "big", storage)
    assert "copying" in capsys.readouterr().err
    assert piece.hashed(tmp_path / "big").digest == taken.digest
    assert "hashing" in capsys.readouterr().err
    taken.drop()
