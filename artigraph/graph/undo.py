"""Objects that say what is stored, brought back to what they said when the transaction is rolled back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, SessionTransaction

from artigraph.graph.engine import current_database
from artigraph.graph.group import open_group

_UNDOING = "artigraph_undoing"
"""Where a session keeps what is to be undone with it."""
_MISSING = object()

Undoing = list[tuple[set[SessionTransaction], Callable[[], None]]]
"""What is to be undone, oldest first, when one of these transactions is rolled back."""


@contextmanager
def undone(handles: Sequence[Any], session: AsyncSession | None) -> Iterator[None]:
    """In the block, handles come to say what a call has written.

    If that was written in a transaction of the user, ``current_session()`` or ``session``, and is rolled back, they say
    again what they said before the block; what the user has changed since stays changed.
    """
    group = None if session is not None else open_group(current_database())
    if session is None and group is None:
        yield
        return
    before = [dict(vars(each)) for each in handles]
    yield
    after = [dict(vars(each)) for each in handles]

    def undo() -> None:
        for handle, old, new in zip(handles, before, after, strict=True):
            _go_back(vars(handle), old, new)

    if group is not None:
        group.undoing.append(undo)
    elif session is not None:
        _undo_with(session.sync_session, undo)


def _go_back(said: dict[str, Any], old: dict[str, Any], new: dict[str, Any]) -> None:
    for name in {**old, **new}:
        if said.get(name, _MISSING) is not new.get(name, _MISSING):
            continue
        if name in old:
            said[name] = old[name]
        else:
            said.pop(name, None)


def _undo_with(session: Session, undo: Callable[[], None]) -> None:
    if _UNDOING not in session.info:
        session.info[_UNDOING] = []
        event.listen(session, "after_soft_rollback", _rolled_back)
        event.listen(session, "after_commit", _committed)
        event.listen(session, "after_transaction_end", _ended)
    around: set[SessionTransaction] = set()
    transaction = session.get_nested_transaction() or session.get_transaction()
    while transaction is not None:
        around.add(transaction)
        transaction = transaction.parent
    session.info[_UNDOING].append((around, undo))


def _rolled_back(session: Session, transaction: SessionTransaction) -> None:
    undoing: Undoing = session.info[_UNDOING]
    session.info[_UNDOING] = [(around, undo) for around, undo in undoing if transaction not in around]
    for around, undo in reversed(undoing):
        if transaction in around:
            undo()


def _committed(session: Session) -> None:
    if session.get_nested_transaction() is None:
        session.info[_UNDOING] = []


def _ended(session: Session, transaction: SessionTransaction) -> None:
    """A session that is closed without a commit has rolled back."""
    if transaction.parent is None:
        _rolled_back(session, transaction)
