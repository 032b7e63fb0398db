"""The commands by name. Each lies in a file of its own, which is imported when it is called: ``--help`` is quick."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from artigraph.registry import load

COMMANDS = {
    "init": "Make a store.",
    "ls": "List values and models, the newest first.",
    "show": "Tell everything about one node.",
    "tree": "Show spans, what is inside them and what they made.",
    "lineage": "Show what something was made from, and what was made from it.",
    "load": "Write the stored bytes of a value to a file.",
    "verify": "Look for damage.",
    "gc": "Remove blobs that nothing needs any more.",
    "repair": "Mend what can be mended.",
    "upgrade": "Bring the tables to this version of artigraph.",
    "prune": "Throw old versions away.",
    "stats": "Count what is in the store.",
    "rm-store": "Remove a whole store.",
}
"""Name -> the first line of its help; the file has the same name with an underscore."""


class Commands(TyperGroup):
    """Knows all commands by name and loads the one that is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The names in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of this name, made out of its file; None when there is none."""
        if cmd_name not in COMMANDS:
            return None
        file = load(f"artigraph.cli.command.{cmd_name.replace('-', '_')}", f"artigraph {cmd_name}")
        single = typer.Typer(add_completion=False, rich_markup_mode=None)
        single.command(cmd_name)(file.command)
        return typer.main.get_command(single)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """The table of commands, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


app = typer.Typer(cls=Commands, rich_markup_mode=None, pretty_exceptions_enable=False, no_args_is_help=True)


Db = Annotated[
    str | None,
    typer.Option("--db", metavar="URL|FILE", envvar="ARTIGRAPH_URL", show_default=False, help="The store."),
]


@app.callback()
def artigraph(context: typer.Context, db: Db = None) -> None:
    """Look into a store of artigraph, and look after it.

    The store is --db, before the command or after it, else $ARTIGRAPH_URL, else the file artigraph.db in this folder.
    Exit codes: 0 fine, 1 something is wrong, 2 wrong usage or an error.
    """
    context.default_map = {name: {"db": db} for name in COMMANDS}
