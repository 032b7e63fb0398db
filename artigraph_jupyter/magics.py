"""The line magics: %artigraph, %spans, %artifacts, %lineage, %load_artifact."""

from __future__ import annotations

import keyword
import sys
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring

from artigraph.bridge import block
from artigraph.errors import ArtigraphError
from artigraph.graph.engine import current_database, set_engine
from artigraph.lineage.lineage import Lineage
from artigraph.persist.find import resolve
from artigraph.registry import load as load_library
from artigraph.verbs import find, load, view_lineage
from artigraph_jupyter import gather
from artigraph_jupyter.show import Shown
from artigraph_jupyter.views import artifact as artifact_view
from artigraph_jupyter.views import summary as summary_view
from artigraph_jupyter.views import tree as tree_view

EMBEDDED = "sqlite:///artigraph.db"
"""Where a notebook keeps things when nobody said: a file beside it, and a folder ``artigraph.blobs``."""


@magics_class
class ArtigraphMagics(Magics):
    """The line magics of artigraph."""

    @magic_arguments()
    @argument("verb", choices=["connect", "status", "nest"], help="what to do")
    @argument("url", nargs="?", help="connect: a database URL; a file beside the notebook by default")
    @line_magic
    def artigraph(self, line: str) -> Any:
        """Connect to a database, say what is in it, or allow asyncio.run in cells (nest)."""
        asked = _parsed(self.artigraph, line)
        if asked.verb == "nest":
            return _nest()
        if asked.verb == "connect":
            connect(asked.url or EMBEDDED)
        shown = gather.summary(current_database())
        return Shown(summary_view.to_html(shown), summary_view.to_text(shown))

    @line_magic
    def spans(self, line: str) -> Shown:
        """Show the newest spans as a tree, in the order they ran."""
        _no_arguments("%spans", line)
        tree = gather.span_tree()
        return Shown(tree_view.to_html(tree), tree_view.to_text(tree))

    @line_magic
    def artifacts(self, line: str) -> Shown:
        """Show what is in the store, newest first; with text, what has it in its label."""
        wanted = line.strip()
        query = f'label contains "{wanted}", newest first' if wanted else "newest first"
        table = gather.artifact_table(find(wanted or None), query)
        return Shown(artifact_view.table_to_html(table), artifact_view.table_to_text(table))

    @magic_arguments()
    @argument("target", nargs="?", help="a label, an id, or the name of a variable; default: the newest span")
    @argument("--up", type=int, default=1, help="hops back")
    @argument("--down", type=int, default=1, help="hops on")
    @line_magic
    def lineage(self, line: str) -> Lineage:
        """Show what a thing was made from, and what was made from it."""
        asked = _parsed(self.lineage, line)
        target = asked.target
        if target is None:
            newest = gather.span_tree(1).spans
            if not newest:
                raise UsageError("%lineage: there is no span yet; start a cell with %%span NAME")
            target = newest[-1].node_id
        else:
            target = self._meant(target)
        return view_lineage.s(target, asked.up, asked.down)

    @magic_arguments()
    @argument("target", help="an id or a label (the newest that has it)")
    @argument("as_", metavar="as", nargs="?", choices=["as"], help="the word as, before NAME")
    @argument("name", metavar="NAME", nargs="?", help="the variable; by default the label, if it can be one")
    @argument("--cell", action="store_true", help="insert a cell that loads it instead")
    @line_magic
    def load_artifact(self, line: str) -> None:
        """Load an artifact into a variable, and say so."""
        asked = _parsed(self.load_artifact, line)
        name = asked.name or asked.target
        if not name.isidentifier() or keyword.iskeyword(name):
            name = "artifact"
        if asked.cell:
            self.shell.set_next_input(f"import artigraph as ag\n\n{name} = ag.load.s({asked.target!r})")
            return
        value = load.s(asked.target)
        self.shell.user_ns[name] = value
        print(f"loaded {asked.target} as {name} ({type(value).__name__})")

    def _meant(self, target: str) -> Any:
        """The node that a word means: an id or label, else the object under that name."""
        try:
            return block(resolve, target)
        except ArtigraphError:
            value = self.shell.user_ns.get(target)
            known = gather.known_node(value) if value is not None else None
            if known is None:
                raise
            return known


def connect(url: str) -> None:
    """Make ``url`` the database of this kernel, creating its tables."""
    set_engine(url, create_tables=True)


def _parsed(magic: Any, line: str) -> Any:
    try:
        return parse_argstring(magic, line)
    except SystemExit as error:  # argparse's own way out, for --help
        raise UsageError(f"see %{magic.__name__}?") from error


def _no_arguments(magic: str, line: str) -> None:
    if line.strip():
        raise UsageError(f"{magic} takes no arguments, it was given {line.strip()!r}")


def _nest() -> None:
    """Let cells call ``asyncio.run``: for pasted scripts, and only when asked for."""
    newer = sys.version_info >= (3, 12)
    nest: Any = load_library("nest_asyncio2" if newer else "nest_asyncio", "%artigraph nest", "nest-asyncio")
    nest.apply()
    print("asyncio.run works in cells now; Interrupt is less reliable in them")
