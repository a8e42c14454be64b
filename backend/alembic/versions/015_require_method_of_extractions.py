"""Require the method of extractions.

013 filled every row, and new rows have a default. Validated while other transactions read and write
extractions; takes ACCESS EXCLUSIVE briefly.

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
    """Set NOT NULL."""
    op.set_not_null_online("extractions", "method")


def downgrade() -> None:
    """Drop NOT NULL."""
    op.alter_column("extractions", "method", nullable=True)
