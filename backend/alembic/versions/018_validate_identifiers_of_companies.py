"""Validate the CHECKs on the identifiers of companies.

Scans companies once under SHARE UPDATE EXCLUSIVE, which blocks neither reads nor writes.

Revision ID: 018
Revises: 017
Create Date: 2026-11-26 23:22:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "018"
down_revision: str | Sequence[str] | None = "017"
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
    """Validate the CHECKs for the existing rows."""
    names = (f"VALIDATE CONSTRAINT ck_companies_{name}" for name in CHECKS)
    op.execute(f"ALTER TABLE companies {', '.join(names)}")


def downgrade() -> None:
    """Recreate the CHECKs as 017 did, NOT VALID: a validation cannot be reverted."""
    for name, condition in CHECKS.items():
        op.drop_constraint(op.f(f"ck_companies_{name}"), "companies", type_="check")
        op.create_check_constraint(
            op.f(f"ck_companies_{name}"), "companies", condition, postgresql_not_valid=True
        )
