"""Add a digest to compiled statements.

With the digest of what is compiled, compiling again changes a row only where the content differs.
NULL in existing rows, which this program has not compiled. The CHECK applies to new rows at once
and is NOT VALID for existing rows until 024. Takes ACCESS EXCLUSIVE on compiled_statements
briefly, without a scan or a rewrite.

Revision ID: 023
Revises: 022
Create Date: 2026-11-26 23:27:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "023"
down_revision: str | Sequence[str] | None = "022"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

CONDITION = "digest ~ '^[0-9a-f]{64}$'"


def upgrade() -> None:
    """Add the column and its CHECK."""
    op.add_column("compiled_statements", sa.Column("digest", sa.Text()))
    op.create_check_constraint(
        op.f("ck_compiled_statements_digest_is_sha256"),
        "compiled_statements",
        CONDITION,
        postgresql_not_valid=True,
    )


def downgrade() -> None:
    """Drop the column with its values and CHECK."""
    op.drop_column("compiled_statements", "digest")
