"""``load_one`` and ``new_loader``: what records speak of, many at once in as many statements as one."""

from __future__ import annotations

from dataclasses import replace
from types import TracebackType
from typing import Any, Self, TypeVar, get_origin, overload
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from artigraph.bridge import dual
from artigraph.errors import NodeNotFoundError, WrongModelError, as_one
from artigraph.ids import as_id
from artigraph.persist.find import resolve
from artigraph.persist.future import Batch, Future
from artigraph.persist.load import FAILED, LoadOptions, load_each, load_many
from artigraph.persist.spec import OnError, is_collecting
from artigraph.registry import Registry

T = TypeVar("T")


@dual
async def load_one(
    target: Any,
    type: Any = None,
    *,
    session: AsyncSession | None = None,
    registry: Registry | None = None,
    track: bool = True,
) -> Any:
    """Load what a record speaks of; in an open span it becomes its input.

    Args:
        target: a record of a save, an id, its text, or a label (the newest that has it).
        type: the class it has to be of; None: any.
        session: a session of yours.
        registry: where to look for serializers, storages and models.
        track: False keeps it out of the span's inputs.

    Raises:
        NodeNotFoundError: it is not there.
        WrongModelError: it is something else than ``type``.
        BlobMissingError, BlobCorruptError: its bytes are gone or changed.
    """
    node_id = await resolve(target, session=session)
    [value] = await load_many([node_id.bytes], LoadOptions(session, knowing(registry, type), track))
    return checked(value, type, node_id)


def new_loader(
    *,
    session: AsyncSession | None = None,
    registry: Registry | None = None,
    track: bool = True,
    on_error: OnError = "raise",
) -> Loader:
    """A loader, for ``with`` or ``async with``: what its ``load_soon`` was asked for is loaded at the end of the block.

    All is loaded together: one statement per level of nesting, whatever their number.

    Args:
        session: a session of yours.
        registry: where to look for serializers, storages and models.
        track: False keeps it out of the inputs of the open span.
        on_error: "raise": the end of the block raises when something cannot be loaded, one failure as itself, several
            as an ExceptionGroup. "collect": only the futures raise.

    Raises:
        InvalidOptionError: ``on_error`` is something else.
    """
    return Loader(LoadOptions(registry=registry, track=track), session, collect=is_collecting(on_error))


class Loader:
    """Collects what is to be loaded; see ``new_loader``."""

    def __init__(self, options: LoadOptions, session: AsyncSession | None, *, collect: bool) -> None:
        self._options, self._session, self._collect = options, session, collect
        self._batch = Batch("loader")
        self._asked: list[tuple[Future[Any], Any]] = []
        self._done: dict[Future[Any], Any] = {}

    @overload
    def load_soon(self, target: Any, type: type[T]) -> Future[T]: ...
    @overload
    def load_soon(self, target: Any, type: Any = None) -> Future[Any]: ...
    def load_soon(self, target: Any, type: Any = None) -> Future[Any]:
        """Have something loaded at the end of the block.

        Args:
            target: a record of a save (or the future of one), an id, or its text.
            type: the class it has to be of; None: any.

        Raises:
            NodeNotFoundError: the target is none of these.
            UnfinishedError: the block is not open.
        """
        self._batch.check_open()
        node_id = as_id(target)
        for name in ("node_id", "id", "graph_id") if node_id is None else ():
            node_id = node_id or as_id(getattr(target, name, None))
        if node_id is None:
            raise NodeNotFoundError(f"is meant by {target!r:.80}", "give the record of a save, or an id")
        future: Future[Any] = Future(node_id, self._batch)
        self._asked.append((future, type))
        return future

    async def __aenter__(self) -> Self:
        self._batch.enter()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._check(await _load_all.a(self._ids(), self._full(), session=self._session))
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
            if error is None:
                self._check(_load_all.s(self._ids(), self._full(), session=self._session))
        except BaseException as failure:
            error = failure
            raise
        finally:
            self._settle(error)

    def _ids(self) -> list[bytes]:
        return [future.node_id.bytes for future, _ in self._asked]

    def _full(self) -> LoadOptions:
        kinds = (kind for _, kind in self._asked)
        return replace(self._options, registry=knowing(self._options.registry, *kinds))

    def _check(self, loaded: tuple[dict[bytes, Any], dict[bytes, Exception]]) -> None:
        values, failures = loaded
        wrong: list[Exception] = []
        for future, kind in self._asked:
            raw = future.node_id.bytes
            try:
                self._done[future] = failures[raw] if raw in failures else checked(values[raw], kind, future.node_id)
            except WrongModelError as error:
                self._done[future] = error
                wrong.append(error)
        found = [*failures.values(), *wrong]
        if found and not self._collect:
            raise as_one(found, FAILED)

    def _settle(self, error: BaseException | None) -> None:
        self._batch.settle([future for future, _ in self._asked], self._done.__getitem__, error)


def checked(value: Any, kind: Any, node_id: UUID) -> Any:
    """The value, if it is of the class that was asked for. Raises WrongModelError when it is not.

    >>> checked([1], list[int], None)
    [1]
    """
    cls = get_origin(kind) or kind
    if not isinstance(cls, type) or isinstance(value, cls):
        return value
    asked = getattr(cls, "graph_model_name", cls.__name__)
    found = getattr(type(value), "graph_model_name", type(value).__name__)
    if asked != found or not hasattr(cls, "graph_model_name"):
        raise WrongModelError(asked, found, node_id)
    return value  # the cell that defines the class ran again


def knowing(registry: Registry | None, *kinds: Any) -> Registry | None:
    """The registry, and in it the model classes that were asked for by themselves."""
    named = {
        kind.graph_model_name: kind for kind in kinds if isinstance(kind, type) and hasattr(kind, "graph_model_name")
    }
    if registry is None or not named:
        return registry
    return registry.union(Registry(models=named), replace=True)


@dual
async def _load_all(
    ids: list[bytes], options: LoadOptions, *, session: AsyncSession | None
) -> tuple[dict[bytes, Any], dict[bytes, Exception]]:
    return await load_each(ids, replace(options, session=session)) if ids else ({}, {})
