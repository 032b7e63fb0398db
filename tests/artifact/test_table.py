from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import artigraph as ag
from artigraph.errors import InvalidArtifactError, SerializeError, UnserializableError
from tests.stores import blobs, count

FRAME = pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]})
TABLES = {"pandas": FRAME, "polars": pl.DataFrame(FRAME.to_dict("list")), "pyarrow": pa.table(FRAME.to_dict("list"))}
SUFFIXES = [".parquet", ".csv", ".tsv", ".feather", ".ipc"]


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("library", TABLES)
def test_a_table_comes_back_from_every_format_as_what_it_was(file_store, library, suffix):
    table = TABLES[library]
    saved = ag.Artifact.from_dataframe(table, key=f"t{suffix}").save()
    assert (saved.otype, saved.n_observations, saved.suffix) == ("DataFrame", 3, suffix)
    read = ag.Artifact.get(key=f"t{suffix}").load()
    assert type(read) is type(table)
    assert read.equals(table)
    assert ag.load(saved.id).equals(table)
    assert ag.Artifact.from_dataframe(table, key=f"t{suffix}").save() == saved


@pytest.mark.parametrize("library", TABLES)
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_table_is_opened_piece_by_piece_directly_and_in_a_with_statement(file_store, library, suffix):
    artifact = ag.Artifact.from_dataframe(TABLES[library], key=f"t{suffix}").save()
    dataset = artifact.open()
    assert isinstance(dataset, pa.dataset.Dataset)
    assert dataset.to_table(columns=["b"]).to_pydict() == {"b": ["x", "y", "z"]}
    with artifact.open() as opened:
        assert opened.count_rows() == 3
    with artifact.open(engine="polars") as lazy:
        assert isinstance(lazy, pl.LazyFrame)
        assert lazy.filter(pl.col("a") > 1).collect()["b"].to_list() == ["y", "z"]


async def test_opening_is_awaited_and_works_with_async_with(file_store):
    artifact = await ag.Artifact.from_dataframe(FRAME, key="t.csv").save()
    assert (await artifact.open()).count_rows() == 3
    async with artifact.open(engine="polars") as lazy:
        assert lazy.collect().height == 3


def test_columns_are_honoured_after_from_dataframe(file_store):
    artifact = ag.Artifact.from_dataframe(FRAME, key="t.parquet").save()
    assert list(artifact.load(columns=["b"]).columns) == ["b"]
    assert list(artifact.load().columns) == ["a", "b"]
    with pytest.raises(SerializeError, match="nonsense"):
        artifact.load(nonsense=1)


def test_the_separator_of_a_csv_is_remembered(file_store):
    artifact = ag.Artifact.from_dataframe(FRAME, key="t.csv", csv_kwargs={"sep": ";"}).save()
    assert artifact.cache().read_text() == "a;b\n1;x\n2;y\n3;z\n"
    assert ag.load("t.csv").equals(FRAME)
    assert artifact.load(nrows=1).shape == (1, 2)
    assert artifact.open().to_table().num_columns == 2
    assert artifact.open(engine="polars").collect().width == 2
    assert ag.Artifact.from_dataframe(FRAME, key="t.csv", csv_kwargs={"sep": ","}).save().version == 2


def test_an_index_that_says_something_survives_csv(file_store):
    frame = FRAME.set_index("b")
    ag.Artifact.from_dataframe(frame, key="t.csv").save()
    assert ag.load("t.csv").equals(frame)


def test_options_of_parquet_reach_the_writer(file_store):
    sorting = [pq.SortingColumn(0, descending=False, nulls_first=False)]
    options = {"sorting_columns": sorting, "compression": "zstd"}
    artifact = ag.Artifact.from_dataframe(FRAME, key="t.parquet", parquet_kwargs=options).save()
    fragment = next(artifact.open().get_fragments())
    assert list(fragment.metadata.row_group(0).sorting_columns) == sorting
    assert fragment.metadata.row_group(0).column(0).compression == "ZSTD"
    assert artifact.load().equals(FRAME)


def test_a_table_of_the_same_content_in_other_bytes_is_the_same_version(file_store):
    first = ag.Artifact.from_dataframe(FRAME, key="t.parquet").save()
    other = FRAME.copy()
    other.attrs = {"made": "otherwise"}
    assert ag.Artifact.from_dataframe(other, key="t.parquet").save() == first
    assert len(blobs(file_store)) == 1


def test_a_file_that_is_a_table_counts_its_rows(file_store, tmp_path):
    FRAME.to_parquet(tmp_path / "t.parquet")
    FRAME.to_csv(tmp_path / "t.csv", index=False)
    for name in ("t.parquet", "t.csv"):
        artifact = ag.Artifact.from_dataframe(tmp_path / name, key=name).save()
        assert (artifact.n_observations, artifact.otype) == (3, "DataFrame")
        assert artifact.load().equals(FRAME)
    assert ag.Artifact.from_dataframe(str(tmp_path / "t.csv")).save().key is None


def test_a_table_without_a_key_is_parquet_and_deduplicated(file_store):
    artifact = ag.Artifact.from_dataframe(FRAME, description="no key").save()
    assert (artifact.suffix, artifact.key) == (".parquet", None)
    assert ag.Artifact.from_dataframe(FRAME.copy()).save() == artifact


def test_what_is_no_table_and_what_contradicts_is_refused(file_store, tmp_path):
    (tmp_path / "x.txt").write_text("no table")
    with pytest.raises(InvalidArtifactError, match="not a builtins"):
        ag.Artifact.from_dataframe([1, 2], key="x.parquet")
    with pytest.raises(InvalidArtifactError, match=r"not kept as \.xlsx"):
        ag.Artifact.from_dataframe(FRAME, key="x.xlsx")
    with pytest.raises(InvalidArtifactError, match="csv_kwargs is given"):
        ag.Artifact.from_dataframe(FRAME, key="x.parquet", csv_kwargs={"sep": ";"})
    with pytest.raises(SerializeError, match="nonsense"):
        ag.Artifact.from_dataframe(FRAME, key="x.csv", csv_kwargs={"nonsense": 1}).save()
    with pytest.raises(UnserializableError):
        ag.Artifact.from_dataframe(pd.DataFrame({"a": [object()]}), key="x.parquet").save()
    assert (count(file_store), blobs(file_store)) == (0, [])
    artifact = ag.Artifact.from_dataframe(FRAME, key="x.parquet")
    with pytest.raises(InvalidArtifactError, match="with 'r' alone"):
        artifact.save().open("w")
    with pytest.raises(InvalidArtifactError, match="'pyarrow' or 'polars'"):
        artifact.open(engine="duckdb")
    artifact.delete(permanent=True)
    assert (ag.Artifact.filter(versions="all", trash="any").count(), blobs(file_store)) == (0, [])


def test_a_folder_of_one_format_is_opened_as_one_table(file_store, tmp_path):
    (tmp_path / "parts").mkdir()
    for part in range(3):
        FRAME.assign(part=part).to_parquet(tmp_path / "parts" / f"{part}.parquet")
    artifact = ag.Artifact(tmp_path / "parts", key="parts").save()
    assert artifact.open().count_rows() == 9
    assert artifact.open(engine="polars").collect().height == 9
    (tmp_path / "parts" / "x.csv").write_text("a\n")
    with pytest.raises(InvalidArtifactError, match=r"\.csv, \.parquet"):
        ag.Artifact(tmp_path / "parts", key="parts").save().open()


def test_files_are_loaded_by_their_suffix(file_store, tmp_path):
    files = {
        "a.json": ('{"a": ["$tuple", 1]}', {"a": ["$tuple", 1]}),
        "a.jsonl": ('{"a": 1}\n\n[2]\n', [{"a": 1}, [2]]),
        "a.yaml": ("a: [1, 2]\n", {"a": [1, 2]}),
        "a.txt": ("two\r\nlines", "two\r\nlines"),
        "a.md": ("# é", "# é"),
        "a.tsv": ("a\tb\n1\tx\n", None),
    }
    for name, (text, value) in files.items():
        (tmp_path / name).write_bytes(text.encode())
        loaded = ag.Artifact(tmp_path / name, key=name).save().load()
        assert value is None or loaded == value
    assert ag.load("a.tsv").to_dict("list") == {"a": [1], "b": ["x"]}
    np.savez(tmp_path / "a.npz", x=np.arange(3))
    assert ag.Artifact(tmp_path / "a.npz").save().load()["x"].tolist() == [0, 1, 2]
    assert ag.Artifact.get(key="a.txt").load(encoding="latin-1") == "two\r\nlines"


def test_a_file_that_nothing_reads_is_loaded_as_a_path(file_store, tmp_path):
    (tmp_path / "reads.fastq").write_text("@")
    path = ag.Artifact(tmp_path / "reads.fastq", key="lab/reads.fastq").save().load()
    assert (path.name, path.read_text()) == ("reads.fastq", "@")
    with pytest.raises(SerializeError, match="no options"):
        ag.Artifact.get(key="lab/reads.fastq").load(columns=[])


def test_a_file_that_is_not_what_its_suffix_says_is_a_typed_error(file_store, tmp_path):
    for name in ("a.parquet", "a.feather", "a.json", "a.npy", "a.npz", "a.png", "a.jpg", "a.yaml"):
        (tmp_path / name).write_bytes(b"\x00: {no")
        with pytest.raises(SerializeError):
            ag.Artifact(tmp_path / name, key=name).save().load()


def test_a_table_whose_index_or_categories_changed_is_a_new_version(file_store):
    days = pd.DataFrame({"v": [1, 2]}, index=pd.to_datetime(["2020", "2021"]))
    utc = days.tz_localize("UTC")
    up, down = (pd.CategoricalDtype(order, ordered=True) for order in (["lo", "hi"], ["hi", "lo"]))
    grades = pd.DataFrame({"g": ["lo", "hi"]})
    for suffix in (".parquet", ".feather"):
        for place, frame in enumerate([days, utc, utc.tz_convert("Asia/Tokyo")]):
            assert ag.Artifact.from_dataframe(frame, key=f"days{suffix}").save().version == place + 1
            pd.testing.assert_frame_equal(ag.load(f"days{suffix}"), frame, check_freq=False)
        for place, dtype in enumerate([up, down, "category"]):
            frame = grades.astype(dtype)
            assert ag.Artifact.get(ag.save(frame, key=f"grades{suffix}")).version == place + 1
            pd.testing.assert_frame_equal(ag.load(f"grades{suffix}"), frame)


def test_a_feather_file_keeps_lists_and_dicts(file_store):
    frame = pd.DataFrame({"a": [[1], [2, 3]], "d": [{"x": 1}, {"x": 2}]})
    saved = ag.Artifact.from_dataframe(frame, key="t.feather").save()
    assert ag.load("t.feather").map(lambda each: each if isinstance(each, dict) else list(each)).equals(frame)
    assert ag.Artifact.from_dataframe(frame, key="t.feather").save() == saved
    assert ag.Artifact.from_dataframe(frame[::-1], key="t.feather").save().version == 2


def test_options_that_a_csv_file_was_written_with_are_remembered(file_store, tmp_path):
    frame, path = pd.DataFrame({"a": [1.5, None], "b": ["x", "é"]}), tmp_path / "s.csv"
    for key, options in {
        "sep.csv": {"sep": ";"},
        "all.csv": {"sep": "|", "decimal": ",", "encoding": "latin-1", "na_rep": "MISSING"},
        "index.csv": {"index": True},
    }.items():
        given = {"index": False, **options}
        frame.to_csv(path, **given)
        artifact = ag.Artifact.from_dataframe(path, key=key, csv_kwargs=options).save()
        for read in (artifact.load(), ag.load(key), ag.Artifact.get(key=key).value):
            pd.testing.assert_frame_equal(read, frame)
        assert artifact.n_observations == 2
        assert ag.Artifact.filter(columns={"b": None}, key=key).one() == artifact
    frame.to_csv(path, header=False, index=False)
    artifact = ag.Artifact.from_dataframe(path, csv_kwargs={"header": False}).save()
    assert (artifact.n_observations, artifact.load()[1].tolist()) == (2, ["x", "é"])


def test_options_of_a_csv_file_can_be_told_later(file_store, tmp_path):
    (tmp_path / "s.csv").write_text("a;b\n1;2\n")
    first = ag.Artifact.from_dataframe(tmp_path / "s.csv", key="s.csv").save()
    assert first.load().columns.tolist() == ["a;b"]
    again = ag.Artifact.from_dataframe(tmp_path / "s.csv", key="s.csv", csv_kwargs={"sep": ";"}).save()
    assert (again, again.load().columns.tolist()) == (first, ["a", "b"])
    assert ag.Artifact.from_dataframe(tmp_path / "s.csv", key="s.csv").save().load().shape == (1, 2)


def test_options_that_do_not_fit_a_file_are_refused(file_store, tmp_path):
    FRAME.to_csv(tmp_path / "s.csv", index=False)
    FRAME.to_parquet(tmp_path / "s.parquet")
    make = ag.Artifact.from_dataframe
    with pytest.raises(InvalidArtifactError, match="parquet_kwargs say how a table is written"):
        make(tmp_path / "s.csv", parquet_kwargs={"compression": "zstd"})
    with pytest.raises(InvalidArtifactError, match=r"s\.parquet is no CSV"):
        make(tmp_path / "s.parquet", csv_kwargs={"sep": ";"})
    with pytest.raises(SerializeError, match="has no nonsense; it has sep"):
        make(tmp_path / "s.csv", csv_kwargs={"nonsense": 1})
    for data in (tmp_path / "s.csv", FRAME):
        with pytest.raises(InvalidArtifactError, match="csv_kwargs is a dict"):
            make(data, key="s.csv", csv_kwargs=["sep"])
    with pytest.raises(InvalidArtifactError, match="parquet_kwargs is a dict"):
        make(FRAME, parquet_kwargs=["x"])


def test_options_of_to_parquet_are_known(file_store):
    frame = pd.DataFrame({"a": range(5)}, index=list("vwxyz"))
    make = ag.Artifact.from_dataframe
    options = {"index": False, "engine": "pyarrow", "row_group_size": 2, "compression": "gzip"}
    artifact = make(frame, key="f.parquet", parquet_kwargs=options).save()
    assert artifact.load().equals(frame.reset_index(drop=True))
    assert pq.read_schema(artifact.path).names == ["a"]
    meta = pq.read_metadata(artifact.path)
    assert [meta.row_group(place).num_rows for place in range(meta.num_row_groups)] == [2, 2, 1]
    assert make(FRAME, key="i.parquet", parquet_kwargs={"index": True}).save().load().index.tolist() == [0, 1, 2]
    assert pq.read_schema(ag.Artifact.get(key="i.parquet").path).names == ["a", "b", "__index_level_0__"]
    assert make(frame, key="n.parquet", parquet_kwargs={"index": None, "engine": "auto"}).save().load().equals(frame)


@pytest.mark.parametrize("library", TABLES)
def test_options_that_parquet_does_not_have_are_told_as_such(file_store, library):
    refused = {"nonsense": 1}
    if library == "pandas":
        refused |= {"engine": "fastparquet", "row_group_size": 0, "index": "no", "compression": "foo"}
        refused |= {"partition_cols": ["a"], "schema": 1, "sorting_columns": 3}
    for name, value in refused.items():
        with pytest.raises(SerializeError, match=name):
            ag.Artifact.from_dataframe(TABLES[library], parquet_kwargs={name: value}).save()
    assert (count(file_store), blobs(file_store)) == (0, [])


def test_a_file_that_is_no_table_and_a_folder_are_told(file_store, tmp_path):
    for name in ("t.parquet", "t.feather"):
        (tmp_path / name).write_text("no table")
        for schema in (None, {"a": "int"}):
            with pytest.raises(SerializeError):
                ag.Artifact.from_dataframe(tmp_path / name, schema=schema).save()
    (tmp_path / "parts").mkdir()
    with pytest.raises(InvalidArtifactError, match=r"Artifact\(folder\)"):
        ag.Artifact.from_dataframe(tmp_path / "parts")
    assert (count(file_store), blobs(file_store)) == (0, [])
    for name in ("t.parquet", "t.feather"):
        artifact = ag.Artifact(tmp_path / name, key=name).save()
        for engine in ("pyarrow", "polars"):
            with pytest.raises(InvalidArtifactError, match="cannot open this as"):
                artifact.open(engine=engine)


def test_a_table_that_was_changed_in_place_is_a_changed_input_of_what_is_made_of_it(store):
    ag.save(pd.DataFrame({"a": [1, 2]}), key="raw.parquet")
    frame = ag.load("raw.parquet")
    frame.loc[0, "a"] = 9
    with ag.span_context("clean") as span:
        ag.save(frame, key="clean.parquet")
    assert [link.changed for link in ag.read(ag.Link, ag.LinkFilter(target=span, kind="input"))] == [True]
