"""Add updated_at to documents.

As 003 does for companies; NULL in existing rows until 006 fills it. A separate revision: an INSERT
into documents locks documents first and companies second, and a migration that locks both in the
other order can deadlock with it. Takes ACCESS EXCLUSIVE on documents briefly.

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
    """Add the column, its default for new rows and its trigger."""
    op.add_column("documents", sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True))
    op.alter_column("documents", "updated_at", server_default=sa.func.now())
    op.execute(TRIGGER)


def downgrade() -> None:
    """Drop the column with its values, and the trigger."""
    op.execute("DROP TRIGGER set_updated_at ON documents")
    op.drop_column("documents", "updated_at")
