"""Drop close_cents.

`close` has every value since c05, and no running release reads the old column. Takes ACCESS
EXCLUSIVE on quotes briefly: PostgreSQL only marks the column as dropped.

Revision ID: c09
Revises: c08
Create Date: 2026-11-23 05:08:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "c09"
down_revision: str | Sequence[str] | None = "c08"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Drop the column."""
    op.drop_column("quotes", "close_cents")


def downgrade() -> None:
    """Add the column again, as the last one, and compute its values from `close`."""
    op.add_column("quotes", sa.Column("close_cents", sa.BigInteger(), nullable=True))
    op.execute("UPDATE quotes SET close_cents = round(close * 100)")
    op.alter_column("quotes", "close_cents", nullable=False)
