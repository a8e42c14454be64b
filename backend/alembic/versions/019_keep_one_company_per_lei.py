"""Keep one company per LEI.

A filing names its company by the LEI: with two companies it could go to either. The index of the
constraint is built concurrently; ACCESS EXCLUSIVE is taken briefly.

Revision ID: 019
Revises: 018
Create Date: 2026-11-26 23:23:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "019"
down_revision: str | Sequence[str] | None = "018"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Add the constraint."""
    op.create_unique_constraint_online(op.f("uq_companies_lei"), "companies", ["lei"])


def downgrade() -> None:
    """Drop the constraint with its index."""
    op.drop_constraint(op.f("uq_companies_lei"), "companies", type_="unique")
