"""Bookmarks: seconds of recordings that somebody wants to find again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "replay_bookmark",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("recording_id", sa.String(64), nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("by_id", sa.String(64), nullable=False),
        sa.Column("by_name", sa.String(200), nullable=False),
        sa.Column("made_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", "recording_id", name=op.f("pk_replay_bookmark")),
    )
    op.create_index(op.f("ix_replay_bookmark_recording_id"), "replay_bookmark", ["recording_id"])


def downgrade() -> None:
    """Remove it."""
    op.drop_table("replay_bookmark")
