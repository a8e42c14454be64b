"""Validate the reference of quotes to instruments.

Reads every quote while other sessions read and write: SHARE UPDATE EXCLUSIVE on quotes blocks only
changes of the schema. It is a separate revision because the lock of c07 is held until its commit.

Revision ID: c08
Revises: c07
Create Date: 2026-11-23 05:07:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "c08"
down_revision: str | Sequence[str] | None = "c07"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

FOREIGN_KEY = "fk_quotes_ticker_instruments"


def upgrade() -> None:
    """Check the quotes that are older than the foreign key."""
    op.execute(f"ALTER TABLE quotes VALIDATE CONSTRAINT {FOREIGN_KEY}")


def downgrade() -> None:
    """Create the foreign key again as c07 did: no command reverts a validation."""
    op.drop_constraint(op.f(FOREIGN_KEY), "quotes", type_="foreignkey")
    op.create_foreign_key(
        op.f(FOREIGN_KEY),
        "quotes",
        "instruments",
        ["ticker"],
        ["ticker"],
        postgresql_not_valid=True,
    )
