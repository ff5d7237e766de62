"""What is left of a deleted recording says how much its camera had uploaded that was not joined to it, and went with it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Of those that were deleted until now the audit alone says it."""
    op.add_column("recording_tombstone", sa.Column("unjoined_bytes", sa.BigInteger, nullable=False, server_default="0"))


def downgrade() -> None:
    """Nothing but the audit tells it any more."""
    op.drop_column("recording_tombstone", "unjoined_bytes")
