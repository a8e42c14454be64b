"""Rename a ticker and list the instruments.

FB has become META, and each ticker of a quote becomes an instrument. Both in one transaction: no
session sees an instrument with the old name. Locks 2,500 rows of quotes until its commit, no table.

Revision ID: c04
Revises: c03
Create Date: 2026-11-23 05:03:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "c04"
down_revision: str | Sequence[str] | None = "c03"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Rename first, so that the new name is listed."""
    op.execute("UPDATE quotes SET ticker = 'META' WHERE ticker = 'FB'")
    op.execute(
        "INSERT INTO instruments (ticker) SELECT DISTINCT ticker FROM quotes"
        " ON CONFLICT (ticker) DO NOTHING"
    )


def downgrade() -> None:
    """Delete the list, which is computed from the quotes, and restore the ticker."""
    op.execute("DELETE FROM instruments")
    op.execute("UPDATE quotes SET ticker = 'FB' WHERE ticker = 'META'")
