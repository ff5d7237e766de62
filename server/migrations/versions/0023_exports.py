"""Which bundles stand on the disk, whichever process made them, and who may fetch one again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create both tables."""
    op.create_table(
        "export",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("place", sa.String(32), nullable=False),
        sa.Column("made_at", sa.Double, nullable=False),
        sa.Column("told", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export")),
    )
    op.create_table(
        "export_grant",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("export_id", sa.String(32), nullable=False),
        sa.Column("session_id", sa.String(64), nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_grant")),
    )


def downgrade() -> None:
    """Each process knows its own again."""
    for name in ("export_grant", "export"):
        op.drop_table(name)
