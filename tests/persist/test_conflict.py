from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from sqlalchemy import delete, select

import artigraph as ag
from artigraph.bridge import ask
from artigraph.errors import DatabaseCorruptError, ImmutableError, LabelTakenError
from artigraph.graph.schema import LINK, NODE
from artigraph.model.pydantic import PydanticModel
from artigraph.persist.find import resolve
from tests.stores import blobs


@dataclass
class HeldPart(ag.ArtifactModel):
    x: Any


@dataclass
class Holder(ag.ArtifactModel):
    part: Any
    note: str = ""


class Growing(PydanticModel, extra="allow"):
    a: int


def saved(*parts: Any) -> list[Any]:
    ag.write_many(parts)
    return list(parts)


def test_a_changed_model_is_refused_unless_told_what_to_do(store):
    [part] = saved(HeldPart(1))
    part.x = 2
    with pytest.raises(ImmutableError, match="on_conflict='replace'"):
        part.save()
    assert HeldPart.load(part.id) == HeldPart(1)


def test_replace_writes_new_fields_and_removes_the_old_ones(store):
    [part] = saved(HeldPart([1, 2]))
    [old] = ag.read(ag.Link, ag.LinkFilter(source=part))
    part.x = [3]
    part.save(on_conflict="replace")
    [new] = ag.read(ag.Link, ag.LinkFilter(source=part))
    assert HeldPart.load(part.id) == HeldPart([3])
    assert new.target_id != old.target_id
    assert not ag.exists(ag.Node, ag.NodeFilter(id=old.target_id))
    part.save()


def test_the_label_of_a_user_s_link_is_taken_for_a_part_that_replace_adds(store):
    grown, note = saved(Growing(a=1), ag.Node("note"))
    ag.write_one(ag.Link(grown, note, "b"))
    grown.b = 2
    with pytest.raises(LabelTakenError, match="'b' is taken"):
        grown.save(on_conflict="replace")
    assert Growing.load(grown.id).model_extra == {}


def test_replace_removes_the_blob_that_nobody_needs_any_more(file_store):
    [part] = saved(HeldPart(np.zeros(100_000)))
    part.x = np.ones(100_000)
    part.save(on_conflict="replace")
    assert len(blobs(file_store)) == 1
    assert np.array_equal(HeldPart.load(part.id).x, part.x)


def test_ignore_keeps_what_is_stored_and_says_so(store):
    [part] = saved(HeldPart(1))
    part.x = 2
    whole = Holder(part)
    whole.save(on_conflict="ignore")
    assert Holder.load(whole.id) == Holder(HeldPart(1))
    part.x = 1
    whole.save()  # the stored whole has the digest of what is stored


def test_replacing_a_nested_model_digests_its_holders_again(file_store):
    inner = HeldPart(1)
    middle = Holder(inner, "middle")
    outer, other = saved(Holder(middle, "outer"), Holder(inner, "other"))
    inner.x = 2
    inner.save(on_conflict="replace")
    assert Holder.load(outer.id).part.part.x == Holder.load(other.id).part.x == 2
    ag.write_many([outer, middle, other])  # their digests are those of the new content: nothing to do


def test_a_nested_model_that_nobody_else_holds_is_replaced_in_place(store):
    [outer] = saved(Holder(HeldPart(1)))
    part_id = outer.part.id
    outer.part.x = 2
    outer.save(on_conflict="replace")
    assert outer.part.id == part_id
    assert Holder.load(outer.id) == Holder(HeldPart(2))
    assert len(ag.read(HeldPart)) == 1


def test_a_nested_model_that_others_hold_is_not_changed_through_a_parent(store):
    shared = HeldPart(1)
    one, two = saved(Holder(shared, "one"), Holder(shared, "two"))
    old_id = shared.id
    shared.x = 2
    one.save(on_conflict="replace")
    assert Holder.load(one.id).part.x == 2
    assert Holder.load(two.id).part.x == HeldPart.load(old_id).x == 1
    assert shared.id != old_id
    one.save()


def test_a_part_saved_by_itself_before_stays_when_its_whole_lets_go_of_it(store):
    [part] = saved(HeldPart(1))
    [whole] = saved(Holder(part))
    whole.part = None
    whole.save(on_conflict="replace")
    assert HeldPart.load(part.id) == HeldPart(1)


def test_a_container_can_grow_by_replacing(store):
    [whole] = saved(Holder([HeldPart(1)]))
    whole.part.append(HeldPart(2))
    whole.save(on_conflict="replace")
    assert Holder.load(whole.id) == Holder([HeldPart(1), HeldPart(2)])
    assert len(ag.read(HeldPart)) == 2


def test_an_artifact_of_the_same_content_is_nothing_to_do_and_of_other_content_an_error(store):
    thing = ag.Artifact(value=1, label="n")
    thing.save()
    thing.save()
    other = ag.Artifact(value=2, id=thing.id)
    for on_conflict in ("raise", "replace"):
        with pytest.raises(ImmutableError):
            other.save(on_conflict=on_conflict)
    other.save(on_conflict="ignore")
    assert ag.load("n") == 1


async def test_a_label_means_the_newest_that_has_it(store):
    await ag.save(1, "n")
    newest = await ag.save(2, "n")
    assert await ask(resolve, "n") == newest
    assert len(await ag.read(ag.Artifact, ag.NodeFilter(label="n"))) == 2


def lose(label: str) -> None:
    """Damage the database: everything that is held under this label is gone."""
    with ag.current_session() as group:
        targets = group.scalars(select(LINK.c.target_id).where(LINK.c.label == label))
        group.execute(delete(NODE).where(NODE.c.id.in_(targets)))


@pytest.mark.parametrize(
    ("part", "lost"),
    [
        (7, "part"),
        (HeldPart(7), "part"),
        (HeldPart(7), "x"),
        ([HeldPart(1), HeldPart(2)], "1"),
        ({"a": np.arange(3)}, "a"),
        (np.arange(3), "note"),
    ],
)
@pytest.mark.parametrize("on_conflict", ["raise", "replace", "ignore"])
def test_a_model_that_lost_a_part_says_so_and_is_whole_when_it_is_saved_again(store, part, lost, on_conflict):
    holder = Holder(part, "n")
    holder.save()
    lose(lost)
    with pytest.raises(DatabaseCorruptError, match="has not the parts that it was saved with"):
        Holder.load(holder.id)
    assert {problem.kind for problem in ag.verify().problems} == {"incomplete"}
    holder.save(on_conflict=on_conflict)
    assert ag.verify().ok
    assert repr(Holder.load(holder.id)) == repr(holder)


def test_saving_a_damaged_part_does_not_make_its_damaged_whole_look_whole(store):
    holder = Holder(HeldPart(1), "n")
    holder.save()
    lose("note")
    lose("x")
    holder.part.save()
    with pytest.raises(DatabaseCorruptError, match="Holder"):
        Holder.load(holder.id)
    holder.save()
    assert Holder.load(holder.id) == holder
