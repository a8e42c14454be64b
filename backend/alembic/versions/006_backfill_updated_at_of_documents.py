"""Fill updated_at of the documents from before it.

With when the row was made: nobody has noted any later change. In batches, while documents
are read and written; a run that was ended goes on where it was.

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
    """Fill what is empty."""
    op.batched_backfill("documents", {"updated_at": "created_at"}, "updated_at IS NULL")


# migrate-lint: allow downgrade: what is filled is right before this revision too; 004 drops it
def downgrade() -> None:
    """Leave the column filled."""
