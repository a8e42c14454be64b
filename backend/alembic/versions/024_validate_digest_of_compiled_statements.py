"""Validate the CHECK on the digest of compiled statements.

Scans compiled_statements once under SHARE UPDATE EXCLUSIVE, which blocks neither reads nor writes.

Revision ID: 024
Revises: 023
Create Date: 2026-11-26 23:28:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "024"
down_revision: str | Sequence[str] | None = "023"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

NAME = "ck_compiled_statements_digest_is_sha256"
CONDITION = "digest ~ '^[0-9a-f]{64}$'"


def upgrade() -> None:
    """Validate the CHECK for the existing rows."""
    op.execute(f"ALTER TABLE compiled_statements VALIDATE CONSTRAINT {NAME}")


def downgrade() -> None:
    """Recreate the CHECK as 023 did, NOT VALID: a validation cannot be reverted."""
    op.drop_constraint(op.f(NAME), "compiled_statements", type_="check")
    op.create_check_constraint(
        op.f(NAME), "compiled_statements", CONDITION, postgresql_not_valid=True
    )
