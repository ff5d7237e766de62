"""Registered cameras."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table of devices."""
    op.create_table(
        "device",
        sa.Column("device_id", sa.String(40), primary_key=True),
        sa.Column("call_sign", sa.String(20), nullable=False),
        sa.Column("wearer_name", sa.String(80)),
        sa.Column("collar_number", sa.String(80)),
        sa.Column("public_key", sa.LargeBinary),
        sa.Column("record_mode", sa.String(10), nullable=False),
        sa.Column("wearer_person_id", sa.String(32)),
        sa.Column("revoked_at", sa.Double),
        sa.Column("changed_seq", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_device_wearer_person_id", "device", ["wearer_person_id"])
    op.create_index("ix_device_changed_seq", "device", ["changed_seq"])


def downgrade() -> None:
    """Remove it."""
    op.drop_table("device")
