"""Index documents by supersedes_id.

For the foreign key of 031: without it, deleting a document reads all. Built concurrently, while
other transactions read and write documents.

Revision ID: 030
Revises: 029
Create Date: 2026-11-26 23:34:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "030"
down_revision: str | Sequence[str] | None = "029"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Build the index."""
    op.create_index_online(op.f("ix_documents_supersedes_id"), "documents", ["supersedes_id"])


def downgrade() -> None:
    """Drop the index."""
    op.drop_index_online(op.f("ix_documents_supersedes_id"), "documents")
