"""Decisions with what stood on the screen on which they were made: append-only by triggers, as the audit is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

# REPLACE removes a row without asking the trigger on DELETE (SQLite, "ON CONFLICT clause"): hence the one on INSERT.
SQLITE = (
    "CREATE TRIGGER decision_no_update BEFORE UPDATE ON decision "
    "BEGIN SELECT RAISE(ABORT, 'decisions are never changed'); END",
    "CREATE TRIGGER decision_no_delete BEFORE DELETE ON decision "
    "BEGIN SELECT RAISE(ABORT, 'decisions are never removed'); END",
    "CREATE TRIGGER decision_no_replace BEFORE INSERT ON decision WHEN EXISTS (SELECT 1 FROM decision WHERE id = NEW.id) "
    "BEGIN SELECT RAISE(ABORT, 'decisions are never replaced'); END",
)
# ALWAYS: a session that sets session_replication_role to replica is refused, too.
POSTGRESQL = (
    "CREATE FUNCTION decision_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'decisions are never changed or removed'; END $$",
    "CREATE TRIGGER decision_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON decision "
    "FOR EACH STATEMENT EXECUTE FUNCTION decision_refuse()",
    "ALTER TABLE decision ENABLE ALWAYS TRIGGER decision_append_only",
)


def upgrade() -> None:
    """Create the table and its triggers."""
    op.create_table(
        "decision",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("what", sa.String(20), nullable=False),
        sa.Column("of_kind", sa.String(20), nullable=False),
        sa.Column("of_id", sa.String(40), nullable=False),
        sa.Column("device_id", sa.String(40), nullable=False),
        sa.Column("call_sign", sa.String(40), nullable=True),
        sa.Column("by_id", sa.String(64), nullable=False),
        sa.Column("by_name", sa.String(200), nullable=False),
        sa.Column("view", sa.JSON, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
    )
    op.create_index(op.f("ix_decision_at"), "decision", ["at"])
    for statement in POSTGRESQL if op.get_bind().dialect.name == "postgresql" else SQLITE:
        op.execute(statement)


def downgrade() -> None:
    """Remove them: the triggers go with their table."""
    op.drop_table("decision")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION decision_refuse()")
