"""Conformance kits for authors of serializers and storages; they need pytest, pytest-asyncio and hypothesis."""

import pytest

pytest.register_assert_rewrite("artigraph.testing.serializer", "artigraph.testing.storage")

from artigraph.testing.serializer import SerializerKit  # noqa: E402  (after the rewrite is asked for)
from artigraph.testing.storage import StorageKit  # noqa: E402

__all__ = ["SerializerKit", "StorageKit"]
