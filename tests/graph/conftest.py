"""Every test of this room may use a store."""

from tests.stores import empty_database, file_store, server_store, store

__all__ = ["empty_database", "file_store", "server_store", "store"]
