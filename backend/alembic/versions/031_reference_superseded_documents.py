"""Reference the document that a document supersedes.

An amendment stays when the document that it amends is deleted. Takes SHARE ROW EXCLUSIVE on
documents briefly, then reads all rows without blocking reads or writes.

Revision ID: 031
Revises: 030
Create Date: 2026-11-26 23:35:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "031"
down_revision: str | Sequence[str] | None = "030"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Add the foreign key."""
    op.create_foreign_key_online(
        op.f("fk_documents_supersedes_id_documents"),
        "documents",
        "documents",
        ["supersedes_id"],
        ["id"],
        ondelete="SET NULL",
    )


def downgrade() -> None:
    """Drop the foreign key."""
    op.drop_constraint(
        op.f("fk_documents_supersedes_id_documents"), "documents", type_="foreignkey"
    )
