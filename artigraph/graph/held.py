"""Sessions of callers that have written to an SQLite file: whoever could only wait for his own is told so at once."""

from __future__ import annotations

import asyncio
import threading
from weakref import WeakKeyDictionary, ref

from sqlalchemy import Connection, RootTransaction

from artigraph.bridge import is_waited_for
from artigraph.errors import WouldDeadlockError


class SessionWrites:
    """The transactions of callers' sessions that have written, each with the thread and task it lives in.

    Nothing has to be taken back: a transaction itself says whether it has ended, and a forgotten one is gone.
    """

    def __init__(self) -> None:
        self._open: WeakKeyDictionary[RootTransaction, tuple[int, ref[asyncio.Task[object]] | None]]
        self._open = WeakKeyDictionary()

    def __len__(self) -> int:
        return len(self._open)

    def note(self, connection: Connection) -> None:
        """(the caller's loop) Something is about to be written in a session of the caller."""
        transaction, task = connection.get_transaction(), asyncio.current_task()
        if transaction is not None:
            self._open[transaction] = threading.get_ident(), None if task is None else ref(task)

    def check(self, where: str) -> None:
        """(library loop) Something is about to wait for the right to write.

        Raises:
            WouldDeadlockError: who asked for it holds that right in a session, which cannot end before he gets on.
        """
        for each in self._open.keyrefs():
            transaction = each()
            if transaction is None or not transaction.is_active:
                continue
            thread, task = self._open[transaction]
            if is_waited_for(thread, None if task is None else task()):
                raise WouldDeadlockError(
                    f"a session of yours has written to {where} and is not committed",
                    "give the call that session=, or commit the session first",
                )
