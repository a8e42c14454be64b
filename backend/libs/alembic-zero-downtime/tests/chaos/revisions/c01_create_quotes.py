"""Create quotes and instruments.

A quote is the closing price of an instrument on a day; its key is its number in the feed. New
tables only: no existing table is locked.

Revision ID: c01
Revises: the head of the project
Create Date: 2026-11-23 05:00:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "c01"
down_revision: str | Sequence[str] | None = "HEAD"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Create both tables, empty."""
    op.create_table(
        "instruments",
        sa.Column("ticker", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("ticker", name=op.f("pk_instruments")),
    )
    op.create_table(
        "quotes",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ticker", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("close_cents", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quotes")),
    )


def downgrade() -> None:
    """Drop both tables with every row."""
    op.drop_table("quotes")
    op.drop_table("instruments")
