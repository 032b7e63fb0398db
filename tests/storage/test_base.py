"""Locations, names and system errors, as every storage sees them."""

from __future__ import annotations

import errno
import os

import pytest

from artigraph.errors import BlobMissingError, CannotOpenError, StorageFullError, StorageReadOnlyError, UnsafeKeyError
from artigraph.storage.base import check_location, location_of, translated
from artigraph.testing.storage import HOSTILE_LOCATIONS


def test_a_location_of_ours_passes_the_check():
    assert check_location(location_of(os.urandom(32)))


@pytest.mark.parametrize("location", HOSTILE_LOCATIONS, ids=range(len(HOSTILE_LOCATIONS)))
def test_nothing_else_passes(location):
    with pytest.raises(UnsafeKeyError):
        check_location(location)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (errno.ENOSPC, StorageFullError),
        (errno.EDQUOT, StorageFullError),
        (errno.EFBIG, StorageFullError),
        (errno.EROFS, StorageReadOnlyError),
        (errno.EACCES, StorageReadOnlyError),
        (errno.EPERM, StorageReadOnlyError),
        (errno.EIO, CannotOpenError),
    ],
)
def test_what_the_system_says_becomes_an_error_of_ours_that_names_the_place(number, expected):
    with pytest.raises(expected, match="/the/place") as caught, translated("/the/place"):
        raise OSError(number, os.strerror(number))
    assert caught.value.errno == number


def test_an_error_of_ours_passes_unchanged():
    error = BlobMissingError("ab/cd", "memory")
    with pytest.raises(BlobMissingError) as caught, translated("/the/place"):
        raise error
    assert caught.value is error
