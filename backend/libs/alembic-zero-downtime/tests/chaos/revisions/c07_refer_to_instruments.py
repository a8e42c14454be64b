"""Let quotes refer to instruments.

NOT VALID: new quotes are checked from now on, the existing ones by c08. To check them here would
block writes to both tables until the last row is read; so it locks both only briefly.

Revision ID: c07
Revises: c06
Create Date: 2026-11-23 05:06:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "c07"
down_revision: str | Sequence[str] | None = "c06"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

FOREIGN_KEY = "fk_quotes_ticker_instruments"


def upgrade() -> None:
    """Add the foreign key for new rows."""
    op.create_foreign_key(
        op.f(FOREIGN_KEY),
        "quotes",
        "instruments",
        ["ticker"],
        ["ticker"],
        postgresql_not_valid=True,
    )


def downgrade() -> None:
    """Drop the foreign key."""
    op.drop_constraint(op.f(FOREIGN_KEY), "quotes", type_="foreignkey")
