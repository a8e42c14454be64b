"""Validate the CHECKs on the reader and the status of extractions.

Scans extractions once under SHARE UPDATE EXCLUSIVE, which blocks neither reads nor writes.

Revision ID: 033
Revises: 032
Create Date: 2026-11-26 23:37:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "033"
down_revision: str | Sequence[str] | None = "032"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

CHECKS = {
    "reader_not_blank": r"reader ~ '\S'",
    "reader_short": "length(reader) <= 100",
    "accession_short": "length(accession) <= 100",
    "status_known": "status IN ('verified', 'partly', 'doubtful')",
}


def upgrade() -> None:
    """Validate the CHECKs for the existing rows."""
    names = (f"VALIDATE CONSTRAINT ck_extractions_{name}" for name in CHECKS)
    op.execute(f"ALTER TABLE extractions {', '.join(names)}")


def downgrade() -> None:
    """Recreate the CHECKs as 032 did, NOT VALID: a validation cannot be reverted."""
    for name, condition in CHECKS.items():
        op.drop_constraint(op.f(f"ck_extractions_{name}"), "extractions", type_="check")
        op.create_check_constraint(
            op.f(f"ck_extractions_{name}"), "extractions", condition, postgresql_not_valid=True
        )
