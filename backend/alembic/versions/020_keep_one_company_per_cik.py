"""Keep one company per Central Index Key.

A filing of the SEC names its company by the key: with two companies it could go to either. The
index of the constraint is built concurrently; ACCESS EXCLUSIVE is taken briefly.

Revision ID: 020
Revises: 019
Create Date: 2026-11-26 23:24:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "020"
down_revision: str | Sequence[str] | None = "019"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Add the constraint."""
    op.create_unique_constraint_online(op.f("uq_companies_cik"), "companies", ["cik"])


def downgrade() -> None:
    """Drop the constraint with its index."""
    op.drop_constraint(op.f("uq_companies_cik"), "companies", type_="unique")
