"""MemoryStorage fulfils the contract of a storage."""

from __future__ import annotations

import pytest

from artigraph.storage.base import Storage
from artigraph.storage.memory import MemoryStorage
from artigraph.testing import StorageKit


class TestMemory(StorageKit):
    @pytest.fixture
    def storage(self) -> Storage:
        return MemoryStorage()

    async def test_bytes_of_another_size_are_replaced(self) -> None:
        storage = MemoryStorage()
        location = await self.keep(storage, b"value")
        storage._blobs[location] = (b"val", storage._blobs[location][1])
        await self.keep(storage, b"value")
        assert await storage.read(location) == b"value"


def test_two_instances_have_two_names():
    assert MemoryStorage().name != MemoryStorage().name
    assert MemoryStorage("mine").name == "mine"


@pytest.mark.parametrize("name", ["x" * 101, "a\nb"])
def test_a_name_that_no_column_could_keep_is_refused(name):
    with pytest.raises(ValueError, match="cannot name a storage"):
        MemoryStorage(name)


async def test_confirm_refuses_what_is_no_location(tmp_path):
    with pytest.raises(ValueError, match="safe key"):
        MemoryStorage().confirm("../x", tmp_path)
