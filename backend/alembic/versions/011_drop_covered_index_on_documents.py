"""Drop the index on documents.company_id.

The index of 009 starts with the same column and serves the same queries and the foreign key.
Dropped concurrently, while other transactions read and write documents.

Revision ID: 011
Revises: 010
Create Date: 2026-11-23 08:08:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "011"
down_revision: str | Sequence[str] | None = "010"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Drop the index."""
    op.drop_index_online(op.f("ix_documents_company_id"), "documents")


def downgrade() -> None:
    """Build the index."""
    op.create_index_online(op.f("ix_documents_company_id"), "documents", ["company_id"])
