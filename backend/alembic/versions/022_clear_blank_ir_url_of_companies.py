"""Clear the ir_url of companies that have no page.

The downgrade of 021 has filled in `about:blank`; NULL says the same. In batches, while other
transactions read and write companies; an interrupted run resumes after its last batch.

Revision ID: 022
Revises: 021
Create Date: 2026-11-26 23:26:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "022"
down_revision: str | Sequence[str] | None = "021"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Set NULL in the rows with `about:blank`."""
    op.batched_backfill("companies", {"ir_url": "NULL"}, "ir_url = 'about:blank'")


# migrate-lint: allow downgrade: NULL is valid without this revision too; 021 fills it in
def downgrade() -> None:
    """Keep the values."""
