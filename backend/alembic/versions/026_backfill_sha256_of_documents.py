"""Backfill sha256 of documents.

A local file has the URL `sha256:` with its digest. After a downgrade and an upgrade the digest is
taken from there, so that the same file is not added twice. In batches, while other transactions
read and write documents; an interrupted run resumes after its last batch.

Revision ID: 026
Revises: 025
Create Date: 2026-11-26 23:30:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "026"
down_revision: str | Sequence[str] | None = "025"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Fill the rows whose URL is a digest."""
    op.batched_backfill(
        "documents",
        {"sha256": "substr(url, 8)"},
        "sha256 IS NULL AND url ~ '^sha256:[0-9a-f]{64}$'",
    )


# migrate-lint: allow downgrade: the values are valid without this revision too; 025 drops them
def downgrade() -> None:
    """Keep the values."""
