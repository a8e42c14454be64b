"""Add updated_at to documents.

As 003 does to companies; empty until 006 fills it. A revision of its own: whoever adds a document
holds a lock on documents and then wants one on companies, and a transaction that had both in the
other order would be a deadlock. ACCESS EXCLUSIVE on documents for a moment.

Revision ID: 004
Revises: 003
Create Date: 2026-11-23 08:01:30+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "004"
down_revision: str | Sequence[str] | None = "003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TRIGGER = """
CREATE TRIGGER set_updated_at BEFORE UPDATE ON documents
   FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION set_updated_at()
"""


def upgrade() -> None:
    """Add the column, with a default for new rows, and what keeps it true."""
    op.add_column("documents", sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True))
    op.alter_column("documents", "updated_at", server_default=sa.func.now())
    op.execute(TRIGGER)


def downgrade() -> None:
    """Drop the column, with when each document was last changed."""
    op.execute("DROP TRIGGER set_updated_at ON documents")
    op.drop_column("documents", "updated_at")
