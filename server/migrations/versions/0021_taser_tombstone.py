"""What is left of a weapon's log that was kept long enough."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "taser_tombstone",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("device_id", sa.String(40), nullable=False),
        sa.Column("call_sign", sa.String(40), nullable=False),
        sa.Column("serial", sa.String(40), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("bytes", sa.Integer, nullable=False),
        sa.Column("start", sa.Double, nullable=False),
        sa.Column("end", sa.Double, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("rule", sa.String(40), nullable=False),
        sa.Column("deleted_at", sa.Double, nullable=False),
    )


def downgrade() -> None:
    """What is known of deleted logs goes with it."""
    op.drop_table("taser_tombstone")
