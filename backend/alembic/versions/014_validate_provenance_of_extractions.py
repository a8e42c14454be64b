"""Validate the CHECKs on the provenance of extractions.

Scans extractions once under SHARE UPDATE EXCLUSIVE, which blocks neither reads nor writes.

Revision ID: 014
Revises: 013
Create Date: 2026-11-23 08:11:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "014"
down_revision: str | Sequence[str] | None = "013"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

CHECKS = {
    "method_known": "method IN ('llm', 'xbrl', 'manual')",
    "model_not_blank": r"model ~ '\S'",
    "confidence_is_a_share": "confidence BETWEEN 0 AND 1",
    "duration_not_negative": "duration >= interval '0'",
    "source_page_positive": "source_page > 0",
}


def upgrade() -> None:
    """Validate the CHECKs for the existing rows."""
    names = (f"VALIDATE CONSTRAINT ck_extractions_{name}" for name in CHECKS)
    op.execute(f"ALTER TABLE extractions {', '.join(names)}")


def downgrade() -> None:
    """Recreate the CHECKs as 012 did, NOT VALID: a validation cannot be reverted."""
    for name, condition in CHECKS.items():
        op.drop_constraint(op.f(f"ck_extractions_{name}"), "extractions", type_="check")
        op.create_check_constraint(
            op.f(f"ck_extractions_{name}"), "extractions", condition, postgresql_not_valid=True
        )
