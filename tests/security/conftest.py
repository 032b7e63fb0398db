"""Every test of this room may use a store."""

from tests.stores import file_store

__all__ = ["file_store"]
