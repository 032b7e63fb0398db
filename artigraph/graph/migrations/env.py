"""What Alembic runs around the revisions: on the connection it was given, inside the transaction that is open there."""

from __future__ import annotations

from alembic import context

from artigraph.graph.schema import SCHEMA

context.configure(connection=context.config.attributes["connection"], version_table=SCHEMA.name)
context.run_migrations()
