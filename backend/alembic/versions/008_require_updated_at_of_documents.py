"""Require updated_at of documents.

006 filled every row, and new rows have a default. Validated while other transactions read and write
documents; takes ACCESS EXCLUSIVE briefly.

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
    """Set NOT NULL."""
    op.set_not_null_online("documents", "updated_at")


def downgrade() -> None:
    """Drop NOT NULL."""
    op.alter_column("documents", "updated_at", nullable=True)
