from __future__ import annotations

import pytest

from artigraph.persist import progress as module
from artigraph.persist.progress import SWITCH, bar_of, progress

pytest.importorskip("tqdm", exc_type=ImportError)


def test_work_that_takes_longer_shows_a_bar_and_short_work_none(capsys, monkeypatch):
    assert list(progress(range(3), "hashing")) == [0, 1, 2]
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(module, "AFTER", 0)
    assert list(progress(range(3), "hashing")) == [0, 1, 2]
    assert "hashing" in capsys.readouterr().err


def test_bars_are_switched_off_by_a_setting(capsys, monkeypatch):
    monkeypatch.setattr(module, "AFTER", 0)
    monkeypatch.setenv(SWITCH, "0")
    assert list(progress(range(3), "hashing")) == [0, 1, 2]
    assert bar_of("copying", 3, "B") is None
    assert capsys.readouterr().err == ""
