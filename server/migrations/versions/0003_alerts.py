"""Alerts, their append-only history, and the signals they came from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_SQLITE = tuple(
    f"CREATE TRIGGER {table}_refuses_{what} BEFORE {what} ON {table} "
    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    for table in ("alert_step", "signal")
    for what in ("UPDATE", "DELETE")
)
_POSTGRESQL = (
    "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$",
    *(
        f"CREATE TRIGGER {table}_refuses_change BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        for table in ("alert_step", "signal")
    ),
)


def upgrade() -> None:
    """Create the tables, and the triggers that refuse to change what was written."""
    op.create_table(
        "alert",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("seq", sa.BigInteger, nullable=False, index=True),
        sa.Column("device_id", sa.String(40), nullable=False),
        sa.Column("family", sa.String(40), nullable=False),
        sa.Column("open", sa.Boolean, nullable=False),
        sa.Column("closed_at", sa.Double, nullable=True, index=True),
        sa.Column("body", sa.JSON, nullable=False),
    )
    is_open = sa.text("open")
    op.create_index(
        "uq_alert_open", "alert", ["device_id", "family"], unique=True, sqlite_where=is_open, postgresql_where=is_open
    )
    op.create_table(
        "alert_step",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("alert_id", sa.String(40), sa.ForeignKey("alert.id"), nullable=False, index=True),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("action", sa.String(20), nullable=False),
        sa.Column("by_id", sa.String(64), nullable=True),
        sa.Column("by_name", sa.String(200), nullable=True),
        sa.Column("detail", sa.Text, nullable=False),
    )
    op.create_table(
        "signal",
        sa.Column("device_id", sa.String(40), primary_key=True),
        sa.Column("outbox_id", sa.String(64), primary_key=True),
        sa.Column("device_seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("device_at", sa.Double, nullable=False),
        sa.Column("received_at", sa.Double, nullable=False),
        sa.Column("offset_s", sa.Double, nullable=False),
        sa.Column("detail", sa.JSON, nullable=False),
    )
    for statement in _POSTGRESQL if op.get_bind().dialect.name == "postgresql" else _SQLITE:
        op.execute(statement)


def downgrade() -> None:
    """Remove the tables, and with them the triggers."""
    op.drop_table("signal")
    op.drop_table("alert_step")
    op.drop_table("alert")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change()")
