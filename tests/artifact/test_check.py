from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pydantic
import pytest

import artigraph as ag
from artigraph import Feature, Schema
from artigraph.artifact.check import Mismatch, checked
from artigraph.artifact.tabular import is_table
from artigraph.errors import NameTakenError, SchemaMismatchError
from tests.stores import count

FRAME = pd.DataFrame(
    {
        "dose": [1.0, 2.5, None],
        "donor": ["D1", "D2", None],
        "n": [1, 2, 3],
        "day": [date(2024, 1, 1)] * 3,
        "mixed": [1, "a", None],
    }
)
GOOD = FRAME.drop(columns="mixed")
KEPT = GOOD.assign(day=pd.to_datetime(GOOD["day"]))
MAKERS = {"pandas": lambda frame: frame, "polars": pl.from_pandas, "pyarrow": pa.Table.from_pandas}

each_library = pytest.mark.parametrize("library", MAKERS)


class CheckedRow(pydantic.BaseModel):
    dose: float | None
    n: int = pydantic.Field(lt=3)


def mismatches(table: Any, schema: Any) -> list[Mismatch]:
    with pytest.raises(SchemaMismatchError) as caught:
        checked(table, schema)
    return list(caught.value.mismatches)


@each_library
def test_columns_that_fit_pass_in_every_library(library):
    table = MAKERS[library](GOOD)
    for schema in (
        *({"dose": float, "donor": str, "n": int, "day": date}, {"n": float}, {"n": "int"}, {}),
        *({"n": Feature("n", int, nullable=False)}, {"dose": "float"}, {Feature("dose"): float}),
    ):
        assert checked(table, schema) is table
    assert checked(KEPT, {"day": date, "dose": float}) is KEPT
    later = KEPT.assign(day=pd.Timestamp("2024-01-01 10:00"), n=[1.0, None, 2.0])
    assert [each.column for each in mismatches(later, {"day": date, "n": int})] == ["day"]
    assert checked(GOOD, {"n": "int64", "dose": np.float64}) is GOOD
    assert checked(pl.from_pandas(GOOD), {"n": "Int64"}) is not None


@each_library
def test_every_column_that_does_not_fit_is_named_with_bad_rows(library):
    table = MAKERS[library](GOOD)
    found = mismatches(table, {"dose": str, "donor": int, "gone": int, "n": Feature("n", int), "day": "int64"})
    assert [each.column for each in found] == ["dose", "donor", "gone", "day"]
    assert found[0].wanted == "str"
    assert found[0].rows == ((0, "1.0"), (1, "2.5"))
    assert found[1].rows == ((0, "'D1'"), (1, "'D2'"))
    assert "no such column; there are 'dose', 'donor'" in found[2].got
    missing = mismatches(table, {"donor": Feature("donor", str, nullable=False)})
    assert (missing[0].got, missing[0].rows) == ("missing values", ((2, "None"),))


def test_the_message_says_all_of_it():
    with pytest.raises(SchemaMismatchError) as caught:
        checked(FRAME, {"mixed": int, "n": str})
    assert str(caught.value).splitlines() == [
        "2 columns do not fit the schema:",
        "column 'mixed': wanted int, got values of several types (row 1: 'a')",
        "column 'n': wanted str, got int64 (row 0: 1, row 1: 2, row 2: 3)",
    ]
    many = pd.DataFrame({"x": ["bad"] * 100})
    assert len(mismatches(many, {"x": int})[0].rows) == 5


def test_a_pyarrow_schema_wants_exact_types():
    schema = pa.schema([pa.field("n", pa.int64(), nullable=False), pa.field("donor", pa.string())])
    for make in MAKERS.values():
        table = make(GOOD)
        assert checked(table, schema) is table
    assert [each.wanted for each in mismatches(GOOD, pa.schema([("n", pa.int32()), ("dose", pa.float32())]))] == [
        "int32",
        "float",
    ]
    assert mismatches(GOOD, pa.schema([pa.field("dose", pa.float64(), nullable=False)]))[0].got == "missing values"


@each_library
def test_a_pydantic_model_checks_every_row(library):
    table = MAKERS[library](GOOD)
    found = mismatches(table, CheckedRow)
    assert [(each.column, each.wanted, each.rows) for each in found] == [("n", "int", ((2, "3"),))]
    assert "less than 3" in found[0].got
    assert checked(MAKERS[library](GOOD[:2]), CheckedRow) is not None
    assert mismatches(MAKERS[library](GOOD[["n"]][:2]), CheckedRow)[0].got == "no such column"
    long = pd.DataFrame({"dose": 1.0, "n": [1] * 25_000 + [7]})
    assert mismatches(MAKERS[library](long), CheckedRow)[0].rows == ((25_000, "7"),)


def test_a_pandera_schema_or_model_checks_as_it_says():
    pandera = pytest.importorskip("pandera.pandas")
    schema = pandera.DataFrameSchema(
        {"n": pandera.Column(int, pandera.Check.lt(3)), "dose": pandera.Column(str), "gone": pandera.Column(int)}
    )
    found = {each.column: each for each in mismatches(GOOD, schema)}
    assert found["n"].rows == ((2, "3"),)
    assert found["n"].wanted == "less_than(3)"
    assert found["dose"].wanted.startswith("dtype('str")
    assert found["gone"].got == "no such column"

    class Doses(pandera.DataFrameModel):
        n: int = pandera.Field(gt=0)

    assert checked(GOOD, Doses).equals(GOOD)
    assert mismatches(GOOD.assign(n=-1), Doses)[0].got == "3 bad values"


@each_library
def test_a_feature_that_coerces_converts_its_column(library):
    table = MAKERS[library](pd.DataFrame({"n": ["1", "2"], "flag": ["true", "false"], "day": ["2024-01-01"] * 2}))
    rules = {name: Feature(name, dtype, coerce=True) for name, dtype in (("n", int), ("flag", bool), ("day", date))}
    made = checked(table, rules)
    assert is_table(made)
    assert type(made) is type(table)
    values = made.to_pandas() if library != "pandas" else made
    assert list(values["n"]) == [1, 2]
    assert list(values["flag"]) == [True, False]
    assert [str(each)[:10] for each in values["day"]] == ["2024-01-01"] * 2
    assert mismatches(MAKERS[library](pd.DataFrame({"n": ["1", "x"]})), {"n": Feature("n", int, coerce=True)})


def test_what_is_no_table_or_no_schema_is_told():
    for table, schema in (([1], {"a": int}), (GOOD, 3), (GOOD, {"n": complex}), (np.ones(2), {"a": int})):
        with pytest.raises(SchemaMismatchError):
            checked(table, schema)


def test_a_table_that_does_not_fit_is_not_kept(file_store, tmp_path):
    Feature("dose", str).save()
    before = count(file_store), count(file_store, "artigraph_tag"), count(file_store, "artigraph_key")
    file = tmp_path / "doses.csv"
    KEPT.to_csv(file, index=False)
    for schema in (
        {"dose": str},
        "valid_features",
        Schema([Feature("gone", int)]),
        CheckedRow,
        pa.schema([("n", "int8")]),
    ):
        for make in (
            lambda schema: ag.Artifact.from_dataframe(KEPT, key="doses.parquet", schema=schema),
            lambda schema: ag.Artifact.from_dataframe(file, key="doses.csv", schema=schema),
            lambda schema: ag.Artifact(file, key="doses.csv", schema=schema, features={"a": 1}),
            lambda schema: ag.Artifact(value=KEPT, label="doses", schema=schema),
        ):
            with pytest.raises(SchemaMismatchError, match="column"):
                make(schema).save()
    assert (count(file_store), count(file_store, "artigraph_tag"), count(file_store, "artigraph_key")) == before
    assert not [each for each in file_store.with_suffix(".blobs").rglob("*") if each.is_file()]


def test_columns_are_remembered_and_found(store, tmp_path):
    one = ag.Artifact.from_dataframe(KEPT, key="one.parquet").save()
    file = tmp_path / "two.parquet"
    KEPT[["n"]].astype({"n": "int32"}).to_parquet(file)
    two = ag.Artifact.from_dataframe(file, key="two.parquet").save()
    (tmp_path / "three.txt").write_text("no table")
    ag.Artifact(tmp_path / "three.txt", key="three.txt").save()
    found = ag.Artifact.filter
    assert [each.key for each in found(columns="n")] == ["one.parquet", "two.parquet"]
    assert [each.key for each in found(columns="dose")] == ["one.parquet"]
    assert [each.key for each in found(columns__startswith="d")] == ["one.parquet"]
    assert [each.key for each in found(columns__in=["x", "day"])] == ["one.parquet"]
    assert [each.key for each in found(columns={"n": "int32"})] == ["two.parquet"]
    assert len(found(columns={"n": int})) == 2
    assert [each.key for each in found(columns__isnull=True)] == ["three.txt"]
    inferred = one.schemas.one()
    assert {each.name: each.dtype for each in inferred.features} == {
        "dose": "float",
        "donor": "str",
        "n": "int",
        "day": "datetime",
    }
    assert [each.key for each in found(schemas=inferred)] == ["one.parquet"]
    assert one.schema is None
    again = ag.Artifact.from_dataframe(KEPT.assign(n=0), key="other.parquet").save()
    assert again.schemas.one() == inferred
    assert two.schemas.one() != inferred


def test_a_schema_of_features_checks_annotates_and_is_found(store):
    external = Schema([Feature("temperature", float), Feature("date_of_study", date)])
    schema = Schema(
        [Feature("dose", float), Feature("donor", str)],
        name="doses",
        slots={"__external__": external},
        otype="DataFrame",
    ).save()
    features = {"temperature": 21, "date_of_study": date(2024, 10, 1)}
    one = ag.Artifact.from_dataframe(KEPT, key="one.parquet", schema=schema, features=features).save()
    assert one.features.get_values() == {"temperature": 21.0, "date_of_study": date(2024, 10, 1)}
    assert one.schema == schema
    assert [(each.name, each.dtype) for each in Schema.get("doses").features] == [("dose", "float"), ("donor", "str")]
    assert Schema.get("doses").external.features[1].dtype == "date"
    found = ag.Artifact.filter
    assert [each.key for each in found(schema=schema)] == ["one.parquet"]
    assert [each.key for each in found(donor="D2", temperature__gt=20)] == ["one.parquet"]
    assert not found(donor="D3")
    assert len(Schema.filter(otype="DataFrame")) == 1
    assert {"dose", "donor", "temperature"} <= {each.name for each in Feature.filter()}
    for wrong in ({}, {"temperature": 21}, {**features, "temperature": "warm"}):
        with pytest.raises(SchemaMismatchError, match=r"temperature|date_of_study"):
            ag.Artifact.from_dataframe(KEPT, key="two.parquet", schema=schema, features=wrong).save()
    with pytest.raises(NameTakenError, match="doses"):
        Schema([Feature("dose", float)], name="doses").save()
    assert not found(key="two.parquet")


def test_a_maximal_schema_wants_no_other_columns_and_an_optional_one_may_be_missing():
    only = Schema([Feature("n", int)], optional=[Feature("more", str)], maximal_set=True)
    assert only.check(GOOD[["n"]]) is not None
    with pytest.raises(SchemaMismatchError, match="'dose': wanted no such column"):
        only.check(GOOD)
    with pytest.raises(SchemaMismatchError, match="'more': wanted str"):
        only.check(GOOD[["n"]].assign(more=1))


def test_schemas_that_cannot_be_are_told():
    for make, said in (
        (lambda: Schema(["n"]), "is no Feature"),
        (lambda: Schema(slots={"obs": Schema([])}), "no slots"),
        (lambda: Schema(itype="Gene"), "no items of 'Gene'"),
        (lambda: ag.Artifact(value=1, schema={"a": int}).save.s(), "checks tables|no database"),
    ):
        with pytest.raises((SchemaMismatchError, ag.errors.NoEngineError), match=said):
            make()


def test_valid_features_checks_the_columns_that_are_features(store):
    Feature("dose", float).save()
    Feature("n", int, nullable=False).save()
    one = ag.Artifact.from_dataframe(KEPT, key="one.parquet", schema="valid_features").save()
    assert one.schema.name == "valid_features"
    assert Schema.get(name="valid_features") == one.schema
    with pytest.raises(SchemaMismatchError, match="column 'dose': wanted float"):
        ag.Artifact.from_dataframe(KEPT.assign(dose="x"), key="two.parquet", schema="valid_features").save()
    with pytest.raises(SchemaMismatchError, match=r"Schema.get\('other'\)"):
        ag.Artifact.from_dataframe(KEPT, key="two.parquet", schema="other").save()


def test_a_schema_that_coerces_keeps_the_converted_table(store):
    schema = Schema([Feature("n", int, coerce=True)])
    one = ag.Artifact.from_dataframe(pd.DataFrame({"n": ["1", "2"]}), key="one.parquet", schema=schema).save()
    assert list(one.load()["n"]) == [1, 2]
    assert len(ag.Artifact.filter(columns={"n": "int64"})) == 1
