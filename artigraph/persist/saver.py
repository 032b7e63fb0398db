"""``save_one`` and ``new_saver``: what is saved comes back as records, many things at once in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from sqlalchemy.ext.asyncio import AsyncSession

from artigraph.bridge import dual
from artigraph.contract import checked
from artigraph.graph.current import open_span
from artigraph.ids import new_id
from artigraph.persist.future import Batch, Future
from artigraph.persist.save import Outcome, SaveOptions, SaveRequest, save_many
from artigraph.persist.spec import OnConflict, OnError, SaveRecord, SaveSpec, is_collecting, is_savable
from artigraph.registry import Registry
from artigraph.serializer.base import Serializer
from artigraph.storage.base import Storage


@dual
async def save_one(
    value: Any,
    *,
    label: str | None = None,
    tags: Mapping[str, str] | None = None,
    serializer: Serializer[Any] | str | None = None,
    storage: Storage | str | type | None = None,
    on_conflict: OnConflict = "raise",
    session: AsyncSession | None = None,
    registry: Registry | None = None,
) -> SaveRecord:
    """Save a value or model as ``artigraph.save`` does, and give back the record of it.

    Args:
        value: what to save.
        label: a name to find it by, 1-255 characters.
        tags: tag name -> value.
        serializer: an instance, or a registered name; inferred when None.
        storage: an instance, a registered name, or a class with one registered instance; by size when None.
        on_conflict: what to do with a model that was saved before and has changed: "raise", "replace", "ignore".
        session: a session of yours, which you commit.
        registry: where to look for serializers and storages.

    Returns:
        Its id, label, hash, size and tags; ``load_one`` takes it.

    Raises:
        UnserializableError, InvalidLabelError, CycleError, ImmutableError: nothing was written.
    """
    spec = SaveSpec(serializer, storage, dict(checked("tags", tags or {}, Mapping, "a dict of names and texts")))
    request = SaveRequest(value, label, spec)
    return (await save_many([request], SaveOptions(on_conflict, session, registry)))[0]


def new_saver(
    *,
    session: AsyncSession | None = None,
    registry: Registry | None = None,
    on_conflict: OnConflict = "raise",
    on_error: OnError = "raise",
) -> Saver:
    """A saver, for ``with`` or ``async with``: what its ``save_soon`` was given is saved at the end of the block.

    All is saved together, in one transaction. When the block raises, nothing is.

    Args:
        session: a session of yours, which you commit.
        registry: where to look for serializers and storages.
        on_conflict: what to do with models that were saved before and have changed: "raise", "replace", "ignore".
        on_error: "raise": when something cannot be saved, nothing is, and the end of the block raises: one failure as
            itself, several as an ExceptionGroup. "collect": the rest is saved, and only the futures raise.

    Raises:
        InvalidOptionError: ``on_conflict`` or ``on_error`` is something else.
    """
    outcome = Outcome(collect=is_collecting(on_error))
    return Saver(SaveOptions(on_conflict, registry=registry, outcome=outcome), session)


class Saver:
    """Collects what is to be saved; see ``new_saver``."""

    def __init__(self, options: SaveOptions, session: AsyncSession | None) -> None:
        self._options, self._session = options, session
        self._batch = Batch("saver")
        self._requests: list[SaveRequest] = []
        self._futures: list[Future[SaveRecord]] = []

    def save_soon(
        self,
        value: Any,
        label: str | None = None,
        *,
        tags: Mapping[str, str] | None = None,
        serializer: Serializer[Any] | str | None = None,
        storage: Storage | str | type | None = None,
    ) -> Future[SaveRecord]:
        """Have a value or model saved at the end of the block; inside an open span it becomes its output.

        Arguments are those of ``save_one``. Async iterables are gone through at the end of the block.

        Returns:
            The record to come; its ``node_id`` is known at once.

        Raises:
            UnfinishedError: the block is not open.
        """
        self._batch.check_open()
        known = bool(is_savable(value) and value.graph_known)
        node_id = value.graph_id if is_savable(value) else new_id()
        spec = SaveSpec(serializer, storage, dict(checked("tags", tags or {}, Mapping, "a dict of names and texts")))
        future: Future[SaveRecord] = Future(node_id, self._batch)
        known = known or self._session is not None
        self._requests.append(SaveRequest(value, label, spec, node_id, known, open_span()))
        self._futures.append(future)
        return future

    async def __aenter__(self) -> Self:
        self._batch.enter()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None and self._requests:
                await _save_all.a(self._requests, self._options, session=self._session)
        except BaseException as failure:
            error = failure
            raise
        finally:
            self._settle(error)

    def __enter__(self) -> Self:
        self._batch.enter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None and self._requests:
                _save_all.s(self._requests, self._options, session=self._session)
        except BaseException as failure:
            error = failure
            raise
        finally:
            self._settle(error)

    def _settle(self, error: BaseException | None) -> None:
        outcome = self._options.outcome
        done = {**outcome.records, **outcome.failures}
        self._batch.settle(self._futures, lambda future: done[future.node_id], error)
        for future in self._futures:
            if future.node_id in outcome.records:  # a migrated model became a node of its own
                future.node_id = outcome.records[future.node_id].id


@dual
async def _save_all(requests: list[SaveRequest], options: SaveOptions, *, session: AsyncSession | None) -> None:
    await save_many(requests, replace(options, session=session))
