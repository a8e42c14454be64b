"""Require updated_at of companies.

Every row has it since 005, and new ones have it by default. Proved while companies are read and
written; ACCESS EXCLUSIVE for a moment.

Revision ID: 007
Revises: 006
Create Date: 2026-11-23 08:04:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "007"
down_revision: str | Sequence[str] | None = "006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Forbid NULL."""
    op.set_not_null_online("companies", "updated_at")


def downgrade() -> None:
    """Allow NULL again."""
    op.alter_column("companies", "updated_at", nullable=True)
