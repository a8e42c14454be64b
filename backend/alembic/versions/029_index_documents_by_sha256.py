"""Index documents by sha256.

A stored file is deleted with the last document that has it, of whichever company. Built
concurrently, while other transactions read and write documents.

Revision ID: 029
Revises: 028
Create Date: 2026-11-26 23:33:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "029"
down_revision: str | Sequence[str] | None = "028"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Build the index."""
    op.create_index_online(op.f("ix_documents_sha256"), "documents", ["sha256"])


def downgrade() -> None:
    """Drop the index."""
    op.drop_index_online(op.f("ix_documents_sha256"), "documents")
