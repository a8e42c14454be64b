"""Backfill updated_at of companies.

With created_at, since no later change was recorded. In batches, while other transactions read and
write companies; an interrupted run resumes after its last batch.

Revision ID: 005
Revises: 004
Create Date: 2026-11-23 08:02:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "005"
down_revision: str | Sequence[str] | None = "004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Fill the rows in which it is NULL."""
    op.batched_backfill("companies", {"updated_at": "created_at"}, "updated_at IS NULL")


# migrate-lint: allow downgrade: the values are valid without this revision too; 003 drops them
def downgrade() -> None:
    """Keep the values."""
