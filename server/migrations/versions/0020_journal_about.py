"""What an entry of the journal is about, so that one alert's states, or one camera's activity, are found without the rest."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

# What an entry of each kind is about, as its body has it.
ABOUT = {"alert": "id", "activity": "device_id"}


def upgrade() -> None:
    """Add the column and its index, and fill it from the bodies of the entries that are there."""
    op.add_column("journal", sa.Column("about", sa.String(40)))
    journal = sa.table(
        "journal", sa.column("kind", sa.String), sa.column("body", sa.JSON), sa.column("about", sa.String)
    )
    for kind, name in ABOUT.items():
        told = journal.c.body[name].as_string()
        op.execute(sa.update(journal).where(journal.c.kind == kind).values(about=told))
    op.create_index("ix_journal_about_seq", "journal", ["about", "seq"])


def downgrade() -> None:
    """Remove both; the bodies still say it."""
    op.drop_index("ix_journal_about_seq", "journal")
    op.drop_column("journal", "about")
