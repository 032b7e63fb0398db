"""The entry point: runs the command and turns what it says into an exit code.

0: fine. 1: something was found to be wrong. 2: it was called wrongly, or could not do its work.
"""

from __future__ import annotations

import sys
import traceback
from typing import NoReturn

from artigraph.errors import ArtigraphError
from artigraph.registry import load

PACKAGE = "'artigraph-jupyter[cli]'"


def main() -> NoReturn:
    """Run the command line of this process and end it."""
    try:
        load("typer", "the artigraph command", PACKAGE)
        load("artigraph.cli.app", "the artigraph command").app()
    except ArtigraphError as error:
        shown = "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in str(error))
        sys.stderr.write(f"artigraph: {shown}\n")
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception:  # noqa: BLE001 - Python's own exit code would say that something was found
        traceback.print_exc()
    sys.exit(2)
