"""Keys, suffixes and uids: the names of keyed artifacts. A key is never a path; it is only safe to be used as one."""

from __future__ import annotations

import re
import secrets
from urllib.parse import unquote

from artigraph.errors import InvalidArtifactError, UnsafeKeyError

KEY_LIMIT = 1024
STEM_SIZE = 16
UID_SIZE = 20

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
"""In the order of their bytes, so that texts of one length sort as their numbers."""
_ABSOLUTE = re.compile(r"/|[A-Za-z]:|[A-Za-z][\w+.-]*://")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_HALF = re.compile("[\ud800-\udfff]")
_SUFFIX = re.compile(r"\.[A-Za-z][A-Za-z0-9_-]{0,15}")
_PACKED = frozenset({".gz", ".bz2", ".xz", ".zst", ".lz4", ".br"})
_PAIRS = frozenset({".anndata.zarr", ".spatialdata.zarr", ".ome.zarr", ".ome.tif", ".ome.tiff", ".tar.zip"})


def check_key(key: object) -> str:
    """The same key.

    Raises:
        UnsafeKeyError: it is no text of 1 to 1,024 characters, it is absolute, has a ``..`` segment (also written
            with percent signs), a backslash, a control character, or half of a surrogate pair.

    >>> check_key("runs/2026/data v1.parquet")
    'runs/2026/data v1.parquet'
    """
    if not isinstance(key, str):
        raise UnsafeKeyError(repr(key), "a key is text")
    if not 0 < len(key) <= KEY_LIMIT:
        raise UnsafeKeyError(key, f"a key has 1 to {KEY_LIMIT:,} characters, this one {len(key):,}")
    if _HALF.search(key):
        raise UnsafeKeyError(ascii(key), "it has half of a surrogate pair")
    plain = _decoded(key)
    if _CONTROL.search(plain):
        raise UnsafeKeyError(ascii(key), "it has a control character")
    if "\\" in plain:
        raise UnsafeKeyError(key, "it has a backslash; write / between the parts")
    if _ABSOLUTE.match(plain):
        raise UnsafeKeyError(key, "it is absolute; a key is relative, like 'project/data.parquet'")
    if ".." in plain.split("/"):
        raise UnsafeKeyError(key, "it has a .. segment")
    return key


def suffix_of(name: str) -> str:
    """The suffix of a key or path with its dot, both parts of a composite one; "" when there is none.

    >>> [suffix_of(name) for name in ("a/b.csv", "x.tar.gz", "v1.2", ".hidden", "d.anndata.zarr")]
    ['.csv', '.tar.gz', '', '', '.anndata.zarr']
    """
    leaf = name.rstrip("/").rpartition("/")[2].lstrip(".")
    stem, last = _split(leaf)
    _, first = _split(stem)
    composite = last.lower() in _PACKED or f"{first}{last}".lower() in _PAIRS
    return first + last if first and composite else last


def common_suffix(key: str | None, path_suffix: str) -> str:
    """The suffix that a key and the file kept under it agree on.

    Raises:
        InvalidArtifactError: they contradict each other.
    """
    asked = suffix_of(key) if key is not None else ""
    if asked and path_suffix and asked.lower() != path_suffix.lower():
        raise InvalidArtifactError(
            f"the key {key!r} says {asked}, the file is {path_suffix}; give the key the suffix of the file"
        )
    return path_suffix or asked


def new_stem() -> str:
    """The name of a new family of versions: 16 random characters."""
    number, digits = secrets.randbits(128), ""  # 33 bits more than 16 characters hold, so each is as likely
    for _ in range(STEM_SIZE):
        number, digit = divmod(number, len(_DIGITS))
        digits += _DIGITS[digit]
    return digits


def uid_of(stem: str, version: int) -> str:
    """Stem and version as one text of 20 characters.

    >>> uid_of("abcdefghijklmnop", 63)
    'abcdefghijklmnop0011'
    """
    digits = ""
    for _ in range(UID_SIZE - STEM_SIZE):
        version, digit = divmod(version, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return stem + digits


def _split(leaf: str) -> tuple[str, str]:
    stem, dot, end = leaf.rpartition(".")
    suffix = dot + end
    return (stem, suffix) if stem and _SUFFIX.fullmatch(suffix) else (leaf, "")


def _decoded(key: str) -> str:
    """The key with its percent signs taken back, however often they were applied."""
    for _ in range(KEY_LIMIT):
        plain = unquote(key)
        if plain == key:
            break
        key = plain
    return key
