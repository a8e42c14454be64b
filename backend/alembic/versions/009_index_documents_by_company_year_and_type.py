"""Index documents by company, year and type.

For queries of a company's annual reports over ten years. Built concurrently, while other
transactions read and write documents.

Revision ID: 009
Revises: 008
Create Date: 2026-11-23 08:06:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "009"
down_revision: str | Sequence[str] | None = "008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Build the index."""
    op.create_index_online(
        op.f("ix_documents_company_id_fiscal_year_document_type"),
        "documents",
        ["company_id", "fiscal_year", "document_type"],
    )


def downgrade() -> None:
    """Drop the index."""
    op.drop_index_online(op.f("ix_documents_company_id_fiscal_year_document_type"), "documents")
