"""Make ir_url of companies optional.

A company that is made from a filing has no investor-relations page yet. The previous release reads
companies with a page only: stop it before a company without one is added. Takes ACCESS EXCLUSIVE on
companies briefly, without a scan or a rewrite.

The downgrade gives a company without a page the address `about:blank`, the empty page of the URL
standard: the old CHECK and the previous release accept it, it is recognized as no page of a
company, and the company keeps its row and all that belongs to it. 022 makes it NULL again.

Revision ID: 021
Revises: 020
Create Date: 2026-11-26 23:25:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "021"
down_revision: str | Sequence[str] | None = "020"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Drop NOT NULL."""
    op.alter_column("companies", "ir_url", nullable=True)


def downgrade() -> None:
    """Fill in `about:blank`, and set NOT NULL."""
    op.batched_backfill("companies", {"ir_url": "'about:blank'"}, "ir_url IS NULL")
    op.set_not_null_online("companies", "ir_url")
