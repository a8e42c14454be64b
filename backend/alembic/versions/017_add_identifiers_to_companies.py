"""Add identifiers to companies.

The LEI and the SEC's Central Index Key, by which a filing names its company, and the end of the
fiscal year. All optional: the previous release writes none of them. The CHECKs apply to new rows at
once and are NOT VALID for existing rows until 018. Takes ACCESS EXCLUSIVE on companies briefly,
without a scan or a rewrite.

Revision ID: 017
Revises: 016
Create Date: 2026-11-26 23:21:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "017"
down_revision: str | Sequence[str] | None = "016"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

CHECKS = {
    "lei_is_iso_17442": "lei ~ '^[A-Z0-9]{18}[0-9]{2}$'",
    "cik_has_ten_digits": "cik ~ '^[0-9]{10}$'",
    "fiscal_year_end_is_month_and_day": (
        "fiscal_year_end ~ '^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$'"
    ),
}


def upgrade() -> None:
    """Add the columns and their CHECKs."""
    op.add_column("companies", sa.Column("lei", sa.Text()))
    op.add_column("companies", sa.Column("cik", sa.Text()))
    op.add_column("companies", sa.Column("fiscal_year_end", sa.Text()))
    for name, condition in CHECKS.items():
        op.create_check_constraint(
            op.f(f"ck_companies_{name}"), "companies", condition, postgresql_not_valid=True
        )


def downgrade() -> None:
    """Drop the columns with their values and CHECKs."""
    for name in ("fiscal_year_end", "cik", "lei"):
        op.drop_column("companies", name)
