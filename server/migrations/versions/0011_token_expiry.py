"""An API token may end by itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The tokens that there are stay good until they are revoked."""
    op.add_column("api_token", sa.Column("expires_at", sa.Double))


def downgrade() -> None:
    """No token ends by itself."""
    op.drop_column("api_token", "expires_at")
