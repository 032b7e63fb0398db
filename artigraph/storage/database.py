"""The database itself as a place for values: a name for it, since the bytes are in the row and need no location."""

from __future__ import annotations

from typing import Any

from artigraph.storage.base import Storage


class DatabaseStorage(Storage):
    """Says "in the row" wherever a storage can be named; nobody asks it for blobs."""

    name = "database"

    def _refuse(self, *arguments: Any, **options: Any) -> Any:
        raise TypeError("bytes in the database are a column of their row; they have no location")

    spool = put = read = download = delete = stat = list = sweep = _refuse


database_storage = DatabaseStorage().register()
