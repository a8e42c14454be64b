"""Add close and currency.

`close` will replace `close_cents`; it is empty until c05 fills it. Takes ACCESS EXCLUSIVE on quotes
briefly: neither column rewrites the table, and the CHECK reads 20,000 rows in milliseconds. On a
large table it would be NOT VALID first, like the foreign key of c07.

Revision ID: c03
Revises: c02
Create Date: 2026-11-23 05:02:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "c03"
down_revision: str | Sequence[str] | None = "c02"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Add the columns, and the CHECK of one of them."""
    op.add_column("quotes", sa.Column("close", sa.Numeric(12, 2), nullable=True))
    op.add_column("quotes", sa.Column("currency", sa.Text(), server_default="EUR", nullable=False))
    op.create_check_constraint(op.f("ck_quotes_close_positive"), "quotes", "close > 0")


def downgrade() -> None:
    """Drop both columns, and the CHECK with its column."""
    op.drop_column("quotes", "currency")
    op.drop_column("quotes", "close")
