"""NumPy arrays and scalars come back with dtype, shape and order; objects are refused both ways."""

from __future__ import annotations

import io
import pickle

import pytest

from artigraph.errors import SerializeError, UntrustedSerializerError
from artigraph.registry import Registry
from artigraph.testing import SerializerKit

numpy = pytest.importorskip("numpy")
from artigraph.serializer.numpy import SKETCH_BINS, array_serializer, scalar_serializer  # noqa: E402


class Own(numpy.ndarray):
    pass


class TestArray(SerializerKit):
    serializer = array_serializer
    values = (
        *(
            numpy.arange(10),
            numpy.zeros(()),
            numpy.zeros((0, 3)),
            numpy.zeros((2, 1, 3, 1)),
            numpy.array([True, False]),
        ),
        *(
            numpy.asfortranarray(numpy.arange(6).reshape(2, 3)),
            numpy.arange(20)[::-3],
            numpy.arange(12).reshape(3, 4)[:, ::2],
        ),
        *(
            numpy.arange(5, dtype=">i4"),
            numpy.array([1, 2], "f2"),
            numpy.array([1j]),
            numpy.array([1, 2], numpy.longdouble),
        ),
        *(
            numpy.array(["2020-01-01", "NaT"], "M8[D]"),
            numpy.array([1], "m8[us]"),
            numpy.array(["a", "ü😀"]),
            numpy.array([b"a"]),
        ),
        numpy.array([(1, 2.0)], dtype=[("a", "i4"), ("b", ">f8", (1,))]),
        numpy.zeros(3, numpy.dtype([("a", "i1"), ("b", "f8")], align=True)),
        numpy.array([numpy.nan, numpy.inf, -0.0]),
    )
    refused = (
        *(
            numpy.array([object()]),
            numpy.zeros(1, [("a", "O")]),
            numpy.ma.array([1]),
            numpy.zeros(2).view(Own),
            [1],
            1.5,
        ),
        numpy.zeros(1, numpy.dtype("i4", metadata={"a": 1})),
    )

    def equal(self, one, other):
        order = one.flags.f_contiguous == other.flags.f_contiguous or not other.flags.forc
        alike = one.dtype == other.dtype and one.shape == other.shape and order
        return type(one) is type(other) and alike and one.tobytes() == other.tobytes()


class TestScalar(SerializerKit):
    serializer = scalar_serializer
    values = (
        *(numpy.float64(1.5), numpy.int8(-1), numpy.bool_(True), numpy.complex64(1j), numpy.longdouble(1) / 3),
        *(numpy.str_("x"), numpy.bytes_(b"x"), numpy.datetime64("2020", "Y"), numpy.timedelta64(1, "ns")),
        numpy.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")])[0],
    )
    refused = (1.5, numpy.zeros(1))

    def equal(self, one, other):
        return type(one) is type(other) and one == other and one.dtype == other.dtype


@pytest.mark.parametrize("value", TestScalar.values, ids=lambda value: type(value).__name__)
def test_scalars_are_found_although_some_are_also_builtin(value):
    assert Registry().serializer_for(value) is scalar_serializer


def test_the_file_is_what_numpy_itself_reads():
    array = numpy.arange(6.0).reshape(2, 3)
    assert numpy.array_equal(numpy.load(io.BytesIO(array_serializer.serialize(array))), array)


class Trap:
    def __reduce__(self):
        return (open, ("sprung", "w"))


def test_pickled_objects_are_never_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = io.BytesIO()
    numpy.save(file, numpy.array([Trap()], dtype=object), allow_pickle=True)
    with pytest.raises(UntrustedSerializerError):
        array_serializer.deserialize(file.getvalue())
    for data in (pickle.dumps(Trap()), b"PK\x03\x04", b""):
        with pytest.raises(SerializeError):
            array_serializer.deserialize(data)
    assert list(tmp_path.iterdir()) == []


def test_a_shape_that_no_memory_holds_is_a_typed_error():
    data = array_serializer.serialize(numpy.zeros(3)).replace(b"(3,)", b"(9999999999999999,)")
    with pytest.raises(SerializeError):
        array_serializer.deserialize(data)


def test_an_array_is_no_scalar():
    with pytest.raises(SerializeError, match="expected one value"):
        scalar_serializer.deserialize(array_serializer.serialize(numpy.zeros(3)))


def test_a_preview_tells_shape_range_mean_and_distribution():
    shown = array_serializer.preview(numpy.arange(48, dtype="i2").reshape(6, 8))
    assert shown == {
        "shape": [6, 8],
        "dtype": "int16",
        "min": 0,
        "max": 47,
        "mean": 23.5,
        "histogram": [2] * SKETCH_BINS,
    }
    assert array_serializer.preview(numpy.zeros((0, 3))) == {"shape": [0, 3], "dtype": "float64"}
    assert array_serializer.preview(numpy.array(["a"]))["dtype"] == "<U1"


def test_a_preview_counts_what_is_there_and_says_what_json_cannot():
    assert array_serializer.preview(numpy.array([numpy.nan, 1.0, 3.0]))["mean"] == 2.0
    shown = array_serializer.preview(numpy.array([numpy.inf, 1.0]))
    assert (shown["min"], shown["max"], "histogram" in shown) == (1.0, "inf", False)
    assert array_serializer.preview(numpy.array([numpy.nan]))["max"] == "nan"


def test_a_preview_of_a_large_array_has_its_true_range():
    array = numpy.zeros(1_000_000)
    array[777] = 5.0
    shown = array_serializer.preview(array)
    assert (shown["max"], sum(shown["histogram"]) <= 1 << 16) == (5.0, True)
