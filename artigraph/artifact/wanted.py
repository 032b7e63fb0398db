"""What is said with the constructor of an artifact: checked before anything is stored, and written along with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from anyio import to_thread
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncSession

from artigraph.artifact.check import checked
from artigraph.artifact.columns import found_columns
from artigraph.artifact.definition import definitions, encoded
from artigraph.artifact.dtype import Cell
from artigraph.artifact.feature import Feature
from artigraph.artifact.name import check_key_is_free, rename_family
from artigraph.artifact.options import check_makers
from artigraph.artifact.said import write_cells
from artigraph.artifact.schema import VALID_FEATURES, Schema
from artigraph.artifact.tabular import columns_of
from artigraph.errors import SchemaMismatchError
from artigraph.graph.current import open_span
from artigraph.graph.engine import current_database
from artigraph.graph.insert import Batch, insert_batches
from artigraph.graph.schema import LINK
from artigraph.persist.family import key_digest
from artigraph.persist.rows import input_id

SCHEMA = "schema"
"""The role of the link from an artifact to the schema that checked it."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an artifact is to be annotated with when it is saved."""

    features: Mapping[Any, Any] | None = None
    schema: Any = None


@dataclass(slots=True)
class _Found:
    """The same, looked up and checked."""

    features: Mapping[str, Sequence[Cell]]
    columns: Mapping[str, Sequence[Cell]]
    schema: Schema | None

    def write(self, connection: Connection, node_id: UUID) -> None:
        """Say it of a node, new or there before."""
        write_cells(connection, "feature", node_id.bytes, self.features)
        if self.columns:
            write_cells(connection, "column", node_id.bytes, self.columns, whole=True)
        if self.schema is not None:
            self.schema.write(connection)
            ends = node_id.bytes, self.schema.id.bytes
            link = (input_id(*ends, SCHEMA), *ends, "user", SCHEMA)
            columns = ("id", "source_id", "target_id", "kind", "role")
            insert_batches(connection, [Batch(LINK, columns, [link], ignore=True)])


async def prepare(artifacts: Sequence[Any], session: AsyncSession | None) -> None:
    """Look up and check what the artifacts are to be annotated with and how they are named, and hand it to their save.

    Raises:
        SchemaMismatchError: a table or a feature is not as it was promised; nothing was stored.
        NodeNotFoundError: the span that is said to make one is not there.
        NameTakenError: what revises another has a key that belongs to a third one; nothing was stored.
    """
    database = current_database()
    span = open_span(database.identity)
    makers = {each._run.id for each in artifacts if each._run} - {span.id if span is not None else None}
    if makers:
        await database.read(lambda connection: check_makers(connection, makers), session=session)
    for artifact in artifacts:
        writes = []
        if artifact.wanted.features or artifact.has_columns():
            table = await to_thread.run_sync(artifact.table_to_check) if artifact.has_columns() else None
            writes.append(await _looked_up(artifact, artifact.wanted, table, session))
        if artifact.key is not None and getattr(artifact.revises, "stem", None) is not None:
            stem, key = artifact.revises.stem, artifact.key
            await database.read(partial(check_key_is_free, stem=stem, key=key, digest=key_digest), session=session)
            writes.append(partial(_named, stem=stem, key=key))
        if writes:
            artifact.to_write(*writes)


def _named(connection: Connection, _: UUID, stem: str, key: str) -> None:
    """(in the transaction of a save) Name the family of what was revised as its newest version is."""
    rename_family(connection, stem, key, key_digest)


async def _looked_up(artifact: Any, wanted: Wanted, table: Any, session: AsyncSession | None) -> Any:
    names = list(wanted.features or ())
    asks_all = isinstance(wanted.schema, str) or getattr(wanted.schema, "name", None) == VALID_FEATURES
    if wanted.schema is not None and table is None:
        raise SchemaMismatchError(f"a schema checks tables, and {artifact!r} is none")
    columns = [column.name for column in columns_of(table)] if asks_all else []

    def work(connection: Connection) -> tuple[dict[str, Feature], dict[str, Feature]]:
        return definitions(connection, names), definitions(connection, columns)

    known, ruled = await current_database().read(work, session=session)
    schema = wanted.schema
    if asks_all:
        schema = _valid_features(schema)
    elif isinstance(schema, Schema):
        known |= schema.declared()
        ruled = {each.name: each for each in (*schema.features, *schema.optional)}
    features = encoded(wanted.features or {}, known)
    if isinstance(schema, Schema):
        schema.check_said(features)
    if schema is not None:
        check = partial(_checked, table, schema, ruled)
        artifact.take_checked(table := await to_thread.run_sync(check))
    found = await to_thread.run_sync(found_columns, table, ruled) if table is not None else {}
    return _Found(features, found, schema if isinstance(schema, Schema) else None).write


def _valid_features(schema: Any) -> Schema:
    if isinstance(schema, str) and schema != VALID_FEATURES:
        raise SchemaMismatchError(
            f"there is no schema {schema!r} by that text; write Schema.get({schema!r}), or 'valid_features'"
        )
    return schema if isinstance(schema, Schema) else Schema(name=VALID_FEATURES, itype="Feature")


def _checked(table: Any, schema: Any, ruled: Mapping[str, Feature]) -> Any:
    """(worker thread) The table, checked."""
    if not isinstance(schema, Schema):
        return checked(table, schema)
    if schema.name == VALID_FEATURES:
        return checked(table, [feature.rule(name) for name, feature in ruled.items()])
    return schema.check(table)
