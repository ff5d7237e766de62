"""What a camera sends while it records is kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The list of the recordings; what is in them lies in their folders."""
    op.create_table(
        "recording",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("device_id", sa.String(40), nullable=False),
        sa.Column("call_sign", sa.String(40), nullable=False),
        sa.Column("wearer", sa.JSON),
        sa.Column("why", sa.String(80), nullable=False),
        sa.Column("asked_at", sa.Double, nullable=False),
        sa.Column("until", sa.Double),
        sa.Column("ended_at", sa.Double),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("segments", sa.Integer, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("place", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording")),
    )
    op.create_index(op.f("ix_recording_state"), "recording", ["state"])
    op.create_index("ix_recording_device_id_asked_at", "recording", ["device_id", "asked_at"])


def downgrade() -> None:
    """The folders stay, and are found again at the next upgrade."""
    op.drop_table("recording")
