"""Live views: who watched which camera, from when to when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "live_view",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("device_id", sa.String(40), nullable=False),
        sa.Column("person_id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("started_at", sa.Float, nullable=False),
        sa.Column("ended_at", sa.Float),
        sa.Column("layer", sa.String(10), nullable=False),
    )
    op.create_index("ix_live_view_device_id_started_at", "live_view", ["device_id", "started_at"])


def downgrade() -> None:
    """Remove it."""
    op.drop_table("live_view")
