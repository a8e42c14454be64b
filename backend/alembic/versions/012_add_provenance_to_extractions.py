"""Add provenance to extractions.

The method, the model or taxonomy, the confidence, the duration and the page. The columns are NULL
in existing rows until 013 fills them. The previous release knows only language models, so new rows
default to `llm`.

The CHECKs apply to new rows at once and are NOT VALID for existing rows until 014. Takes ACCESS
EXCLUSIVE on extractions briefly, without a scan or a rewrite.

Revision ID: 012
Revises: 011
Create Date: 2026-11-23 08:09:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "012"
down_revision: str | Sequence[str] | None = "011"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

CHECKS = {
    "method_known": "method IN ('llm', 'xbrl', 'manual')",
    "model_not_blank": r"model ~ '\S'",
    "confidence_is_a_share": "confidence BETWEEN 0 AND 1",
    "duration_not_negative": "duration >= interval '0'",
    "source_page_positive": "source_page > 0",
}


def upgrade() -> None:
    """Add the columns and their CHECKs."""
    op.add_column("extractions", sa.Column("method", sa.Text(), nullable=True))
    op.alter_column("extractions", "method", server_default="llm")
    op.add_column("extractions", sa.Column("model", sa.Text(), nullable=True))
    op.add_column("extractions", sa.Column("confidence", sa.Float(), nullable=True))
    op.add_column("extractions", sa.Column("duration", sa.Interval(), nullable=True))
    op.add_column("extractions", sa.Column("source_page", sa.Integer(), nullable=True))
    for name, condition in CHECKS.items():
        op.create_check_constraint(
            op.f(f"ck_extractions_{name}"), "extractions", condition, postgresql_not_valid=True
        )


def downgrade() -> None:
    """Drop the columns with their values and CHECKs."""
    for name in ("source_page", "duration", "confidence", "model", "method"):
        op.drop_column("extractions", name)
