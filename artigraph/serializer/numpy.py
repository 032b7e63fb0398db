"""NumPy arrays of any dimension, and NumPy scalars, as ``.npy`` without pickle."""

from __future__ import annotations

import hashlib
import io
import zipfile
from typing import IO, Any

from artigraph.errors import SerializeError, UnserializableError, UntrustedSerializerError
from artigraph.registry import load
from artigraph.serializer.base import Serializer

numpy = load("numpy", "the numpy serializer")

SKETCH_BINS = 24
"""Bars in the histogram of a preview."""

SUMMED_BYTES = 1 << 26
"""Buffers up to this size are read whole for a fingerprint, bigger ones in a sample."""

_SAMPLE = 1 << 16
"""Elements, spread evenly, that a preview looks at."""
_HEADER_LIMIT = 1 << 20
"""Bytes of a dtype's description that are read, at most."""


class ArraySerializer(Serializer[Any]):
    """``numpy.ndarray`` with its dtype, shape and memory order; object dtypes and subclasses are refused."""

    name = "numpy.npy/1"
    types = (numpy.ndarray,)
    suffixes = (".npy",)
    otypes = ("ndarray",)

    def dump(self, value: Any, file: IO[bytes], /) -> None:
        if type(value) is not numpy.ndarray:
            raise UnserializableError("value", type(value).__qualname__, "convert it with numpy.asarray(value)")
        _write(value, file)

    def load(self, file: IO[bytes], /) -> Any:
        return _read(file)

    def preview(self, value: Any, /) -> dict[str, Any] | None:
        """Shape and dtype; of real numbers also min, max, mean and a histogram of up to 65,536 elements."""
        shown: dict[str, Any] = {"shape": list(value.shape), "dtype": str(value.dtype)[:200]}
        if value.dtype.kind in "biuf" and value.size:
            shown |= _summary(value)
        return shown

    def fingerprint(self, value: Any, /) -> bytes | None:
        """Over shape, dtype, a sample of the elements, and all bytes up to 64 MiB."""
        facts = repr((value.shape, str(value.dtype))).encode()
        return hashlib.blake2b(facts + buffer_digest(value), digest_size=16).digest()


class ScalarSerializer(Serializer[Any]):
    """NumPy scalars (``numpy.float64(1.5)``) as arrays without dimensions."""

    name = "numpy.scalar/1"
    types = (numpy.generic, numpy.str_, numpy.bytes_)

    def dump(self, value: Any, file: IO[bytes], /) -> None:
        if not isinstance(value, numpy.generic) or type(value).__module__.partition(".")[0] != "numpy":
            raise UnserializableError("value", type(value).__qualname__, "this is for NumPy scalars")
        _write(numpy.asarray(value), file)

    def load(self, file: IO[bytes], /) -> Any:
        array = _read(file)
        if array.shape:
            raise SerializeError(f"{self.name} expected one value, found an array of shape {array.shape}")
        try:
            return array[()]
        except SystemError as error:  # a text of code points that there are not
            raise SerializeError(f"not a value in {self.name}: {error}") from error


class ArchiveSerializer(Serializer[Any]):
    """Dicts of arrays as ``.npz``: found by suffix, never chosen for a dict."""

    name = "numpy.npz/1"
    suffixes = (".npz",)

    def dump(self, value: Any, file: IO[bytes], /) -> None:
        if not isinstance(value, dict) or not all(type(each) is numpy.ndarray for each in value.values()):
            raise UnserializableError("value", type(value).__qualname__, "an .npz holds a dict of arrays")
        with zipfile.ZipFile(file, "w") as archive:
            for name, array in value.items():
                inner = io.BytesIO()
                _write(array, inner)
                archive.writestr(zipfile.ZipInfo(f"{name}.npy"), inner.getbuffer())

    def load(self, file: IO[bytes], /) -> Any:
        if file.read(2) != b"PK":
            raise SerializeError("not arrays in .npz format: it is no archive")
        file.seek(0)
        try:
            with numpy.load(file, allow_pickle=False, max_header_size=_HEADER_LIMIT) as archive:
                return {name: archive[name] for name in archive.files}
        except Exception as error:  # whatever hostile bytes provoke
            if "allow_pickle" in str(error):
                raise UntrustedSerializerError("this .npz holds pickled objects, which could run code") from error
            raise SerializeError(f"not arrays in .npz format: {str(error)[:200]}") from error


def buffer_digest(array: Any) -> bytes:
    """A quick digest of the bytes of an array: the sum of its words up to 64 MiB, and 1,000 elements in their order.

    Raises:
        TypeError: the array holds objects.
    """
    if array.dtype.hasobject:
        raise TypeError("objects have no bytes")
    flat = numpy.ascontiguousarray(array).reshape(-1) if array.nbytes <= SUMMED_BYTES else array.flat
    sample: bytes = flat[:: max(1, array.size // 1000)].tobytes()
    if array.nbytes > SUMMED_BYTES:
        return sample
    raw = flat.view(numpy.uint8)
    words, rest = raw[: raw.size // 8 * 8].view(numpy.uint64), raw[raw.size // 8 * 8 :]
    return bytes(numpy.add.reduce(words).tobytes() + rest.tobytes() + sample)


def _write(array: Any, file: IO[bytes]) -> None:
    dtype, form = array.dtype, numpy.lib.format
    lossy = dtype.hasobject or dtype.kind == "T" or dtype.metadata
    if lossy or form.descr_to_dtype(form.dtype_to_descr(dtype)) != dtype:
        hint = "give it a dtype of numbers, texts, bytes or moments, or save a list"
        raise UnserializableError("value", f"ndarray of {dtype}", hint)
    form.write_array(file, array, allow_pickle=False)


def _read(file: IO[bytes]) -> Any:
    try:
        return numpy.lib.format.read_array(file, allow_pickle=False, max_header_size=_HEADER_LIMIT)
    except Exception as error:  # whatever hostile bytes provoke
        if "allow_pickle" in str(error):
            raise UntrustedSerializerError("this .npy holds pickled objects, which could run code") from error
        raise SerializeError(f"not an array in .npy format: {str(error)[:200]}") from error


def _summary(array: Any) -> dict[str, Any]:
    """Range and mean of all elements but NaN, and a histogram of a sample, as plain JSON numbers."""
    with numpy.errstate(all="ignore"):
        low, high = numpy.fmin.reduce(array, axis=None), numpy.fmax.reduce(array, axis=None)
        mean = array.mean(dtype=numpy.float64)
        step = -(-array.size // _SAMPLE)
        flat = array.reshape(-1, order="A")[::step] if array.flags.forc else array.flat[::step]
        finite = flat[numpy.isfinite(flat)].astype(numpy.float64)
        if finite.size and not numpy.isfinite(mean):
            mean = finite.mean()
        summary = {"min": _plain(low), "max": _plain(high), "mean": _plain(mean)}
        span = float(high) - float(low)
        if 0 < span < numpy.inf:
            bins = numpy.clip((finite - float(low)) / span * SKETCH_BINS, 0, SKETCH_BINS - 1).astype(numpy.int64)
            summary["histogram"] = numpy.bincount(bins, minlength=SKETCH_BINS).tolist()
    return summary


def _plain(number: Any) -> Any:
    """A number that JSON has (``numpy.longdouble`` is narrowed); what it has not becomes text."""
    plain = number.item() if number.dtype.kind in "biu" else float(number)
    return plain if numpy.isfinite(plain) else str(plain)


array_serializer = ArraySerializer().register()
archive_serializer = ArchiveSerializer().register()
scalar_serializer = ScalarSerializer().register()
