from __future__ import annotations

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

import artigraph as ag
from artigraph.errors import NodeNotFoundError


class RolledBackError(Exception):
    """What a user's block raises."""


def saved(key: str = "k") -> ag.Artifact:
    artifact = ag.Artifact(value=5, key=key)
    artifact.save()
    return artifact


def test_what_was_not_kept_after_all_is_saved_again(store):
    artifact = ag.Artifact(value=5, key="k")
    with pytest.raises(RolledBackError), ag.current_session():  # noqa: PT012 - the block is the point
        artifact.save()
        assert artifact.version == 1
        artifact.description = "said in the block"
        artifact.save()
        raise RolledBackError
    assert (artifact.uid, artifact.version, artifact.hash) == (None, None, None)
    assert artifact.description == "said in the block"
    artifact.save()
    assert ag.load("k") == 5
    assert ag.Artifact.get(key="k").description == "said in the block"


def test_a_new_name_that_was_rolled_back_is_given_again(store):
    artifact = saved()
    with pytest.raises(RolledBackError), ag.current_session():  # noqa: PT012 - the block is the point
        artifact.key = "other"
        artifact.save()
        raise RolledBackError
    assert ag.load("k") == 5
    artifact.save()
    assert ag.load("other") == 5


def test_content_that_was_rolled_back_is_written_again(store, tmp_path):
    for text in "56":
        (tmp_path / text).write_text(text)
    artifact = ag.Artifact(tmp_path / "5", key="k.txt").save()
    artifact.replace(tmp_path / "6")
    with pytest.raises(RolledBackError), ag.current_session():  # noqa: PT012 - the block is the point
        artifact.save()
        raise RolledBackError
    assert ag.load("k.txt") == "5"
    artifact.save()
    assert ag.load("k.txt") == "6"


def test_a_deletion_that_was_rolled_back_did_not_happen(store):
    artifact, gone = saved(), saved("gone")
    held = ag.Collection([artifact], key="both").save()
    with pytest.raises(RolledBackError), ag.current_session():  # noqa: PT012 - the block is the point
        artifact.delete()
        gone.delete(permanent=True)
        held.delete()
        raise RolledBackError
    assert (artifact.trashed_at, gone.is_latest, held.trashed_at) == (None, True, None)
    artifact.delete()
    assert artifact.trashed_at is not None


def test_a_collection_that_was_rolled_back_is_saved_again(store):
    held = ag.Collection([saved()], key="both")
    with pytest.raises(RolledBackError), ag.current_session():  # noqa: PT012 - the block is the point
        held.save()
        raise RolledBackError
    held.save()
    assert ag.Collection.get(held.uid).artifacts == held.artifacts


def test_what_is_committed_stays_as_it_is(store):
    with ag.current_session():
        artifact = saved()
    with pytest.raises(RolledBackError), ag.current_session():
        raise RolledBackError
    assert (artifact.version, ag.load("k")) == (1, 5)


async def test_a_session_of_the_caller_that_is_rolled_back_takes_handles_along(file_store):
    engine = ag.get_engine()
    artifact = ag.Artifact(value=5, key="k")
    async with AsyncSession(engine) as session:
        await artifact.save(session=session)
        await session.rollback()
        assert artifact.uid is None
        await artifact.save(session=session)
    assert artifact.uid is None  # closed without a commit
    async with AsyncSession(engine) as session:
        await artifact.save(session=session)
        await session.commit()
        uid = artifact.uid
        async with session.begin_nested() as inner:
            await artifact.delete(session=session)
            await inner.rollback()
        assert artifact.trashed_at is None
        async with session.begin_nested():
            await artifact.delete(session=session)
        assert artifact.trashed_at is not None
        await session.rollback()
    assert (artifact.uid, artifact.trashed_at) == (uid, None)
    assert await ag.load("k") == 5
    with pytest.raises(NodeNotFoundError):
        await ag.load("other")
    await engine.dispose()
