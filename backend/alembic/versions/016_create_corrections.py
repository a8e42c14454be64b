"""Create corrections.

The values that people set for figures that were read wrong or not at all; what was read stays in
extractions. A cell is named by content, and has one correction at most that is not withdrawn: the
unique index has hashes of label, section and axes, since a row of an index has 2,704 bytes at most
and a label in a file may be longer. Creates a table, and takes SHARE ROW EXCLUSIVE on companies
briefly for its foreign key. The downgrade drops the table with all its rows.

Revision ID: 016
Revises: 015
Create Date: 2026-11-26 23:20:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "016"
down_revision: str | Sequence[str] | None = "015"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

CHECKS = {
    "statement_type_known": (
        "statement_type IN ('income_statement', 'balance_sheet', 'cash_flow_statement')"
    ),
    "document_sha256_is_digest": "document_sha256 ~ '^[0-9a-f]{64}$'",
    "section_is_array": "jsonb_typeof(section) = 'array'",
    "axes_is_object": "jsonb_typeof(axes) = 'object'",
    "occurrence_positive": "occurrence > 0",
    "value_is_finite": "value NOT IN ('NaN', 'Infinity', '-Infinity')",
    "scale_plausible": "scale BETWEEN -20 AND 20",
    "reason_not_blank": r"reason ~ '\S'",
    "created_by_not_blank": r"created_by ~ '\S'",
}


def upgrade() -> None:
    """Create the table and its indexes."""
    op.create_table(
        "corrections",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        sa.Column("document_sha256", sa.Text(), nullable=False),
        sa.Column("statement_type", sa.Text(), nullable=False),
        sa.Column("period_end", sa.Date(), nullable=False),
        sa.Column(
            "section", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False
        ),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column(
            "axes", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("occurrence", sa.SmallInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("concept", sa.Text(), nullable=True),
        sa.Column("value", sa.Numeric(), nullable=False),
        sa.Column("scale", sa.SmallInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrections")),
        sa.ForeignKeyConstraint(
            ["company_id"],
            ["companies.id"],
            name=op.f("fk_corrections_company_id_companies"),
            ondelete="CASCADE",
        ),
        *(
            sa.CheckConstraint(condition, name=op.f(f"ck_corrections_{name}"))
            for name, condition in CHECKS.items()
        ),
    )
    op.create_index(op.f("ix_corrections_company_id"), "corrections", ["company_id"])
    op.create_index(
        "uq_corrections_cell",
        "corrections",
        [
            *("company_id", "document_sha256", "statement_type", "period_end", "occurrence"),
            sa.text("md5(label)"),
            sa.text("md5(section::text)"),
            sa.text("md5(axes::text)"),
        ],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )


def downgrade() -> None:
    """Drop the table with all corrections."""
    op.drop_table("corrections")
