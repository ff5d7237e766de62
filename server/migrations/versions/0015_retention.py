"""How long a recording is kept, who said so, and what is left of it afterwards."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Marks, where they leave a recording, its tags, and tombstones."""
    op.create_table(
        "recording_mark",
        sa.Column("recording_id", sa.String(64), nullable=False),
        sa.Column("n", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("by_id", sa.String(64), nullable=False),
        sa.Column("by_name", sa.String(120), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("value", sa.String(40), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("until", sa.Double),
        sa.PrimaryKeyConstraint("recording_id", "n", name=op.f("pk_recording_mark")),
    )
    op.create_table(
        "recording_retention",
        sa.Column("recording_id", sa.String(64), nullable=False),
        sa.Column("category", sa.String(40)),
        sa.Column("decision", sa.String(10)),
        sa.Column("review_at", sa.Double),
        sa.PrimaryKeyConstraint("recording_id", name=op.f("pk_recording_retention")),
    )
    op.create_index(op.f("ix_recording_retention_category"), "recording_retention", ["category"])
    op.create_index(op.f("ix_recording_retention_review_at"), "recording_retention", ["review_at"])
    op.create_table(
        "recording_tag",
        sa.Column("recording_id", sa.String(64), nullable=False),
        sa.Column("tag", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("recording_id", "tag", name=op.f("pk_recording_tag")),
    )
    op.create_index(op.f("ix_recording_tag_tag"), "recording_tag", ["tag"])
    _create_tombstones()


def _create_tombstones() -> None:
    op.create_table(
        "recording_tombstone",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("device_id", sa.String(40), nullable=False),
        sa.Column("call_sign", sa.String(40), nullable=False),
        sa.Column("wearer", sa.JSON),
        sa.Column("started_at", sa.Double, nullable=False),
        sa.Column("ended_at", sa.Double, nullable=False),
        sa.Column("segments", sa.Integer, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("merkle_root", sa.String(64)),
        sa.Column("manifest_sha256", sa.String(64)),
        sa.Column("rule", sa.String(40), nullable=False),
        sa.Column("why", sa.String(200), nullable=False),
        sa.Column("place", sa.String(32), nullable=False),
        sa.Column("deleted_at", sa.Double, nullable=False),
        sa.Column("removed_at", sa.Double),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording_tombstone")),
    )
    op.create_index(op.f("ix_recording_tombstone_removed_at"), "recording_tombstone", ["removed_at"])
    op.create_index("ix_recording_state_ended_at", "recording", ["state", "ended_at"])


def downgrade() -> None:
    """What people said of recordings goes with the tables, and what is known of deleted ones too."""
    op.drop_index("ix_recording_state_ended_at", "recording")
    for name in ("recording_tombstone", "recording_tag", "recording_retention", "recording_mark"):
        op.drop_table(name)
