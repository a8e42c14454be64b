"""Require the method of extractions.

Every row has one since 013, and new ones have it by default. Proved while extractions are read and
written; ACCESS EXCLUSIVE for a moment.

Revision ID: 015
Revises: 014
Create Date: 2026-11-23 08:12:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "015"
down_revision: str | Sequence[str] | None = "014"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Forbid NULL."""
    op.set_not_null_online("extractions", "method")


def downgrade() -> None:
    """Allow NULL again."""
    op.alter_column("extractions", "method", nullable=True)
