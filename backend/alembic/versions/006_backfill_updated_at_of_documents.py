"""Backfill updated_at of documents.

With created_at, since no later change was recorded. In batches, while other transactions read and
write documents; an interrupted run resumes after its last batch.

Revision ID: 006
Revises: 005
Create Date: 2026-11-23 08:03:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "006"
down_revision: str | Sequence[str] | None = "005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Fill the rows in which it is NULL."""
    op.batched_backfill("documents", {"updated_at": "created_at"}, "updated_at IS NULL")


# migrate-lint: allow downgrade: the values are valid without this revision too; 004 drops them
def downgrade() -> None:
    """Keep the values."""
