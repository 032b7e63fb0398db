"""Two that take one key at the same time: one has it, the other is told so and keeps its own."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

import artigraph as ag
from artigraph import Collection
from artigraph.errors import NameTakenError
from tests.artifact.keyed import kept


async def outcome(handle: Any) -> str:
    try:
        await handle.save()
    except NameTakenError:
        return "taken"
    return "saved"


@pytest.mark.parametrize("kind", ["artifact", "collection"])
async def test_of_two_that_take_a_key_one_has_it(store: Any, tmp_path: Path, kind: str) -> None:
    made: list[Any] = [kept(tmp_path, name, name) for name in ("one", "two")]
    if kind == "collection":
        made = [await Collection([each], key=each.key).save() for each in made]
    for turn in range(5):
        before = [each.key for each in made]
        for each in made:
            each.key = f"turn-{turn}"
        outcomes = await asyncio.gather(*map(outcome, made))
        assert sorted(outcomes) == ["saved", "taken"]
        found = [await type(each).get(each.uid) for each in made]
        kept_keys = [f"turn-{turn}" if said == "saved" else old for said, old in zip(outcomes, before, strict=True)]
        assert [each.key for each in found] == kept_keys
        made = found


def test_a_key_that_changes_back_is_free_again(store: Any, tmp_path: Path) -> None:
    one, two = kept(tmp_path, "one", "one"), kept(tmp_path, "two", "two")
    one.key = "three"
    one.save()
    two.key = "one"
    two.save()
    assert (ag.Artifact.get(key="one"), ag.Artifact.get(key="three")) == (two, one)
