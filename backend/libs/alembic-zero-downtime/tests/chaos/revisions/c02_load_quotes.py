"""Load the first quotes.

Eight tickers over 2,500 days: 20,000 rows in one statement, all or none. It only inserts rows: no
other session waits for it.

Revision ID: c02
Revises: c01
Create Date: 2026-11-23 05:01:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "c02"
down_revision: str | Sequence[str] | None = "c01"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

ROWS = 20_000

# Each row is computed from its number: two runs load the same rows.
LOAD = f"""
INSERT INTO quotes (id, ticker, day, close_cents)
SELECT n,
       (ARRAY['AZN', 'SAP', 'SIE', 'ASML', 'ULVR', 'ALV', 'AAPL', 'FB'])[1 + n % 8],
       date '2019-01-01' + n / 8,
       5000 + n * 7919 % 20000
  FROM generate_series(1, {ROWS}) AS n
"""


def upgrade() -> None:
    """Insert the quotes."""
    op.execute(LOAD)


def downgrade() -> None:
    """Delete the quotes that `upgrade` inserted: the feed continues after their numbers."""
    op.execute(f"DELETE FROM quotes WHERE id <= {ROWS}")
