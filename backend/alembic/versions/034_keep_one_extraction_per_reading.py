"""Keep one extraction per reading.

The same reader finds a statement of a document, or of one of its filings, once. A row without a
reader is of a release before, and may be there any number of times. Built concurrently, while other
transactions read and write extractions.

Revision ID: 034
Revises: 033
Create Date: 2026-11-26 23:38:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "034"
down_revision: str | Sequence[str] | None = "033"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Build the unique index."""
    op.create_index_online(
        "uq_extractions_reading",
        "extractions",
        ["document_id", "statement_type", "method", "reader", "accession"],
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("reader IS NOT NULL"),
    )


def downgrade() -> None:
    """Drop the index."""
    op.drop_index_online("uq_extractions_reading", "extractions")
