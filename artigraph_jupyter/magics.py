"""The line magics: %artigraph, %spans, %artifacts, %lineage, %load_artifact, %restore, %diff, %stale."""

from __future__ import annotations

import keyword
import sys
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeVar, cast
from uuid import UUID

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_magic, magics_class
from traitlets import Bool, Dict, Enum, Unicode

from artigraph.bridge import block
from artigraph.errors import ArtigraphError, NodeNotFoundError, NoEngineError
from artigraph.graph.engine import current_database, set_engine
from artigraph.lineage.lineage import Lineage
from artigraph.maintain.gc import gc
from artigraph.maintain.verify import verify
from artigraph.persist.find import resolve
from artigraph.persist.tags import write_tags
from artigraph.registry import load as load_library
from artigraph.span.diff import diff_spans
from artigraph.span.inputs import find_span
from artigraph.span.redact import redacted_data
from artigraph.span.restore import Restored, restore_span, span_roles
from artigraph.span.span import Span
from artigraph.span.stale import stale_spans
from artigraph.verbs import load, view_lineage
from artigraph_jupyter import gather, parsers, query
from artigraph_jupyter.memory import KernelMemory
from artigraph_jupyter.options import Options
from artigraph_jupyter.report import GREY, say, warn
from artigraph_jupyter.request import tag_pair
from artigraph_jupyter.show import Shown
from artigraph_jupyter.views import artifact as artifact_view
from artigraph_jupyter.views import diff as diff_view
from artigraph_jupyter.views import stale as stale_view
from artigraph_jupyter.views import summary as summary_view
from artigraph_jupyter.views import tree as tree_view
from artigraph_jupyter.views import upkeep as upkeep_view
from artigraph_jupyter.views.data import Summary

EMBEDDED = "sqlite:///artigraph.db"
"""Where a notebook keeps things when nobody said: a file beside it, and a folder ``artigraph.blobs``."""

AUTOSPAN = "Autospan is on: every cell that touches an artifact is a span."

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
    """The line magics of artigraph, and the defaults of span cells.

    Args:
        shell: the running IPython.
        kernel: what is remembered from cell to cell.
    """

    shell: Any

    autospan = Bool(False, help="Make every cell a span that is written if it touches an artifact.").tag(config=True)
    database = Unicode(EMBEDDED, help="The database that %artigraph connect opens without a URL.").tag(config=True)
    durability = Enum(
        ("normal", "full", "off"),
        "normal",
        help="full: saves also survive a power cut right after; off: files are not flushed.",
    ).tag(config=True)
    keep_source = Bool(True, help="Keep the text of span cells; False is --no-source everywhere.").tag(config=True)
    tags = Dict(help="Tags that every span cell gets: name -> value.").tag(config=True)

    def __init__(self, shell: Any, kernel: KernelMemory) -> None:
        super().__init__(shell)
        self._kernel = kernel

    @property
    def sources(self) -> Mapping[str, str]:
        """Id of a cell -> its source when it was last executed."""
        return self._kernel.sources

    @_line(parsers.ARTIGRAPH)
    def artigraph(self, line: str) -> Any:
        """Connect to a database, say what is in it, and set how cells are recorded."""
        asked = parsers.ARTIGRAPH.read(line)
        words, verb = asked.words, asked.verb
        given = {"on": asked.on is not None, "data": asked.data, "delete": asked.delete}
        for option, of in parsers.OPTION_OF.items():
            if given[option] and verb != of:
                raise UsageError(f"%artigraph {verb} takes no --{option}")
        if verb == "connect" and len(words) <= 1:
            return self._summary(self.connect(*words))
        if verb == "status" and not words:
            return self._summary(gather.summary(current_database(), [AUTOSPAN] if self.autospan else []))
        if verb == "nest" and not words:
            return _nest()
        if verb == "autospan" and words in (["on"], ["off"], []):
            return self._set_autospan(*words)
        if verb == "tag" and words:
            return self._tag(asked.on, dict(map(tag_pair, words)))
        if verb == "verify" and not words:
            found = verify.s(asked.data)
            return Shown(upkeep_view.verified_to_html(found), upkeep_view.to_text(found))
        if verb == "gc" and not words:
            swept = gc.s(not asked.delete)
            return Shown(upkeep_view.collected_to_html(swept), upkeep_view.to_text(swept))
        raise UsageError(f"%artigraph {' '.join([verb, *words])}: {parsers.VERBS[verb]}; %artigraph? lists the options")

    @_line()
    def spans(self, line: str) -> Shown:
        """Show the newest spans as a tree, in the order they ran."""
        if line.strip():
            raise UsageError(f"%spans takes no arguments, it was given {line.strip()!r}")
        tree = gather.span_tree()
        return Shown(tree_view.to_html(tree), tree_view.to_text(tree))

    @_line(parsers.ARTIFACTS)
    def artifacts(self, line: str) -> Shown:
        """Show what is in the store, newest first; with text, what has it in its label or key."""
        asked = parsers.ARTIFACTS.read(line)
        table = gather.artifact_table(*query.found(" ".join(asked.text), asked.tag, asked.type, asked.span))
        return Shown(artifact_view.table_to_html(table), artifact_view.table_to_text(table))

    @_line(parsers.LINEAGE)
    def lineage(self, line: str) -> Lineage:
        """Show what a thing was made from, and what was made from it."""
        asked = parsers.LINEAGE.read(line)
        target = asked.target
        if target is None:
            newest = gather.span_tree(1).spans
            if not newest:
                raise UsageError("%lineage: there is no span yet; start a cell with %%span NAME")
            target = newest[-1].node_id
        else:
            target = self._meant(target)
        return view_lineage.s(target, asked.up, asked.down)

    @_line(parsers.LOAD)
    def load_artifact(self, line: str) -> None:
        """Load an artifact into a variable, and say so."""
        asked = parsers.LOAD.read(line)
        name = asked.name or asked.target
        if asked.as_ and not asked.name:
            raise UsageError("%load_artifact: write a NAME after as")
        if not _is_name(name):
            if asked.name:
                raise UsageError(f"%load_artifact: {name!r} cannot be the name of a variable")
            name = "artifact"
        if asked.cell:
            self.shell.set_next_input(f"import artigraph as ag\n\n{name} = ag.load.s({asked.target!r})")
            return
        value = load.s(asked.target)
        self.shell.user_ns[name] = value
        say(f"loaded {asked.target} as {name} ({type(value).__name__})")

    @_line(parsers.RESTORE)
    def restore(self, line: str) -> None:
        """Load what a span used into the variables it used, and insert its cell below."""
        asked = parsers.RESTORE.read(line)
        names = [role for role in span_roles.s(asked.span) if _is_name(role)]
        bound = [name for name in names if name in self.shell.user_ns]
        if bound and not asked.force:
            raise UsageError(f"%restore {asked.span}: {', '.join(bound)} would be overwritten; --force does that")
        restored = restore_span.s(asked.span, roles=names)
        self.shell.user_ns.update(restored.values)
        _say_restored(restored)
        if restored.span.source is not None:
            self.shell.set_next_input(restored.span.source)

    @_line(parsers.DIFF)
    def diff(self, line: str) -> Shown:
        """Show how two spans or runs differ: code, parameters, environment, inputs, and what they made."""
        asked = parsers.DIFF.read(line)
        found = diff_spans.s(*((asked.before, asked.after) if asked.after else _last_two(asked.before)))
        return Shown(diff_view.to_html(found), diff_view.to_text(found))

    @_line(parsers.STALE)
    def stale(self, line: str) -> Shown:
        """Show which spans are out of date: their inputs, code or model classes have moved on since."""
        asked = parsers.STALE.read(line)
        found = stale_spans.s(asked.spans or None, sources=self.sources)
        return Shown(stale_view.to_html(found), stale_view.to_text(found))

    def connect(self, url: str | None = None) -> Summary:
        """Make ``url`` the database of this kernel, creating its tables; what is in it.

        Raises:
            ArtigraphError: it cannot be opened; the database before stays in use.
        """
        reset = set_engine(url or self.database, create_tables=True, durability=self.durability)
        try:
            return gather.summary(current_database())
        except BaseException:
            reset()
            raise

    def connect_if_needed(self) -> None:
        """A span cell before any connect: the default database, and one line that says so."""
        try:
            current_database()
        except NoEngineError:
            self.connect()
            database = current_database()
            beside = " (big values beside it)" if database.file is not None else ""
            say(f"artigraph: connected to {database.file or database.where}{beside}")

    def _summary(self, shown: Summary) -> Shown:
        return Shown(summary_view.to_html(shown), summary_view.to_text(shown))

    def _set_autospan(self, word: str | None = None) -> None:
        if word == "on":
            self.connect_if_needed()
        if word is not None:
            self.autospan = word == "on"
        say(AUTOSPAN if self.autospan else "Autospan is off: only cells with %%span are spans.")

    def _tag(self, target: str | None, tags: dict[str, str]) -> None:
        meant: str | UUID | None = target if target is not None else self._kernel.newest
        if meant is None:
            raise UsageError("%artigraph tag: no span cell ran yet; name what to tag with --on TARGET")
        write_tags.s(meant, redacted_data(tags))

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


def _is_name(word: str) -> bool:
    """Whether a variable can be called that."""
    return word.isidentifier() and not keyword.iskeyword(word)


def _last_two(label: str) -> tuple[Span, Span]:
    """The newest two spans of a label.

    Raises:
        NodeNotFoundError: there is none.
        UsageError: there is but one.
    """
    after = find_span.s(label)
    try:
        return find_span.s(f"{label}~1"), after
    except NodeNotFoundError:
        raise UsageError(f"%diff {label}: nothing ran before it under this label; write %diff A B") from None


def _say_restored(restored: Restored) -> None:
    """What came back, and what did not."""
    span = restored.span
    say(f"restored {', '.join(restored.values) or 'no variables'} from {span.label or span.id}")
    if restored.changed:
        warn(f"as they were saved; the cell saw them changed in place: {', '.join(restored.changed)}", GREY)
    for name, why in restored.missing.items():
        warn(f"not restored: {name}: {why}", GREY)
    if span.source is None:
        warn("the text of this cell was not kept", GREY)
    elif restored.is_redacted:
        warn("secrets in this cell were not kept: put them back where it says ***", GREY)


def _nest() -> None:
    """Let cells call ``asyncio.run``: for pasted scripts, and only when asked for."""
    newer = sys.version_info >= (3, 12)
    nest: Any = load_library("nest_asyncio2" if newer else "nest_asyncio", "%artigraph nest", "nest-asyncio")
    nest.apply()
    say("asyncio.run works in cells now; Interrupt is less reliable in them")
