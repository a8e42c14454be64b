"""Validate the reference of quotes to instruments.

Reads every quote, while others read and write: SHARE UPDATE EXCLUSIVE on quotes keeps out only
changes of the schema. It is a revision of its own because c07's lock lasts until c07 commits.

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
    """Check the quotes that were there before the foreign key."""
    op.execute(f"ALTER TABLE quotes VALIDATE CONSTRAINT {FOREIGN_KEY}")


def downgrade() -> None:
    """Put the foreign key back as c07 made it: no command takes a validation back."""
    op.drop_constraint(op.f(FOREIGN_KEY), "quotes", type_="foreignkey")
    op.create_foreign_key(
        op.f(FOREIGN_KEY),
        "quotes",
        "instruments",
        ["ticker"],
        ["ticker"],
        postgresql_not_valid=True,
    )
