"""The database is a place that can be named and never asked for blobs."""

from __future__ import annotations

import pytest

from artigraph.registry import Registry
from artigraph.storage.database import database_storage


def test_every_registry_knows_it_by_name():
    assert Registry().storage_named("database") is database_storage
    assert Registry(modules=["artigraph.serializer.json"]).storage_named("database") is database_storage


def test_it_has_no_locations():
    with pytest.raises(TypeError, match="no location"):
        database_storage.spool()
