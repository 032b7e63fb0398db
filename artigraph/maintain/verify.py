"""``verify``: is everything there that a store promises?"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from artigraph.bridge import dual
from artigraph.errors import DatabaseCorruptError, SchemaTooNewError, SchemaTooOldError, TablesMissingError
from artigraph.graph.engine import current_database
from artigraph.maintain.blobs import Looked, check_blobs
from artigraph.maintain.needs import needs, place_of
from artigraph.maintain.report import Problem, Progress, Report, counted
from artigraph.maintain.rows import Checked, check_rows
from artigraph.registry import current_registry


@dataclass(frozen=True, slots=True)
class VerifyReport(Report):
    """What ``verify`` looked at, and what is wrong."""

    where: str
    """The database, without its password."""
    problems: tuple[Problem, ...]
    nodes: int
    links: int
    blobs: int
    """Blobs that rows need."""
    hashed: int
    """Values, in rows and in blobs, whose bytes were hashed."""

    @property
    def ok(self) -> bool:
        """Nothing is wrong."""
        return not self.problems

    def to_text(self) -> str:
        """A line per problem with what to do about it, and what was looked at."""
        lines = [f"{self.where}: {counted(len(self.problems), 'problem') if self.problems else 'nothing is wrong'}"]
        for problem in self.problems:
            lines += problem.to_lines()
        seen = [counted(self.nodes, "node"), counted(self.links, "link"), counted(self.blobs, "blob")]
        return "\n".join([*lines, f"looked at {', '.join(seen)}; hashed the bytes of {counted(self.hashed, 'value')}"])


@dual
async def verify(
    data: bool = False, sample: float | None = None, *, progress: Progress = lambda what, done, total: None
) -> VerifyReport:
    """Look for damage in the current store; nothing is changed.

    Args:
        data: also hash the bytes of every value. Without it they are only asked for their size.
        sample: hash the bytes of this part of the values, chosen by chance; 0 to 1.
        progress: called with what is being done, how much of it is done, and of how much.

    Returns:
        The report; its ``problems`` say what is wrong, where, and what to do.

    Raises:
        NoEngineError: no database was chosen.
        CannotOpenError, StoreBusyError, ConnectionLostError: the database or a storage could not be asked.
        ValueError: ``sample`` is no share.

    >>> import artigraph as ag
    >>> reset = ag.set_engine("sqlite:///:memory:", create_tables=True)
    >>> print(ag.verify())
    memory: nothing is wrong
    looked at 0 nodes, 0 links, 0 blobs; hashed the bytes of 0 values
    >>> reset()
    """
    if sample is not None and not 0 <= sample <= 1:
        raise ValueError(f"sample is {sample!r}; give a share between 0 and 1")
    share = 1.0 if data else sample or 0.0
    database, registry = current_database(), current_registry()
    rows, blobs = Checked(), Looked()
    try:
        rows = await database.read(lambda connection: check_rows(connection, _chance(share), progress))
        wanted = await database.read(needs)
        blobs = await check_blobs(database, registry, list(wanted.values()), _chance(share), progress)
    except (SchemaTooOldError, SchemaTooNewError, TablesMissingError) as error:
        rows.problems.append(Problem("schema", str(error), _SCHEMA[type(error)]))
    except DatabaseCorruptError as error:
        rows.problems.append(Problem("database", str(error), "restore the newest backup"))
    problems = (*rows.problems, *blobs.problems)
    return VerifyReport(place_of(database), problems, rows.nodes, rows.links, blobs.blobs, rows.hashed + blobs.hashed)


def _chance(share: float) -> Callable[[], bool]:
    """Says yes to this share of what it is asked."""
    if share in (0.0, 1.0):
        return lambda: bool(share)
    source = random.Random()  # noqa: S311 - a sample, no secret
    return lambda: source.random() < share


_SCHEMA = {
    SchemaTooOldError: "run artigraph upgrade",
    SchemaTooNewError: "update the package artigraph-jupyter",
    TablesMissingError: "name the right database, or make the tables with artigraph init",
}
