"""What the details panel says of a thing besides its row: features, labels, tags, its versions, and code to load it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from artigraph.artifact.describe import VersionFacts, versions_of
from artigraph.artifact.said import values_of
from artigraph.artifact.text import cell_text
from artigraph.lineage.escape import plain
from artigraph.lineage.facts import Facts
from artigraph_jupyter.views.quantity import moment_text
from artigraph_jupyter.widget.words import badge, variable_for

SAID = 50
"""Features, labels, and tags that are named, of each."""

_CLOCK = badge("stale")["icon"]


@dataclass(frozen=True, slots=True)
class Annotated:
    """What was said of a node: name -> value; and of a keyed artifact its newest versions, oldest of them first."""

    features: Mapping[str, Any]
    labels: Mapping[str, Any]
    tags: Mapping[str, Any]
    versions: tuple[VersionFacts, ...] = ()
    version_count: int = 0
    own: VersionFacts | None = None
    """The version that the node is."""


def annotated(connection: Connection, facts: Facts) -> Annotated:
    """What was said of a node, in a fixed number of statements."""
    node_id = UUID(facts.node.id)
    feature, label, tag = (values_of(connection, space, [node_id.bytes]) for space in ("feature", "label", "tag"))
    versions, count = versions_of(connection, facts.stem, among=node_id)
    own = next((version for version in versions if version.id == node_id), None)
    return Annotated(feature[node_id.bytes], label[node_id.bytes], tag[node_id.bytes], versions, count, own)


def said_facts(known: Annotated) -> Iterable[tuple[str, str]]:
    """(name, text) of features, labels and tags; one line for each feature and tag."""
    labels = [name for each in known.labels.values() for name in (each if isinstance(each, list) else [each])]
    yield "Features", _lines(known.features)
    yield "Labels", ", ".join([*(plain(name, 60) for name in labels[:SAID]), *_more(len(labels))])
    yield "Tags", _lines(known.tags)


def version_badges(known: Annotated) -> list[dict[str, Any]]:
    """Whether the shown version is the latest, an older one, or in the trash."""
    if known.own is None or (known.own.is_latest and known.version_count == 1):
        return []
    return [_badge(known.own, known.versions[-1].number)]


def versions_message(known: Annotated) -> dict[str, Any] | None:
    """The versions, newest first, each with an id to go to; None where nothing has versions."""
    if known.own is None:
        return None
    rows = [
        {
            "id": str(version.id),
            "word": f"v{version.number}",
            "shown": version is known.own,
            "saved": moment_text(version.saved_at),
            "maker": plain(version.maker or "", 40),
            "badges": [_badge(version)] if version.is_latest or version.in_trash else [],
        }
        for version in reversed(known.versions)
    ]
    more = known.version_count - len(rows)
    return {"count": known.version_count, "rows": rows, "more": f"{more:,} more" if more else ""}


def loading(facts: Facts, known: Annotated) -> dict[str, str]:
    """A name for the value, and code that loads it: the latest version by its key, any other by its id."""
    node, own = facts.node, known.own
    name, target, note = variable_for(node.label), f'"{node.id}"', ""
    if own is not None:
        note = f"  # {plain(facts.key or node.label)} v{own.number}"
        if own.is_latest and facts.key is not None:
            target, note = repr(facts.key), f"  # v{own.number} is the latest"
        elif not own.is_latest:
            name = f"{name}_v{own.number}"
    return {"name": name, "code": f"import artigraph as ag\n\n{name} = ag.load.s({target}){note}"}


def _badge(version: VersionFacts, newest: int | None = None) -> dict[str, Any]:
    """``newest`` is the highest number there is; None says that the row names the version already."""
    if version.in_trash:
        return badge("in the trash") | {"tone": "caution"}
    if version.is_latest:
        return badge("latest")
    return badge(f"v{version.number} of {newest}") | {"tone": "caution", "icon": _CLOCK}


def _lines(said: Mapping[str, Any]) -> str:
    first = [(plain(name, 40), cell_text(value, 200)) for name, value in list(said.items())[:SAID]]
    return "\n".join([*(f"{name} = {value}" if value else name for name, value in first), *_more(len(said))])


def _more(total: int) -> list[str]:
    return [f"{total - SAID:,} more"] if total > SAID else []
