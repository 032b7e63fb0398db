"""Tab in the line of a magic: its options, and the labels that are in the store."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from sqlalchemy import Connection, select

from artigraph.bridge import block
from artigraph.errors import ArtigraphError
from artigraph.graph.engine import current_database
from artigraph.graph.schema import NODE
from artigraph.graph.value import ValueFilter
from artigraph_jupyter import parsers
from artigraph_jupyter.options import Options
from artigraph_jupyter.request import OPTIONS

OFFERED = 50
"""Labels that are offered at most."""

_MAGICS: dict[str, tuple[Options, str]] = {
    "%artigraph": (parsers.ARTIGRAPH, "verbs"),
    "%artifacts": (parsers.ARTIFACTS, "artifacts"),
    "%lineage": (parsers.LINEAGE, "all"),
    "%load_artifact": (parsers.LOAD, "artifacts"),
    "%restore": (parsers.RESTORE, "spans"),
    "%diff": (parsers.DIFF, "spans"),
    "%stale": (parsers.STALE, "spans"),
    "%%span": (OPTIONS, "none"),
}
_AFTER = {"--into": "spans", "--span": "spans", "--on": "all", "--save": "names", "--param": "names"}
"""What follows an option."""


def install(shell: InteractiveShell) -> Callable[[], None]:
    """Teach a shell what to offer; returns what takes it back."""
    set_hook: Callable[..., None] = shell.set_hook
    for magic in _MAGICS:
        set_hook("complete_command", _complete, str_key=magic)

    def uninstall() -> None:
        hooks: Any = shell.strdispatchers["complete_command"]
        for magic in _MAGICS:
            hooks.strs.pop(magic, None)

    return uninstall


def offers(line: str, started: str, names: list[str]) -> list[str]:
    """What may come next.

    Args:
        line: the line up to the cursor.
        started: the word before the cursor, as far as it is written.
        names: the variables of the notebook.

    >>> offers("%artigraph st", "st", []), offers("%lineage x --", "--", [])
    (['status'], ['--up', '--down'])
    """
    magic, *words = line.split()
    options, wanted = _MAGICS[magic]
    if started.startswith("-"):
        return [each for action in options._actions for each in action.option_strings if each.startswith(started)]
    before = [word for word in words if word != started]
    wanted = _AFTER.get(before[-1], wanted) if before else wanted
    if wanted == "verbs":
        verbs = {"autospan": ["on", "off"]}.get(before[0], []) if before else [*parsers.VERBS]
        return [verb for verb in verbs if verb.startswith(started)]
    if wanted == "names":
        return [name for name in names if name.startswith(started) and not name.startswith("_")]
    found = [_written(label, line, started) for label in _labels(started, wanted)] if wanted != "none" else []
    found += [name for name in names if wanted == "all" and name.startswith(started) and name[:1] != "_"]
    return list(dict.fromkeys(found))


def _complete(shell: Any, event: Any) -> list[str]:
    return offers(event.text_until_cursor, event.symbol, list(shell.user_ns))


def _written(label: str, line: str, started: str) -> str:
    """A label as it is written here: inside of quotes as it is, else with a backslash where a shell needs one."""
    opening = line.removesuffix(started)[-1:]
    if opening in ("'", '"'):
        return label + opening
    return re.sub(r"([^\w@%+=:,./~\[\]-])", r"\\\1", label)


def _labels(started: str, wanted: str) -> list[str]:
    """Labels that begin so; none where there is no database."""
    is_span = NODE.c.span_status.is_not(None)
    kind = {"spans": [is_span], "artifacts": [~is_span]}.get(wanted, [])
    labels = select(NODE.c.node_label).distinct().where(NODE.c.node_label.is_not(None), *kind)
    labels = labels.where(ValueFilter(startswith=started).on(NODE.c.node_label)).order_by(NODE.c.node_label)

    def work(connection: Connection) -> list[str]:
        return [row[0] for row in connection.execute(labels.limit(OFFERED))]

    try:
        found: list[str] = block(current_database().read, work)
    except ArtigraphError:
        return []
    return found
