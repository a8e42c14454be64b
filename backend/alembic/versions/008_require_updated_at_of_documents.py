"""Require updated_at of documents.

Every row has it since 006, and new ones have it by default. Proved while documents are read and
written; ACCESS EXCLUSIVE for a moment.

Revision ID: 008
Revises: 007
Create Date: 2026-11-23 08:05:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "008"
down_revision: str | Sequence[str] | None = "007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Forbid NULL."""
    op.set_not_null_online("documents", "updated_at")


def downgrade() -> None:
    """Allow NULL again."""
    op.alter_column("documents", "updated_at", nullable=True)
