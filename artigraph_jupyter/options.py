"""The options of a magic, read as a shell would read them; what cannot be read is one line of UsageError."""

from __future__ import annotations

import argparse
import shlex
from typing import NoReturn

from IPython.core.error import UsageError


class Options(argparse.ArgumentParser):
    """A parser of one magic's line.

    Args:
        magic: as it is written: ``%lineage``, ``%%span``.
    """

    def __init__(self, magic: str) -> None:
        super().__init__(magic, add_help=False, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        """What argparse calls for a line it cannot read."""
        raise UsageError(f"{self.prog}: {message}; {self.prog}? lists the options")

    def read(self, line: str) -> argparse.Namespace:
        """The options in a line; quotes and backslashes work as in a shell.

        Raises:
            UsageError: an option is unknown, lacks its value, or a quote is not closed.
        """
        try:
            return self.parse_args(shlex.split(line))
        except ValueError as error:
            cure = "close the quote, or put a \\ before it"
            raise UsageError(f"{self.prog} {line}: {str(error).lower()}; {cure}") from error


def hops(text: str) -> int:
    """A number of hops.

    Raises:
        ValueError: it is no whole number from 0 on.

    >>> hops("3")
    3
    """
    found = int(text)
    if found < 0:
        raise ValueError(text)
    return found
