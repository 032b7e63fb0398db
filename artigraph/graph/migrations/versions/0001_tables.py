"""The first tables: nodes, links, tags, keys, blob uses, owners.

A revision says what the tables were when it was written; it does not follow ``schema.py``.
"""

from __future__ import annotations

from typing import Any

from alembic import op
from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    text,
)

from artigraph.graph.types import Bytes, Digest, Id, Json, LongText, Text, Time

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make every table and index in an empty database."""
    op.create_table(
        "artigraph_key",
        Column("key_digest", Digest(), nullable=False),
        Column("key", Text(1024), nullable=False),
        Column("stem", Text(16), nullable=False),
        PrimaryKeyConstraint("key_digest"),
        sqlite_with_rowid=False,
    )
    op.create_index("artigraph_key_stem", "artigraph_key", ["stem"], unique=True)
    op.create_table(
        "artigraph_node",
        Column("id", Id, nullable=False),
        Column("node_type", Text(64), nullable=False),
        Column("node_label", Text(255)),
        Column("node_created_at", Time, nullable=False),
        Column("node_updated_at", Time, nullable=False),
        Column("artifact_serializer", Text(128)),
        Column("artifact_hash", Digest()),
        Column("artifact_size", BigInteger()),
        Column("artifact_content_type", Text(128)),
        Column("artifact_uid", Text(20)),
        Column("artifact_stem", Text(16)),
        Column("artifact_version", Integer()),
        Column("artifact_suffix", Text(64)),
        Column("artifact_kind", Text(64)),
        Column("artifact_otype", Text(255)),
        Column("artifact_description", LongText()),
        Column("artifact_trashed_at", Time),
        Column("artifact_extra", Json()),
        Column("artifact_preview", Json()),
        Column("remote_artifact_storage", Text(255)),
        Column("remote_artifact_location", Text(1024)),
        Column("span_status", Text(16)),
        Column("span_opened_at", Time),
        Column("span_closed_at", Time),
        Column("span_error", Json()),
        Column("span_untracked", Json()),
        Column("span_owner_id", Id),
        Column("span_source", LongText()),
        Column("span_info", Json()),
        Column("run_environment_id", Id),
        Column("run_params", Json()),
        Column("model_artifact_type_name", Text(255)),
        Column("model_artifact_version", Integer()),
        Column("database_artifact_data", Bytes()),
        PrimaryKeyConstraint("id"),
        sqlite_with_rowid=False,
    )
    op.create_index("artigraph_node_hash", "artigraph_node", ["artifact_hash"], **_where("artifact_stem IS NOT NULL"))
    op.create_index(
        "artigraph_node_kind",
        "artigraph_node",
        ["node_type", "node_created_at"],
        **_where("node_type <> 'database_artifact'"),
    )
    op.create_index("artigraph_node_label", "artigraph_node", ["node_label"], **_where("node_label IS NOT NULL"))
    op.create_index(
        "artigraph_node_model",
        "artigraph_node",
        ["model_artifact_type_name", "model_artifact_version"],
        **_where("model_artifact_type_name IS NOT NULL"),
    )
    op.create_index(
        "artigraph_node_stem",
        "artigraph_node",
        ["artifact_stem", "artifact_version"],
        unique=True,
        **_where("artifact_stem IS NOT NULL"),
    )
    op.create_table(
        "artigraph_owner",
        Column("id", Id, nullable=False),
        Column("host", Text(255), nullable=False),
        Column("boot_id", Text(64)),
        Column("pid", BigInteger(), nullable=False),
        Column("started", Text(64)),
        Column("seen_at", Time, nullable=False),
        PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "artigraph_blob_use",
        Column("node_id", Id, nullable=False),
        Column("storage", Text(255), nullable=False),
        Column("hash", Digest(), nullable=False),
        ForeignKeyConstraint(["node_id"], ["artigraph_node.id"], ondelete="CASCADE"),
        PrimaryKeyConstraint("node_id", "storage", "hash"),
        sqlite_with_rowid=False,
    )
    op.create_index("artigraph_blob_use_hash", "artigraph_blob_use", ["hash", "storage"])
    op.create_table(
        "artigraph_link",
        Column("id", Id, nullable=False),
        Column("source_id", Id, nullable=False),
        Column("target_id", Id, nullable=False),
        Column("label", Text(255)),
        Column("kind", Text(8), nullable=False),
        Column("role", Text(255)),
        Column("changed", SmallInteger()),
        ForeignKeyConstraint(["source_id"], ["artigraph_node.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["target_id"], ["artigraph_node.id"], ondelete="CASCADE"),
        PrimaryKeyConstraint("id"),
        sqlite_with_rowid=False,
    )
    op.create_index("artigraph_link_label", "artigraph_link", ["source_id", "label"], unique=True)
    op.create_index("artigraph_link_target", "artigraph_link", ["target_id", "source_id"])
    op.create_table(
        "artigraph_tag",
        Column("node_id", Id, nullable=False),
        Column("space", Text(8), nullable=False),
        Column("name", Text(255), nullable=False),
        Column("position", Integer(), autoincrement=False, nullable=False),
        Column("dtype", Text(64)),
        Column("value_text", Text(255)),
        Column("value_number", Float(precision=53)),
        Column("value_json", Json()),
        ForeignKeyConstraint(["node_id"], ["artigraph_node.id"], ondelete="CASCADE"),
        PrimaryKeyConstraint("node_id", "space", "name", "position"),
        sqlite_with_rowid=False,
    )
    op.create_index("artigraph_tag_number", "artigraph_tag", ["space", "name", "value_number"])
    op.create_index("artigraph_tag_text", "artigraph_tag", ["space", "name", "value_text"])


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}
