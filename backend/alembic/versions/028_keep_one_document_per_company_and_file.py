"""Keep one document per company and file.

The same file, added again, is the same document. The index of the constraint is built concurrently;
ACCESS EXCLUSIVE is taken briefly.

Revision ID: 028
Revises: 027
Create Date: 2026-11-26 23:32:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "028"
down_revision: str | Sequence[str] | None = "027"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Add the constraint."""
    op.create_unique_constraint_online(
        op.f("uq_documents_company_id_sha256"), "documents", ["company_id", "sha256"]
    )


def downgrade() -> None:
    """Drop the constraint with its index."""
    op.drop_constraint(op.f("uq_documents_company_id_sha256"), "documents", type_="unique")
