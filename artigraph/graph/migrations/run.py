"""Running the revisions: the one place that imports Alembic's commands."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from artigraph.graph.schema import SCHEMA

HERE = Path(__file__).parent
"""The folder of the revisions."""


def migrate(connection: Connection, revision: str = "head") -> None:
    """Bring the tables behind ``connection`` to a revision, inside its transaction."""
    SCHEMA.create(connection, checkfirst=True)
    config = Config()
    config.set_main_option("script_location", str(HERE).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
