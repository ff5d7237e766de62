"""Where each part of a trail may have been, so that a place is searched without reading every trail; logs of TASERs;
which rules of retention were in force, and the time that was last believed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

SIDES = ("west", "south", "east", "north")


def upgrade() -> None:
    """Add the columns, the index that a search goes by, and the tables."""
    for side in SIDES:
        op.add_column("trail_chunk", sa.Column(side, sa.Double))
    op.create_index("ix_trail_chunk_minute", "trail_chunk", ["minute", *SIDES])
    op.create_table(
        "taser_log",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("device_id", sa.String(40), nullable=False),
        sa.Column("call_sign", sa.String(40), nullable=False),
        sa.Column("wearer", sa.JSON),
        sa.Column("serial", sa.String(40), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("bytes", sa.Integer, nullable=False),
        sa.Column("events", sa.Integer, nullable=False),
        sa.Column("zone", sa.String(40), nullable=False),
        sa.Column("utc_offset", sa.String(10), nullable=False),
        sa.Column("date_order", sa.String(3), nullable=False),
        sa.Column("start", sa.Double, nullable=False),
        sa.Column("end", sa.Double, nullable=False),
        sa.Column("why", sa.String(200), nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("by_id", sa.String(64), nullable=False),
        sa.Column("by_name", sa.String(120), nullable=False),
        sa.Column("within", sa.Integer, nullable=False),
        sa.Column("offset", sa.JSON, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    same = ["device_id", "sha256", "start", "end"]
    op.create_index("ix_taser_log_device_id_sha256", "taser_log", same, unique=True)
    op.create_index("ix_taser_log_start", "taser_log", ["start"])
    op.create_table(
        "taser_offset",
        sa.Column("log_id", sa.String(32), primary_key=True),
        sa.Column("n", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("by_id", sa.String(64), nullable=False),
        sa.Column("by_name", sa.String(120), nullable=False),
        sa.Column("seconds", sa.Double),
        sa.Column("why", sa.String(200), nullable=False),
    )
    _create_rules()


def _create_rules() -> None:
    op.create_table(
        "retention_rules",
        sa.Column("n", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("categories", sa.JSON, nullable=False),
    )
    op.create_table(
        "retention_clock",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("trusted", sa.Double, nullable=False),
        sa.Column("ran_s", sa.Double, nullable=False),
    )


def downgrade() -> None:
    """Remove them."""
    op.drop_table("retention_clock")
    op.drop_table("retention_rules")
    op.drop_table("taser_offset")
    op.drop_table("taser_log")
    op.drop_index("ix_trail_chunk_minute", "trail_chunk")
    for side in SIDES:
        op.drop_column("trail_chunk", side)
