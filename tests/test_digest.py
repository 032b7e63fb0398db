"""Digests of bytes, files and models."""

from __future__ import annotations

import hashlib
import io
import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artigraph.digest import HashingFile, digest_bytes, digest_file, format_digest, model_digest, parse_digest


class Reluctant(io.BytesIO):
    """A file that takes at most three bytes at a time, as a raw one may."""

    def write(self, data):
        return super().write(bytes(data[:3]))


def test_a_digest_is_the_sha256_and_reads_back_from_its_text():
    raw = digest_bytes(b"value")
    assert raw == hashlib.sha256(b"value").digest()
    assert format_digest(raw) == "sha256:" + raw.hex()
    assert parse_digest(format_digest(raw)) == raw


@pytest.mark.parametrize(
    "text", ["", "sha256:", "sha256:" + "g" * 64, "md5:" + "a" * 64, "a" * 64, "sha256:" + "a " * 32]
)
def test_a_text_of_another_shape_is_no_digest(text):
    with pytest.raises(ValueError):
        parse_digest(text)


def test_a_file_is_hashed_without_reading_it_at_once(tmp_path):
    data = os.urandom(3_000_000)
    (tmp_path / "file").write_bytes(data)
    assert digest_file(tmp_path / "file") == (digest_bytes(data), len(data))


@pytest.mark.parametrize("target", [io.BytesIO, Reluctant])
@given(pieces=st.lists(st.binary(max_size=20), max_size=5))
def test_what_is_written_is_hashed_counted_and_passed_on(target, pieces):
    below = target()
    file = HashingFile(below)
    for piece in pieces:
        assert file.write(piece) == len(piece)
    whole = b"".join(pieces)
    assert (file.digest, file.size, file.tell(), below.getvalue()) == (
        digest_bytes(whole),
        len(whole),
        len(whole),
        whole,
    )


def test_it_is_a_sink_for_arrow_numpy_and_json(tmp_path):
    numpy = pytest.importorskip("numpy")
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    array = numpy.arange(100_000.0)
    below = io.BytesIO()
    file = HashingFile(below)
    parquet.write_table(pyarrow.table({"x": array}), file)
    numpy.save(file, array)
    numpy.save(file, array.reshape(100, -1)[:0])
    file.write(json.dumps({"x": 1}).encode())
    file.write(array.data)
    assert (file.digest, file.size) == (digest_bytes(below.getvalue()), len(below.getvalue()))


def test_it_only_goes_forward_and_leaves_the_file_below_open():
    below = io.BytesIO()
    file = HashingFile(below)
    file.close()
    assert (file.readable(), file.seekable(), file.writable(), file.closed) == (False, False, True, False)


def test_models_differ_when_any_part_differs():
    a, b = digest_bytes(b"a"), digest_bytes(b"b")
    digests = [
        model_digest("M", 1, [("x", a), ("y", b)]),
        model_digest("M", 1, [("x", b), ("y", a)]),
        model_digest("M", 2, [("x", a), ("y", b)]),
        model_digest("N", 1, [("x", a), ("y", b)]),
        model_digest("M", 1, [("x", a)]),
        model_digest("M", 1, []),
        model_digest("M1", 1, []),
        model_digest("M", 11, []),
    ]
    assert len(set(digests)) == len(digests)
    assert model_digest("M", 1, [("y", b), ("x", a)]) == digests[0]


parts = st.dictionaries(
    st.text(st.characters(exclude_categories=["Cs"])), st.binary(min_size=32, max_size=32), max_size=3
)


@given(st.tuples(st.text("ab"), st.integers(0, 3), parts), st.tuples(st.text("ab"), st.integers(0, 3), parts))
def test_two_models_have_one_digest_only_if_they_are_one(one, other):
    same = model_digest(*one[:2], one[2].items()) == model_digest(*other[:2], other[2].items())
    assert same == (one == other)
