"""The audit: append-only by triggers, held together by its chain; and what somebody is on duty as, for its reasons."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# REPLACE removes a row without asking the trigger on DELETE (SQLite, "ON CONFLICT clause"): hence the one on INSERT.
SQLITE = (
    "CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit "
    "BEGIN SELECT RAISE(ABORT, 'audit rows are never changed'); END",
    "CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit "
    "BEGIN SELECT RAISE(ABORT, 'audit rows are never removed'); END",
    "CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit WHEN EXISTS (SELECT 1 FROM audit WHERE seq = NEW.seq) "
    "BEGIN SELECT RAISE(ABORT, 'audit rows are never replaced'); END",
    "CREATE TRIGGER audit_head_no_delete BEFORE DELETE ON audit_head "
    "BEGIN SELECT RAISE(ABORT, 'the head of the audit is never removed'); END",
    "CREATE TRIGGER audit_head_no_way_back BEFORE UPDATE ON audit_head WHEN NEW.seq <= OLD.seq "
    "BEGIN SELECT RAISE(ABORT, 'the head of the audit goes only forward'); END",
)
# ALWAYS: a session that sets session_replication_role to replica is refused, too.
POSTGRESQL = (
    "CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'audit rows are never changed or removed'; END $$",
    "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
    "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()",
    "CREATE TRIGGER audit_head_stays BEFORE DELETE OR TRUNCATE ON audit_head "
    "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()",
    "CREATE TRIGGER audit_head_no_way_back BEFORE UPDATE ON audit_head "
    "FOR EACH ROW WHEN (NEW.seq <= OLD.seq) EXECUTE FUNCTION audit_refuse()",
    "ALTER TABLE audit ENABLE ALWAYS TRIGGER audit_append_only",
    "ALTER TABLE audit_head ENABLE ALWAYS TRIGGER audit_head_stays",
    "ALTER TABLE audit_head ENABLE ALWAYS TRIGGER audit_head_no_way_back",
)


def upgrade() -> None:
    """Create both tables, their triggers and the head that stands before the first row."""
    op.create_table(
        "audit",
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("what", sa.String(40), nullable=False),
        sa.Column("actor_kind", sa.String(20), nullable=False),
        sa.Column("actor_id", sa.String(64), nullable=False),
        sa.Column("actor_name", sa.String(120), nullable=False),
        sa.Column("actor_role", sa.String(20), nullable=False),
        sa.Column("subject_kind", sa.String(20), nullable=False),
        sa.Column("subject_id", sa.String(64), nullable=False),
        sa.Column("subject_name", sa.String(120), nullable=False),
        sa.Column("why", sa.String(200), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("agent", sa.String(120), nullable=False),
        sa.Column("detail", sa.JSON, nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("chain", sa.String(64), nullable=False),
    )
    for name, columns in (
        ("at", ["at"]),
        *((f"{one}_seq", [one, "seq"]) for one in ("actor_id", "subject_id", "what")),
    ):
        op.create_index(f"ix_audit_{name}", "audit", columns)
    head = op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("chain", sa.String(64), nullable=False),
    )
    op.bulk_insert(head, [{"id": 1, "seq": 0, "chain": "00" * 32}])
    for statement in POSTGRESQL if op.get_bind().dialect.name == "postgresql" else SQLITE:
        op.execute(statement)
    op.add_column("session", sa.Column("duty", sa.String(200)))


def downgrade() -> None:
    """Remove them: the triggers go with their tables."""
    op.drop_column("session", "duty")
    op.drop_table("audit_head")
    op.drop_table("audit")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_refuse()")
