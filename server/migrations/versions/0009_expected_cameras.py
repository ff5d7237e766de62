"""Cameras that were recording or streaming: whoever is missing after a restart of the server is looked for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table("expected_camera", sa.Column("device_id", sa.String(40), primary_key=True))


def downgrade() -> None:
    """Remove it."""
    op.drop_table("expected_camera")
