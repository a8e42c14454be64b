"""Require updated_at of companies.

005 filled every row, and new rows have a default. Validated while other transactions read and write
companies; takes ACCESS EXCLUSIVE briefly.

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
    """Set NOT NULL."""
    op.set_not_null_online("companies", "updated_at")


def downgrade() -> None:
    """Drop NOT NULL."""
    op.alter_column("companies", "updated_at", nullable=True)
