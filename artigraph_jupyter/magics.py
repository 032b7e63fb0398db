"""The line magics: %artigraph, %spans, %artifacts, %lineage, %load_artifact."""

from __future__ import annotations

import keyword
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_magic, magics_class

from artigraph.bridge import block
from artigraph.errors import ArtigraphError, NodeNotFoundError
from artigraph.graph.engine import current_database, set_engine
from artigraph.lineage.lineage import Lineage
from artigraph.persist.find import resolve
from artigraph.registry import load as load_library
from artigraph.verbs import find, load, view_lineage
from artigraph_jupyter import gather
from artigraph_jupyter.options import Options, hops
from artigraph_jupyter.report import say
from artigraph_jupyter.show import Shown
from artigraph_jupyter.views import artifact as artifact_view
from artigraph_jupyter.views import summary as summary_view
from artigraph_jupyter.views import tree as tree_view
from artigraph_jupyter.views.data import Summary

EMBEDDED = "sqlite:///artigraph.db"
"""Where a notebook keeps things when nobody said: a file beside it, and a folder ``artigraph.blobs``."""

_artigraph = Options("%artigraph")
_artigraph.add_argument("verb", choices=["connect", "status", "nest"], help="what to do")
_artigraph.add_argument("url", metavar="URL", nargs="?", help="connect: the database; by default a file beside it")

_lineage = Options("%lineage")
_lineage.add_argument("target", metavar="TARGET", nargs="?", help="label, id or variable; default: the newest span")
_lineage.add_argument("--up", metavar="HOPS", type=hops, default=1, help="how far back (1)")
_lineage.add_argument("--down", metavar="HOPS", type=hops, default=1, help="how far on (1)")

_load = Options("%load_artifact")
_load.add_argument("target", metavar="ID-OR-LABEL", help="an id, or a label (the newest that has it)")
_load.add_argument("as_", metavar="as", nargs="?", choices=["as"], help="the word as, before NAME")
_load.add_argument("name", metavar="NAME", nargs="?", help="the variable; by default the label, if it can be one")
_load.add_argument("--cell", action="store_true", help="insert a cell that loads it instead")

F = TypeVar("F", bound=Callable[..., Any])


def _line(options: Options | None = None) -> Callable[[F], F]:
    """A line magic whose errors of ours are one line, and whose help lists its options."""

    def decorate(function: F) -> F:
        @wraps(function)
        def run(self: Any, line: str) -> Any:
            try:
                return function(self, line)
            except ArtigraphError as error:
                raise UsageError(f"{type(error).__name__}: {error}") from error

        if options is not None:
            run.__doc__ = f"{function.__doc__}\n\n{options.format_help()}"
        mark: Any = line_magic
        return cast("F", mark(run))

    return decorate


@magics_class
class ArtigraphMagics(Magics):
    """The line magics of artigraph."""

    shell: Any

    @_line(_artigraph)
    def artigraph(self, line: str) -> Any:
        """Connect to a database, say what is in it, or allow asyncio.run in cells (nest)."""
        asked = _artigraph.read(line)
        if asked.url is not None and asked.verb != "connect":
            raise UsageError(f"%artigraph {asked.verb} takes no URL")
        if asked.verb == "nest":
            return _nest()
        shown = connect(asked.url or EMBEDDED) if asked.verb == "connect" else gather.summary(current_database())
        return Shown(summary_view.to_html(shown), summary_view.to_text(shown))

    @_line()
    def spans(self, line: str) -> Shown:
        """Show the newest spans as a tree, in the order they ran."""
        if line.strip():
            raise UsageError(f"%spans takes no arguments, it was given {line.strip()!r}")
        tree = gather.span_tree()
        return Shown(tree_view.to_html(tree), tree_view.to_text(tree))

    @_line()
    def artifacts(self, line: str) -> Shown:
        """Show what is in the store, newest first; with text, what has it in its label."""
        wanted = line.strip()
        query = f'label contains "{wanted}", newest first' if wanted else "newest first"
        table = gather.artifact_table(find(wanted or None), query)
        return Shown(artifact_view.table_to_html(table), artifact_view.table_to_text(table))

    @_line(_lineage)
    def lineage(self, line: str) -> Lineage:
        """Show what a thing was made from, and what was made from it."""
        asked = _lineage.read(line)
        target = asked.target
        if target is None:
            newest = gather.span_tree(1).spans
            if not newest:
                raise UsageError("%lineage: there is no span yet; start a cell with %%span NAME")
            target = newest[-1].node_id
        else:
            target = self._meant(target)
        return view_lineage.s(target, asked.up, asked.down)

    @_line(_load)
    def load_artifact(self, line: str) -> None:
        """Load an artifact into a variable, and say so."""
        asked = _load.read(line)
        name = asked.name or asked.target
        if asked.as_ and not asked.name:
            raise UsageError("%load_artifact: write a NAME after as")
        if not name.isidentifier() or keyword.iskeyword(name):
            if asked.name:
                raise UsageError(f"%load_artifact: {name!r} cannot be the name of a variable")
            name = "artifact"
        if asked.cell:
            self.shell.set_next_input(f"import artigraph as ag\n\n{name} = ag.load.s({asked.target!r})")
            return
        value = load.s(asked.target)
        self.shell.user_ns[name] = value
        say(f"loaded {asked.target} as {name} ({type(value).__name__})")

    def _meant(self, target: str) -> Any:
        """The node that a word means: an id or label, else the object under that name."""
        try:
            return block(resolve, target)
        except NodeNotFoundError:
            value = self.shell.user_ns.get(target)
            known = gather.known_node(value) if value is not None else None
            if known is None:
                raise
            return known


def connect(url: str) -> Summary:
    """Make ``url`` the database of this kernel, creating its tables; what is in it.

    Raises:
        ArtigraphError: it cannot be opened; the database before stays in use.
    """
    reset = set_engine(url, create_tables=True)
    try:
        return gather.summary(current_database())
    except BaseException:
        reset()
        raise


def _nest() -> None:
    """Let cells call ``asyncio.run``: for pasted scripts, and only when asked for."""
    newer = sys.version_info >= (3, 12)
    nest: Any = load_library("nest_asyncio2" if newer else "nest_asyncio", "%artigraph nest", "nest-asyncio")
    nest.apply()
    say("asyncio.run works in cells now; Interrupt is less reliable in them")
