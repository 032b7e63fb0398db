"""What is said of a span is kept as JSON has it, whatever it is."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest

import artigraph as ag
from artigraph.span.jsonable import SHOWN, jsonable


class Colour(Enum):
    RED = object()


class Word(str, Enum):  # noqa: UP042 - the two are kept alike
    ONE = "one"


class Level(IntEnum):
    HIGH = 3


class Hostile:
    def __repr__(self) -> str:
        raise RuntimeError("no")

    @property
    def shape(self) -> Any:
        raise RuntimeError("no")


ID = UUID(int=1)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (np.int64(3), 3),
        (np.float32(0.5), 0.5),
        (np.float64(0.5), 0.5),
        (np.bool_(True), True),
        (np.str_("a"), "a"),
        (np.array(2), 2),
        (np.datetime64("2024-02-29"), "2024-02-29"),
        (datetime(2024, 2, 29, tzinfo=UTC), "2024-02-29T00:00:00+00:00"),
        (Path("a/b"), "a/b"),
        (ID, str(ID)),
        (Decimal("1.10"), "1.10"),
        (Colour.RED, "RED"),
        (Level.HIGH, 3),
        (Word.ONE, "one"),
        ({2, 1}, [1, 2]),
        ((1, (2,)), [1, [2]]),
        (b"ab", "b'ab'"),
        ({(1, "a"): 1, 2: Colour.RED, None: 0}, {"(1, 'a')": 1, "2": "RED", "None": 0}),
        (int, "builtins.int"),
        (len, "builtins.len"),
        (timedelta(1), "datetime.timedelta(days=1)"),
        ("\ud800", "\\ud800"),
        (Hostile(), "<Hostile: RuntimeError>"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_it_is_kept_as_json_has_it(value: Any, kept: Any) -> None:
    found = jsonable(value)
    assert found == kept
    assert type(found) is type(kept)


def test_it_is_bounded() -> None:
    endless: list[Any] = []
    endless.append(endless)
    assert len(str(jsonable(endless))) < 1000
    assert len(jsonable(b"x" * 10_000)) <= SHOWN
    assert len(jsonable(np.arange(100_000))) <= SHOWN


def test_facts_of_any_kind_are_kept(url: str) -> None:
    facts = {
        "n": np.int64(3),
        "day": date(2024, 2, 29),
        "at": Path("x"),
        ("a", 1): {b"b"},
        "bad": Hostile(),
        "": "\0",
    }
    with ag.span_context(ag.Run("fit", params=facts, environment=facts, info=facts)) as run:
        pass
    stored: Any = ag.read_span.s(run)
    assert stored.params == stored.info == stored.environment == jsonable(facts)
    assert stored.params["n"] == 3
