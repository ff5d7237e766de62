"""Advice with its receipts, and requests to cameras."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create both."""
    op.create_table(
        "advice",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("device_id", sa.String(40), nullable=False, index=True),
        sa.Column("call_sign", sa.String(40), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("author_id", sa.String(64), nullable=False),
        sa.Column("author_name", sa.String(200), nullable=False),
        sa.Column("client_id", sa.String(64), nullable=False),
        sa.Column("sent_at", sa.Double, nullable=False, index=True),
        sa.Column("delivered_at", sa.Double, nullable=True),
        sa.Column("shown_at", sa.Double, nullable=True),
        sa.Column("acknowledged_at", sa.Double, nullable=True),
        sa.UniqueConstraint("author_id", "client_id", name="uq_advice_author_id_client_id"),
    )
    op.create_table(
        "camera_request",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("device_id", sa.String(40), nullable=False, index=True),
        sa.Column("what", sa.String(20), nullable=False),
        sa.Column("by_name", sa.String(200), nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("sent_at", sa.Double, nullable=True),
    )


def downgrade() -> None:
    """Remove both."""
    op.drop_table("camera_request")
    op.drop_table("advice")
