"""Add the reader and the status to extractions.

The reader with its version, the SEC's number of the filing where one document has many, how far the
figures are proved, and whether a person accepted a doubtful statement: no one did so in existing
rows and in new rows of the previous release. What else is not known of existing rows is NULL. The
CHECKs apply to new rows at once and are NOT VALID for existing rows until 033. Takes ACCESS
EXCLUSIVE on extractions briefly, without a scan or a rewrite.

Revision ID: 032
Revises: 031
Create Date: 2026-11-26 23:36:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "032"
down_revision: str | Sequence[str] | None = "031"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

CHECKS = {
    "reader_not_blank": r"reader ~ '\S'",
    "reader_short": "length(reader) <= 100",
    "accession_short": "length(accession) <= 100",
    "status_known": "status IN ('verified', 'partly', 'doubtful')",
}


def upgrade() -> None:
    """Add the columns and their CHECKs."""
    op.add_column("extractions", sa.Column("reader", sa.Text()))
    op.add_column("extractions", sa.Column("accession", sa.Text()))
    op.add_column("extractions", sa.Column("status", sa.Text()))
    op.add_column(
        "extractions",
        sa.Column("doubtful_accepted", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    for name, condition in CHECKS.items():
        op.create_check_constraint(
            op.f(f"ck_extractions_{name}"), "extractions", condition, postgresql_not_valid=True
        )


def downgrade() -> None:
    """Drop the columns with their values and CHECKs."""
    for name in ("doubtful_accepted", "status", "accession", "reader"):
        op.drop_column("extractions", name)
