"""A request waits until the camera has taken it: that it was sent proves nothing."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The column's new meaning gets its name."""
    op.execute("ALTER TABLE camera_request RENAME COLUMN sent_at TO taken_at")


def downgrade() -> None:
    """Back to the old name."""
    op.execute("ALTER TABLE camera_request RENAME COLUMN taken_at TO sent_at")
