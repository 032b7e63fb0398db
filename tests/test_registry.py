"""Names lead to serializers, storages and models; nothing is loaded before it is asked for."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import textwrap
from uuid import UUID

import pytest

from artigraph.errors import (
    MissingLibraryError,
    NameTakenError,
    UnknownModelError,
    UnknownSerializerError,
    UnknownStorageError,
)
from artigraph.registry import Registry, current_registry, default_registry, load, use_registry
from artigraph.serializer.base import Serializer
from artigraph.serializer.json import JsonSerializer, json_serializer
from artigraph.storage.file import FileSystemStorage
from artigraph.storage.memory import MemoryStorage


class Shape:
    pass


class Square(Shape):
    pass


class ShapeSerializer(Serializer[Shape]):
    name = "shape/1"
    types = (Shape,)
    suffixes = (".shape",)

    def serialize(self, value, /):
        return type(value).__name__.encode()

    def deserialize(self, data, /):
        return {b"Shape": Shape, b"Square": Square}[data]()


@pytest.fixture
def registry() -> Registry:
    return Registry()


def test_a_value_finds_the_serializer_of_its_type_then_of_its_nearest_base(registry):
    shape, square = ShapeSerializer(), ShapeSerializer()
    registry.add_serializer(shape)
    assert registry.serializer_for(Square()) is shape
    square.name, square.types = "square/1", (Square,)
    registry.add_serializer(square)
    assert registry.serializer_for(Square()) is square
    assert registry.serializer_for(Shape()) is shape
    assert registry.serializer_for_type(Square) is square


def test_what_nobody_serves_finds_nothing(registry):
    assert registry.serializer_for(Shape()) is None
    assert registry.serializer_for_suffix(".shape") is None


def test_a_miss_is_not_remembered(registry):
    assert registry.serializer_for(Shape()) is None
    registry.add_serializer(serializer := ShapeSerializer())
    assert registry.serializer_for(Shape()) is serializer


@pytest.mark.parametrize("value", [1, "a", None, True, 1.5, [1], {}, (1,), {1}, b"x", UUID(int=1), dt.date(2024, 1, 1)])
def test_values_of_the_standard_library_are_json(registry, value):
    assert registry.serializer_for(value) is json_serializer


def test_moments_have_a_file_of_their_own(registry):
    assert registry.serializer_for(dt.datetime(2024, 1, 1, tzinfo=dt.UTC)).name == "datetime.iso/1"
    assert registry.serializer_for(dt.timedelta(1)).name == "datetime.timedelta/1"


def test_the_first_claim_on_a_type_or_suffix_holds_until_it_is_replaced(registry):
    first, second = ShapeSerializer(), ShapeSerializer()
    second.name = "shape/2"
    registry.add_serializer(first)
    registry.add_serializer(second)
    assert registry.serializer_for(Shape()) is registry.serializer_for_suffix(".SHAPE") is first
    registry.add_serializer(second, replace=True)
    assert registry.serializer_for(Shape()) is registry.serializer_for_suffix(".shape") is second


def test_the_same_object_twice_is_fine_and_another_of_its_name_is_not(registry):
    serializer, storage = ShapeSerializer(), MemoryStorage("here")
    for add, thing, other in [
        (registry.add_serializer, serializer, ShapeSerializer()),
        (registry.add_storage, storage, MemoryStorage("here")),
    ]:
        add(thing)
        add(thing)
        with pytest.raises(NameTakenError, match=thing.name):
            add(other)
        add(other, replace=True)
    assert registry.storage_named("here") is not storage
    assert registry.serializer_named("shape/1") is not serializer


def test_models_are_known_by_their_stored_name(registry):
    registry.add_model("Shape", Shape)
    registry.add_model("Shape", Shape)
    assert registry.model_named("Shape") is Shape
    with pytest.raises(NameTakenError):
        registry.add_model("Shape", Square)
    registry.add_model("Shape", Square, replace=True)
    assert registry.models == {"Shape": Square}


def test_unknown_names_are_typed_errors(registry):
    with pytest.raises(UnknownSerializerError, match=r"nothing\.here/1"):
        registry.serializer_named("nothing.here/1")
    with pytest.raises(UnknownStorageError, match="s3:nowhere"):
        registry.storage_named("s3:nowhere")
    with pytest.raises(UnknownModelError, match="Nobody"):
        registry.model_named("Nobody")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/1",
        ".json/1",
        "..json/1",
        "os.system/1",
        "base.x/1",
        "__init__/1",
        "xml.dom/1",
        "json.tool/1",
        "9/1",
        "a b",
    ],
)
def test_a_name_from_a_database_imports_nothing_but_serializers(registry, name):
    before = set(sys.modules)
    with pytest.raises(UnknownSerializerError):
        registry.serializer_named(name)
    with pytest.raises(UnknownStorageError):
        registry.storage_named(name)
    assert {module for module in set(sys.modules) - before if not module.startswith("artigraph.")} == set()


def test_a_registry_of_modules_knows_just_those():
    registry = Registry(modules=["artigraph.serializer.json", "artigraph.storage.file"])
    assert registry.serializer_for(1) is json_serializer
    assert registry.serializer_for(dt.timedelta(1)) is None
    with pytest.raises(UnknownSerializerError):
        registry.serializer_named("datetime.iso/1")
    assert Registry(modules=[sys.modules["artigraph.serializer.datetime"]]).serializer_named("datetime.iso/1")


def test_the_package_of_serializers_stands_for_all_of_them():
    registry = Registry(modules=["artigraph.serializer"])
    assert registry.serializer_for(1) is json_serializer
    assert registry.serializer_named("datetime.iso/1")


def test_a_registry_of_things_knows_just_those():
    storage = MemoryStorage()
    registry = Registry(serializers=[json_serializer], storages=[storage], models={"Shape": Shape})
    assert registry.serializers == {"json/1": json_serializer}
    assert registry.storages == {storage.name: storage}
    assert registry.serializer_for(Shape()) is None
    assert registry.model_named("Shape") is Shape


class Pair:
    def __init__(self, left, right):
        self.left, self.right = left, right


class PairUnpacker:
    name = "pairs.pair/1"
    types = (Pair,)

    def unpack(self, value):
        return vars(value)

    def pack(self, parts):
        return Pair(**parts)


def test_an_unpacker_is_found_for_its_types_and_their_subclasses():
    unpacker = PairUnpacker()
    registry = Registry(unpackers=[unpacker])
    assert registry.unpackers == {"pairs.pair/1": unpacker}
    assert registry.unpacker_for(type("Twin", (Pair,), {})) is registry.unpacker_for(Pair) is unpacker
    assert registry.unpacker_for(Shape) is None
    with pytest.raises(NameTakenError):
        registry.add_unpacker(PairUnpacker())


def test_both_know_what_each_of_them_knew():
    storage = MemoryStorage("registry-union")
    one = Registry(serializers=[ShapeSerializer()], unpackers=[PairUnpacker()])
    other = Registry(storages=[storage], models={"Shape": Shape}, modules=["artigraph.serializer.json"])
    both = one | other
    assert both.serializer_for(Shape()).name == "shape/1"
    assert both.serializer_for(1) is json_serializer
    assert both.storage_named("registry-union") is storage
    assert both.model_named("Shape") is Shape
    assert both.unpacker_for(Pair)
    assert both.serializer_for_suffix(".json") is json_serializer
    assert one.serializer_for(1) is None
    with pytest.raises(UnknownSerializerError):
        both.serializer_named("datetime.iso/1")
    assert (one | Registry(modules=["artigraph.serializer"])).serializer_named("datetime.iso/1")


def test_two_things_of_one_name_cannot_be_in_one_registry_unless_one_replaces_the_other():
    one, other = Registry(serializers=[ShapeSerializer()]), Registry(serializers=[ShapeSerializer()])
    with pytest.raises(NameTakenError, match="shape/1"):
        one | other
    assert one.union(other, replace=True).serializer_for(Shape()) is other.serializers["shape/1"]
    assert (one | one).serializer_for(Shape()) is one.serializers["shape/1"]
    here, there = Registry(default_storage="here"), Registry(default_storage="there")
    with pytest.raises(NameTakenError, match="default_storage"):
        here | there
    with pytest.raises(UnknownStorageError, match="there"):
        here.union(there, replace=True).default_storage


def test_a_default_storage_is_known_and_limits_nothing():
    storage = MemoryStorage("registry-default")
    registry = Registry(default_storage=storage)
    assert registry.default_storage is registry.storage_named("registry-default") is storage
    assert registry.serializer_for(1) is json_serializer
    assert (registry | Registry()).default_storage is storage
    assert Registry(default_storage="registry-default", storages=[storage]).default_storage is storage
    assert Registry().default_storage is None


def test_packages_stand_for_everything_that_is_registered_also_later():
    registry = Registry(modules=["artigraph.storage", "artigraph.model"])
    few = Registry(modules=["artigraph.storage.memory"])
    storage = MemoryStorage("registry-later").register()
    default_registry().add_model("registry-later", Shape, replace=True)
    assert registry.storage_named("registry-later") is few.storage_named("registry-later") is storage
    assert registry.model_named("registry-later") is Shape
    assert storage in few.storages_of(MemoryStorage)
    assert registry.serializer_for(1) is None
    with pytest.raises(UnknownModelError):
        few.model_named("registry-later")
    with pytest.raises(UnknownStorageError):
        Registry(modules=["artigraph.storage.file"]).storage_named("registry-later")


def test_a_storage_of_the_same_place_may_be_registered_again(tmp_path):
    first, second = FileSystemStorage(tmp_path).register(), FileSystemStorage(str(tmp_path)).register()
    assert first == second
    assert hash(first) == hash(second)
    assert default_registry().storages[first.name] is second
    with pytest.raises(NameTakenError):
        FileSystemStorage(tmp_path / "other", name=first.name).register()
    assert MemoryStorage("x") != MemoryStorage("x")


def test_a_module_brings_its_registered_model_classes():
    name = "test_registry.Shape"
    default_registry().add_model(name, Shape, replace=True)
    assert Registry(modules=[sys.modules[__name__]]).models == {name: Shape}


def test_a_block_can_have_a_registry_of_its_own():
    mine = Registry()
    assert current_registry() is default_registry()
    with use_registry(mine) as inside:
        assert inside is mine is current_registry()
    assert current_registry() is default_registry()


def test_load_names_the_library_to_install(monkeypatch):
    with pytest.raises(MissingLibraryError, match="the shape view needs notthere: pip install not-there") as caught:
        load("notthere.deep", "the shape view", package="not-there")
    assert caught.value.library == "notthere"
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(MissingLibraryError, match="pip install polars"):
        load("polars", "the polars serializer")


def test_load_passes_on_what_is_no_missing_library(tmp_path, monkeypatch):
    (tmp_path / "half_installed.py").write_text("import surely_not_there")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="surely_not_there") as caught:
        load("half_installed", "this test")
    assert not isinstance(caught.value, MissingLibraryError)


def test_a_suffix_is_found_without_importing_what_does_not_name_it():
    code = """
        import sys
        from artigraph.registry import Registry
        assert Registry().serializer_for_suffix(".fastq") is None
        assert not {"pandas", "numpy", "polars", "pyarrow"} & set(sys.modules)
        assert Registry().serializer_for_suffix(".npy").name == "numpy.npy/1"
        assert not {"pandas", "polars", "pyarrow"} & set(sys.modules)
    """
    _run(code)


def test_a_missing_library_behind_a_suffix_or_name_is_a_typed_error():
    code = """
        import sys
        sys.modules["numpy"] = None
        from artigraph.errors import MissingLibraryError
        from artigraph.registry import Registry
        asks = [lambda: Registry().serializer_named("numpy.npy/1"), lambda: Registry().serializer_for_suffix(".npy")]
        for ask in asks:
            try:
                ask()
            except MissingLibraryError as error:
                assert "pip install numpy" in str(error)
            else:
                raise AssertionError
    """
    _run(code)


def test_importing_the_registry_scans_no_entry_points_and_loads_no_library():
    code = """
        import importlib.metadata, sys
        importlib.metadata.entry_points = None
        import artigraph.registry, artigraph.serializer.base, artigraph.storage.base
        assert not {"pandas", "numpy", "polars", "pyarrow", "artigraph.serializer.json"} & set(sys.modules)
    """
    _run(code)


def test_a_package_with_entry_points_adds_a_serializer_and_a_storage(tmp_path, monkeypatch, registry):
    with pytest.raises(UnknownSerializerError):
        registry.serializer_named("colourlib.rgb/1")
    package = tmp_path / "colourlib"
    package.mkdir()
    (package / "__init__.py").write_text("class Colour:\n    def __init__(self, rgb):\n        self.rgb = rgb\n")
    (package / "shade.py").write_text(
        textwrap.dedent("""
            from artigraph.serializer.base import Serializer
            from colourlib import Colour

            class ColourSerializer(Serializer[Colour]):
                name = "colourlib.rgb/1"
                types = (Colour,)
                suffixes = (".rgb",)

                def serialize(self, value, /):
                    return bytes(value.rgb)

                def deserialize(self, data, /):
                    return Colour(tuple(data))

            colour_serializer = ColourSerializer()
        """)
    )
    (package / "shelf.py").write_text(
        "from artigraph.storage.memory import MemoryStorage\n\nshelf = MemoryStorage('colourlib:shelf')\n"
    )
    info = tmp_path / "colourlib-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: colourlib\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[artigraph.serializer]\ncolourlib = colourlib.shade\n[artigraph.storage]\ncolourlib = colourlib.shelf\n"
    )
    monkeypatch.syspath_prepend(tmp_path)

    serializer = registry.serializer_named("colourlib.rgb/1")
    assert registry.storage_named("colourlib:shelf").name == "colourlib:shelf"
    colour = serializer.deserialize(b"\x01\x02\x03")
    assert Registry().serializer_for(colour) is serializer
    assert Registry().serializer_for_suffix(".rgb") is serializer
    assert serializer.serialize(colour) == b"\x01\x02\x03"


def test_two_json_serializers_cannot_share_the_process():
    with pytest.raises(NameTakenError):
        JsonSerializer().register()
    assert json_serializer.register() is json_serializer


def _run(code: str) -> None:
    subprocess.run([sys.executable, "-W", "error", "-c", textwrap.dedent(code)], check=True, timeout=60)
