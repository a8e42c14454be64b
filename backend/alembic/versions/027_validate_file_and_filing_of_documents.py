"""Validate the CHECKs on the file and the filing of documents.

Scans documents once under SHARE UPDATE EXCLUSIVE, which blocks neither reads nor writes.

Revision ID: 027
Revises: 026
Create Date: 2026-11-26 23:31:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "027"
down_revision: str | Sequence[str] | None = "026"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

CHECKS = {
    "sha256_is_digest": "sha256 ~ '^[0-9a-f]{64}$'",
    "file_name_not_blank": r"file_name ~ '\S'",
    "supersedes_another": "supersedes_id <> id",
}


def upgrade() -> None:
    """Validate the CHECKs for the existing rows."""
    names = (f"VALIDATE CONSTRAINT ck_documents_{name}" for name in CHECKS)
    op.execute(f"ALTER TABLE documents {', '.join(names)}")


def downgrade() -> None:
    """Recreate the CHECKs as 025 did, NOT VALID: a validation cannot be reverted."""
    for name, condition in CHECKS.items():
        op.drop_constraint(op.f(f"ck_documents_{name}"), "documents", type_="check")
        op.create_check_constraint(
            op.f(f"ck_documents_{name}"), "documents", condition, postgresql_not_valid=True
        )
