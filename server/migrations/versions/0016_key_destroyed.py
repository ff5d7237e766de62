"""What is left of a deleted recording says whether it lay encrypted, and its key was destroyed with it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Those that were deleted until now lay in plain."""
    op.add_column(
        "recording_tombstone", sa.Column("key_destroyed", sa.Boolean, nullable=False, server_default=sa.false())
    )


def downgrade() -> None:
    """Nothing tells it any more."""
    op.drop_column("recording_tombstone", "key_destroyed")
