"""What the page is told about things: a node, an icon, a state, each as small JSON of plain text and path data."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from artigraph.ids import as_id
from artigraph.lineage.escape import plain
from artigraph.lineage.icons import DASHED, KIND_ICONS, SOLID, flag_of, state_words
from artigraph.lineage.picture import LineageNode

NAME_LIMIT = 120
"""Characters of a name that a page is sent; the middle of a longer one is left out."""


def icon(path: str) -> dict[str, str]:
    """A drawing: its path data and how it is drawn."""
    return {"d": path, "look": "solid" if path in SOLID else "dash" if path in DASHED else ""}


def kind_icon(kind: str) -> dict[str, str]:
    """The icon of a kind of node."""
    return icon(KIND_ICONS.get(kind, KIND_ICONS["artifact"]))


def badge(word: str) -> dict[str, Any]:
    """A state: word, tone and icon."""
    flag = flag_of(word)
    return {"word": plain(word, 60), "tone": flag.tone, "icon": icon(flag.icon) if flag.icon else None}


def link(node: LineageNode, role: str = "") -> dict[str, Any]:
    """A node that can be gone to; a role that says no more than its name is left out."""
    return {
        "id": node.id,
        "label": name_of(node),
        "kind": node.kind,
        "icon": kind_icon(node.kind),
        "role": plain(role, 60) if role != node.label else "",
        "detail": " · ".join(plain(word, 60) for word in (node.type_name, node.detail) if word),
        "badges": [badge(word) for word in state_words(node.status, node.badges)],
    }


def links(nodes: Iterable[LineageNode]) -> list[dict[str, Any]]:
    """Nodes that can be gone to."""
    return [link(node) for node in nodes]


def name_of(node: LineageNode) -> str:
    """The name with its version."""
    version = f" v{node.version}" if node.version is not None and node.kind in ("keyed", "model") else ""
    return (plain(node.label, NAME_LIMIT) or node.kind) + version


def folder_of(node: LineageNode) -> str:
    """The part of the name before its leaf, when it is a key: it steps back.

    >>> folder_of(LineageNode("a", "lab/doses.csv", "keyed", version=2)), folder_of(LineageNode("a", "a/b", "span"))
    ('lab/', '')
    """
    name = name_of(node)
    return name[: name.rfind("/") + 1] if node.kind == "keyed" else ""


def spoken(node: LineageNode) -> str:
    """What a screen reader says of a node in a graph.

    >>> spoken(LineageNode("a", "evaluate", "run", "error", more_upstream=2))
    'run evaluate, error, 2 more upstream'
    """
    states = [plain(word, 60) for word in state_words(node.status, node.badges)]
    sides = ((node.more_upstream, "upstream"), (node.more_downstream, "downstream"))
    more = [f"{count:,} more {side}" for count, side in sides if count]
    kind = "stack" if node.kind == "many" else node.kind
    alike = [f"{node.count:,} alike"] if node.kind == "many" else []
    return ", ".join([f"{kind} {name_of(node)}", *alike, *states, *more])


def variable_for(label: str) -> str:
    """A name of a variable for a thing of this label.

    >>> variable_for("models/delay-2.csv"), variable_for("2024"), variable_for("class")
    ('delay_2', 'artifact_2024', 'class_')
    """
    leaf = re.sub(r"\.\w{1,8}$", "", label.rstrip("/").rpartition("/")[2])
    name = re.sub(r"\W+", "_", leaf).strip("_")[:60]
    if not name or not name[0].isalpha():
        name = f"artifact_{name}".rstrip("_")
    return name if is_variable(name) else f"{name}_"


def is_variable(name: str) -> bool:
    """Whether a value can be bound to this name."""
    return name.isidentifier() and not keyword.iskeyword(name)


def asked_id(value: object) -> UUID:
    """The id in a message.

    Raises:
        ValueError: it is none.
    """
    found = as_id(value)
    if found is None:
        raise ValueError(f"{str(value)[:60]!r} is no id")
    return found
