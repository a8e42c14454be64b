"""Keep one document per company and URL.

A second search for reports finds the same URLs again. The index of the constraint is built
concurrently; ACCESS EXCLUSIVE is taken briefly. If a company has a URL twice, the revision fails,
names the duplicate and changes nothing: the user decides which of the two has the right
extractions (docs/database/queries.md).

Revision ID: 010
Revises: 009
Create Date: 2026-11-23 08:07:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "010"
down_revision: str | Sequence[str] | None = "009"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Add the constraint."""
    op.create_unique_constraint_online(
        op.f("uq_documents_company_id_url"), "documents", ["company_id", "url"]
    )


def downgrade() -> None:
    """Drop the constraint with its index."""
    op.drop_constraint(op.f("uq_documents_company_id_url"), "documents", type_="unique")
