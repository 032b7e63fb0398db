"""Annotating an artifact: its features, labels and tags. Every change is one transaction: all of it, or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncSession

from artigraph.artifact.definition import definitions, encoded, name_of
from artigraph.artifact.dtype import Cell, plain, value_of
from artigraph.artifact.label import LABELS, Label, ULabel
from artigraph.artifact.said import Cells, change, read_values
from artigraph.bridge import method
from artigraph.errors import NodeNotFoundError, SchemaMismatchError
from artigraph.graph.engine import current_database
from artigraph.persist.spec import check_tags

_ANY: Any = object()


class Features:
    """The features of an artifact. ``features["x"]`` asks the database for one, and blocks until it has answered;
    ``in``, ``len`` and going through their names do too.

    Names may be ``Feature`` objects. A feature that was saved has its dtype; of another the value says it.
    """

    def __init__(self, artifact: Any) -> None:
        self._artifact = artifact

    @method
    async def set_values(self, values: Mapping[Any, Any], *, session: AsyncSession | None = None) -> None:
        """Say these, and nothing else.

        Args:
            values: name or Feature -> value; a list has several.
            session: a session of yours, which you commit.

        Raises:
            SchemaMismatchError: a value is not of the feature's dtype; nothing was changed.
            NodeNotFoundError: the artifact was not saved.
        """
        cells = encoded(values, await self._definitions(values, session))
        await change(self._artifact, "feature", lambda connection, before: cells, session)

    @method
    async def add_values(self, values: Mapping[Any, Any], *, session: AsyncSession | None = None) -> None:
        """Say these as well; a feature that has other values has several then. Raises as ``set_values``."""
        known = await self._definitions(values, session)
        encoded(values, known)  # what is wrong with them is told before anything is locked

        def renew(_: Connection, before: Cells) -> Cells:
            more = {key: _with(before.get(name_of(key)), value) for key, value in values.items()}
            return {**before, **encoded(more, known)}

        await change(self._artifact, "feature", renew, session)

    @method
    async def get_values(self, *, session: AsyncSession | None = None) -> dict[str, Any]:
        """Name -> value, of all of them."""
        found = await read_values(self._artifact, "feature", session)
        ids = {each for value in found.values() for each in _as_list(value) if isinstance(each, UUID)}
        if not ids:
            return found
        query = type(self._artifact).filter(id__in=ids, trash="any")
        handles = {each.id: each for each in await query.all.a(session=session)}
        return {name: _resolved(value, handles) for name, value in found.items()}

    @method
    async def remove_values(self, names: Any = None, *, value: Any = _ANY, session: AsyncSession | None = None) -> None:
        """Say these no more.

        Args:
            names: a name or Feature, or several; None: all.
            value: only this one of its values.
            session: a session of yours, which you commit.
        """
        asked = None if names is None else {name_of(each) for each in _several(names)}

        def renew(connection: Connection, before: Cells) -> Cells:
            known = definitions(connection, before)
            kept = {name: cells for name, cells in before.items() if asked is not None and name not in asked}
            if value is not _ANY:
                rest = {
                    name: [each for each in _as_list(value_of(list(cells))) if each != plain(value)]
                    for name, cells in before.items()
                    if name not in kept
                }
                kept |= encoded({name: left for name, left in rest.items() if left}, known)
            return kept

        await change(self._artifact, "feature", renew, session)

    def __getitem__(self, name: Any) -> Any:
        found = self.get_values.s()
        if name_of(name) not in found:
            listed = ", ".join(sorted(found)) or "none"
            raise NodeNotFoundError(f"has the feature {name_of(name)!r} here", f"{self._artifact!r} has {listed}")
        return found[name_of(name)]

    def __contains__(self, name: Any) -> bool:
        return name_of(name) in self.get_values.s()

    def __iter__(self) -> Iterator[str]:
        return iter(self.get_values.s())

    def __len__(self) -> int:
        return len(self.get_values.s())

    def __repr__(self) -> str:
        return f"<features of {self._artifact!r}>"

    async def _definitions(self, values: Any, session: AsyncSession | None) -> dict[str, Any]:
        if not isinstance(values, Mapping):
            raise SchemaMismatchError(f"{values!r} says no features; write {{name: value}}")
        asked = list(values)
        return await current_database().read(lambda connection: definitions(connection, asked), session=session)


class Labels:
    """The labels of an artifact: all, or those of one kind. Going through them asks the database, and blocks."""

    def __init__(self, artifact: Any, kind: type[Label] | None = None) -> None:
        self._artifact, self._kind = artifact, kind

    @method
    async def set_values(self, labels: Iterable[Label | str], *, session: AsyncSession | None = None) -> None:
        """Carry these, and no others (of the kind). Labels that were not saved are saved along."""
        await self._renew(self._asked(labels), session, replace=True)

    @method
    async def add_values(self, *labels: Label | str, session: AsyncSession | None = None) -> None:
        """Carry these as well. Labels that were not saved are saved along."""
        await self._renew(self._asked(labels), session)

    add = add_values

    @method
    async def remove_values(self, *labels: Label | str, session: AsyncSession | None = None) -> None:
        """Carry these no more; without any, none (of the kind)."""
        gone = {(each.term_kind, each.name) for each in self._asked(labels)}

        def renew(_: Connection, before: Cells) -> Cells:
            kept = {}
            for kind, cells in before.items():
                ours = self._kind is None or kind == self._kind.term_kind
                left = [cell.text or "" for cell in cells if not ours or (gone and (kind, cell.text) not in gone)]
                kept[kind] = _label_cells(left)
            return kept

        await change(self._artifact, "label", renew, session)

    remove = remove_values

    @method
    async def get_values(self, *, session: AsyncSession | None = None) -> list[Label]:
        """All of them, in the order in which they were added."""
        found = await read_values(self._artifact, "label", session)
        return [
            LABELS.get(kind, ULabel)(name)
            for kind, names in found.items()
            if self._kind is None or kind == self._kind.term_kind
            for name in _as_list(names)
        ]

    all = get_values

    def __iter__(self) -> Iterator[Label]:
        return iter(self.get_values.s())

    def __len__(self) -> int:
        return len(self.get_values.s())

    def __repr__(self) -> str:
        return f"<labels of {self._artifact!r}>"

    def _asked(self, labels: Iterable[Label | str]) -> list[Label]:
        return [each if isinstance(each, Label) else (self._kind or ULabel)(each) for each in _several(labels)]

    async def _renew(self, labels: list[Label], session: AsyncSession | None, *, replace: bool = False) -> None:
        def renew(connection: Connection, before: Cells) -> Cells:
            names = {kind: [cell.text or "" for cell in cells] for kind, cells in before.items()}
            if replace:
                names = {k: v for k, v in names.items() if self._kind is not None and k != self._kind.term_kind}
            for each in labels:
                each.write(connection)
                carried = names.setdefault(each.term_kind, [])
                if each.name not in carried:
                    carried.append(each.name)
            return {kind: _label_cells(carried) for kind, carried in names.items()}

        await change(self._artifact, "label", renew, session)


class Tags(Mapping[str, str]):
    """The tags of an artifact as they were when it was made or read: name -> text; and how to change them."""

    def __init__(self, artifact: Any, known: Mapping[str, str]) -> None:
        self._artifact, self._known = artifact, known

    @method
    async def set_values(self, tags: Mapping[str, str], *, session: AsyncSession | None = None) -> None:
        """Have these tags, and no others.

        Raises:
            InvalidLabelError: a name or value that cannot be kept; nothing was changed.
            NodeNotFoundError: the artifact was not saved.
        """
        await self._change(dict(check_tags(tags)), lambda before: {}, session)

    @method
    async def add_values(self, tags: Mapping[str, str], *, session: AsyncSession | None = None) -> None:
        """Have these tags as well, instead of others of their names. Raises as ``set_values``."""
        await self._change(dict(check_tags(tags)), dict, session)

    @method
    async def remove_values(self, names: Any = None, *, session: AsyncSession | None = None) -> None:
        """Have these tags no more; None: none at all."""
        gone = None if names is None else set(_several(names))
        keep = lambda before: {} if gone is None else {name: v for name, v in before.items() if name not in gone}  # noqa: E731
        await self._change({}, keep, session)

    @method
    async def get_values(self, *, session: AsyncSession | None = None) -> dict[str, str]:
        """The tags that it has now."""
        return await read_values(self._artifact, "tag", session)

    async def _change(self, more: dict[str, str], keep: Any, session: AsyncSession | None) -> None:
        after: dict[str, str] = {}

        def renew(_: Connection, before: Cells) -> Cells:
            after.update({**keep({name: value_of(list(cells)) for name, cells in before.items()}), **more})
            return {name: [Cell(-1, "str", text=value)] for name, value in after.items()}

        await change(self._artifact, "tag", renew, session)
        self._artifact.know_tags(after)
        self._known = after

    def __getitem__(self, name: str) -> str:
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    def __repr__(self) -> str:
        return repr(dict(self._known))


def _label_cells(names: Iterable[str]) -> list[Cell]:
    return [Cell(place, "str", text=name) for place, name in enumerate(names)]


def _with(before: Any, value: Any) -> Any:
    """A value beside those that are said already."""
    if before is None:
        return value
    values = _as_list(value_of(list(before)))
    more = [each for each in _as_list(plain(value)) if each not in values]
    together = [*values, *more]
    return together[0] if len(together) == 1 and before[0].position < 0 else together


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple | set | frozenset) else [value]


def _several(names: Any) -> list[Any]:
    if isinstance(names, str) or hasattr(names, "term_kind") or not isinstance(names, Iterable):
        return [names]
    return [each for name in names for each in (name if isinstance(name, list | tuple | set) else [name])]


def _resolved(value: Any, handles: Mapping[UUID, Any]) -> Any:
    if isinstance(value, list):
        return [_resolved(each, handles) for each in value]
    return handles.get(value, value) if isinstance(value, UUID) else value
