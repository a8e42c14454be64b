"""Index extractions by status.

Finds the doubtful statements among those of all companies. Built concurrently, while other
transactions read and write extractions.

Revision ID: 035
Revises: 034
Create Date: 2026-11-26 23:39:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "035"
down_revision: str | Sequence[str] | None = "034"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Build the index."""
    op.create_index_online(op.f("ix_extractions_status"), "extractions", ["status"])


def downgrade() -> None:
    """Drop the index."""
    op.drop_index_online(op.f("ix_extractions_status"), "extractions")
