from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import inf, isfinite, nextafter
from random import Random
from struct import unpack

from sqlalchemy import Float, StaticPool, column, create_engine, select, table, text

import artigraph as ag
from artigraph.digest import digest_bytes
from artigraph.graph.among import among
from artigraph.graph.types import Text
from artigraph.ids import new_id
from tests.stores import few_parameters


def test_many_ids_at_once(store):
    nodes = [ag.Node(str(n)) for n in range(50)]
    ag.write_many(nodes)
    found = ag.read(ag.Node, ag.NodeFilter(id=[*nodes, *(new_id() for _ in range(20_000))]))
    assert found == nodes


def test_more_ids_than_a_statement_takes_parameters(store):
    nodes = [ag.Node(str(n)) for n in range(3)]
    links = [ag.Link(nodes[0], each) for each in nodes[1:]]
    ag.write_many([*nodes, *links])
    with few_parameters():
        many = [*nodes[:2], *(new_id() for _ in range(40_000))]
        assert ag.read(ag.Node, ag.NodeFilter(id=many)) == nodes[:2]
        assert ag.read(ag.Node, ~ag.NodeFilter(id=many)) == nodes[2:]
        assert ag.read(ag.Node, ag.NodeFilter(child_of=many)) == nodes[1:]
        assert ag.read(ag.Node, ag.NodeFilter(ancestor_of=many[1:])) == nodes[:1]
        assert len(ag.read(ag.Link, ag.LinkFilter(source=many))) == 2
        assert ag.delete_many([*links, *(ag.Link(nodes[0], nodes[1]) for _ in range(40_000))]) == 2


def test_one_of_more_values_than_a_database_has_parameters(store):
    for number, label in enumerate(("it's", "\\'; %s --", "ä", "plain")):
        ag.Artifact(value="x" * number, label=label).save()
    labels = ["it's", "\\'; %s --", "ä", *(f"{n:05}" for n in range(40_000))]

    def found(**asked):
        return [each.label for each in ag.read(ag.Artifact, ag.ArtifactFilter(**asked), order_by="label")]

    assert found(label=labels) == sorted(labels[:3], key=str.encode)
    assert found(label=ag.ValueFilter(not_in=labels)) == ["plain"]
    assert found(size=list(range(4, 40_000))) == ["plain", "ä"]
    times = [datetime(2000, 1, 1, tzinfo=UTC) + timedelta(days=days) for days in range(2_000)]
    assert found(created_at=times) == []
    newest = ag.read_one(ag.Artifact, ag.NodeFilter(label="plain"))
    assert found(created_at=[*times, newest.created_at]) == ["plain"]
    assert ag.Artifact.filter(label__in=labels, size__gte=4).count() == 1


def test_one_of_more_ids_and_hashes_than_a_database_has_parameters(store):
    nodes = [ag.Node("a"), ag.Node("b"), ag.Artifact(value="x", label="of x")]
    link = ag.Link(nodes[0], nodes[1])
    ag.write_many([*nodes, link])
    with few_parameters():
        ids = [new_id() for _ in range(40_000)]
        some = ag.ValueFilter(in_=[nodes[0].id, *ids])
        assert ag.read(ag.Node, ag.NodeFilter(id=some)) == nodes[:1]
        others = ag.NodeFilter(id=ag.ValueFilter(not_in=some.in_))
        assert [each.label for each in ag.read(ag.Node, others, order_by="label")] == ["b", "of x"]
        assert len(ag.read(ag.Link, ag.LinkFilter(id=ag.ValueFilter(in_=[link.id, *ids])))) == 1
        assert ag.read(ag.Link, ag.LinkFilter(id=ag.ValueFilter(in_=ids))) == []
        hashes = [digest_bytes(str(each).encode()) for each in ids]
        kept = ag.read_one(ag.Artifact, ag.ArtifactFilter(label="of x")).hash
        assert len(ag.read(ag.Artifact, ag.ArtifactFilter(hash=kept))) == 1
        assert len(ag.read(ag.Artifact, ag.ArtifactFilter(hash=ag.ValueFilter(in_=[kept, *hashes])))) == 1


def test_every_fraction_and_text_is_found_exactly_among_40_000():
    random = Random(0)
    numbers = [unpack("d", random.randbytes(8))[0] for _ in range(2_000)]
    numbers = [each for each in numbers if isfinite(each)] + [0.1, -0.3, 1e23, 5e-324, -1e-310, inf, -inf, 2.0**60]
    words = ["a", "a\0b", 'é"\\', "", "\0"]
    odd = table("odd", column("number", Float()), column("words", Text(None)))
    others = [each + 1 / 3 for each in range(40_000)]
    database = create_engine("sqlite://", poolclass=StaticPool)
    with database.begin() as connection:
        connection.execute(text("CREATE TABLE odd (number FLOAT, words TEXT)"))
        connection.execute(odd.insert(), [{"number": each, "words": words[n % 5]} for n, each in enumerate(numbers)])

        def found(test):
            return connection.execute(select(odd.c.number, odd.c.words).where(test)).all()

        for kept in (numbers[::2], numbers[1::2]):
            assert [number for number, _ in found(among(odd.c.number, [*others, *kept]))] == kept
            assert [number for number, _ in found(among(odd.c.number, [nextafter(each, 0) for each in kept * 2]))] == [
                each for each in numbers if each in {nextafter(other, 0) for other in kept}
            ]
        assert len(found(~among(odd.c.number, others))) == len(numbers)
        for word in words:
            assert {each for _, each in found(among(odd.c.words, [word, *map(str, others)]))} == {word}
    database.dispose()
