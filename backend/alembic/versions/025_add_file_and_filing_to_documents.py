"""Add the file and the filing to documents.

The digest, name and media type of the stored file; the form, the day of filing, the end of the
newest period, and the document that an amendment supersedes. All optional: the previous release
writes none of them. The CHECKs apply to new rows at once and are NOT VALID for existing rows until
027. Takes ACCESS EXCLUSIVE on documents briefly, without a scan or a rewrite.

Revision ID: 025
Revises: 024
Create Date: 2026-11-26 23:29:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "025"
down_revision: str | Sequence[str] | None = "024"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

CHECKS = {
    "sha256_is_digest": "sha256 ~ '^[0-9a-f]{64}$'",
    "file_name_not_blank": r"file_name ~ '\S'",
    "supersedes_another": "supersedes_id <> id",
}


def upgrade() -> None:
    """Add the columns and their CHECKs."""
    op.add_column("documents", sa.Column("file_name", sa.Text()))
    op.add_column("documents", sa.Column("sha256", sa.Text()))
    op.add_column("documents", sa.Column("media_type", sa.Text()))
    op.add_column("documents", sa.Column("form", sa.Text()))
    op.add_column("documents", sa.Column("filed_on", sa.Date()))
    op.add_column("documents", sa.Column("period_end", sa.Date()))
    op.add_column("documents", sa.Column("supersedes_id", sa.BigInteger()))
    for name, condition in CHECKS.items():
        op.create_check_constraint(
            op.f(f"ck_documents_{name}"), "documents", condition, postgresql_not_valid=True
        )


def downgrade() -> None:
    """Drop the columns with their values and CHECKs."""
    for name in (
        "supersedes_id",
        "period_end",
        "filed_on",
        "form",
        "media_type",
        "sha256",
        "file_name",
    ):
        op.drop_column("documents", name)
