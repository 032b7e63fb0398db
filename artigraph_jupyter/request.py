"""What a ``%%span`` line asks for: its options, read as a shell would read them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from IPython.core.error import UsageError

from artigraph.span.stale import UNNAMED
from artigraph_jupyter.options import Options


@dataclass(frozen=True)
class SpanRequest:
    """One span cell, just before its body runs."""

    name: str
    """The span's label: NAME, else the comment the body starts with, else ``cell``."""
    save: tuple[str, ...] = ()
    """Names whose values are saved when the cell has run."""
    tags: tuple[tuple[str, str], ...] = ()
    run: bool = False
    """Record a run (code, parameters, environment), not only a span."""
    params: tuple[str, ...] = ()
    """Each ``NAME`` (a global of the notebook) or ``NAME=VALUE``."""
    keep_source: bool = True
    into: str | None = None
    """The span or run this one is opened inside of; None: whatever is open."""
    source: str = ""
    """The cell as it was run, ``%%span`` line included, without leading blank lines."""
    arguments: str = ""
    """The text after ``%%span``, unread."""
    reads: tuple[str, ...] = ()
    """Global names the body reads before it certainly binds them, in order of first use."""
    auto: bool = False
    """Nobody asked for this span: autospan is on. It is written only if the cell touches an artifact."""


OPTIONS = Options("%%span")
OPTIONS.add_argument("name", metavar="NAME", nargs="?", help="label of the span; default: the comment it starts with")
OPTIONS.add_argument("--save", metavar="NAME", nargs="+", action="extend", default=[], help="save these afterwards")
OPTIONS.add_argument("--tag", metavar="KEY=VALUE", action="append", default=[], help="tag the span; repeatable")
OPTIONS.add_argument("--run", action="store_true", help="record code, parameters and environment too")
OPTIONS.add_argument("--param", metavar="NAME[=VALUE]", action="append", default=[], help="a parameter; repeatable")
OPTIONS.add_argument("--no-source", action="store_true", help="do not keep the text of the cell")
OPTIONS.add_argument("--into", metavar="SPAN", help="open it inside this span: an id or a label")


def span(_line: str, _cell: str | None = None) -> None:
    """Run the cell as a span: what it saves becomes its outputs, what it reads its inputs."""
    raise UsageError("%%span must be the first line of its cell; move it above everything else")


span.__doc__ = f"""{span.__doc__}

The body runs as it would without this line: the last value is shown, await works, errors look the same.
It is the first line of the cell; another cell magic may follow on the next line.

{OPTIONS.format_help()}"""


def read_request(arguments: str, source: str, reads: tuple[str, ...]) -> SpanRequest:
    """Read the options of one ``%%span`` line.

    Args:
        arguments: the text after ``%%span``; quotes and backslashes work as in a shell.
        source: the whole cell.
        reads: the names its body reads.

    Raises:
        UsageError: an option is unknown, lacks its value, or a quote is not closed.

    >>> read_request("'my fit' --save model", "", ()).save
    ('model',)
    """
    asked = OPTIONS.read(arguments)
    if asked.name == "":
        raise UsageError("%%span was given an empty NAME")
    return SpanRequest(
        name=asked.name or _comment(source) or UNNAMED,
        save=tuple(dict.fromkeys(asked.save)),
        tags=tuple(tag_pair(tag) for tag in asked.tag),
        run=asked.run,
        params=tuple(asked.param),
        keep_source=not asked.no_source,
        into=asked.into,
        source=source,
        arguments=arguments,
        reads=reads,
    )


def auto_request(source: str, reads: tuple[str, ...]) -> SpanRequest:
    r"""What autospan asks for a cell.

    >>> auto_request("# clean the table\nx = 1", ()).name
    'clean the table'
    """
    return SpanRequest(_comment(source) or UNNAMED, source=source, reads=reads, auto=True)


def tag_pair(tag: str) -> tuple[str, str]:
    """``KEY=VALUE`` as a pair.

    Raises:
        UsageError: it has no key, or no ``=``.
    """
    key, equals, value = tag.partition("=")
    if not (key and equals):
        raise UsageError(f"--tag {tag}: write --tag KEY=VALUE")
    return key, value


def _comment(source: str) -> str:
    """The comment that the body starts with, at most 80 characters; empty when it starts with something else."""
    found = re.match(r"(?:%%span[^\n]*\n)?\s*#+[ \t]*([^\n]*)", source)
    return found[1].strip()[:80] if found else ""
