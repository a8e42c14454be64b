"""Fill close from close_cents.

One statement would lock every row until the last one is written. Batches in the order of the
primary key, each in its own transaction, let other sessions write in between. An interrupted run
resumes: a row that has its value is not written again.

Revision ID: c05
Revises: c04
Create Date: 2026-11-23 05:04:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "c05"
down_revision: str | Sequence[str] | None = "c04"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
repeatable = True  # idempotent: a row that has its value is not written again

BATCH_SIZE = 1_000

FILL = "UPDATE quotes SET close = close_cents / 100.0 WHERE close IS NULL"

# Returns the last key of the batch; NULL if no row follows `last`.
FILL_BATCH = sa.text(f"""
WITH batch AS (
    SELECT id FROM quotes WHERE id > :last ORDER BY id LIMIT {BATCH_SIZE}
), filled AS (
    {FILL} AND id > :last AND id <= (SELECT max(id) FROM batch)
)
SELECT max(id) FROM batch
""")


def upgrade() -> None:
    """Fill in batches; with --sql, in one statement."""
    if op.get_context().as_sql:
        op.execute(FILL)
        return
    with op.get_context().autocommit_block():
        last: int | None = 0
        while last is not None:
            last = op.get_bind().scalar(FILL_BATCH, {"last": last})


def downgrade() -> None:
    """Set the column to NULL, as c03 left it."""
    op.execute("UPDATE quotes SET close = NULL")
