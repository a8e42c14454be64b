"""Create tables.

Companies publish documents, extractions are read out of documents, and compiled statements belong
to a company. New tables only: nothing that exists is locked.

Revision ID: 001
Revises:
Create Date: 2026-11-23 02:00:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "001"
down_revision: str | Sequence[str] | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

NO_LISTING = '$[*] ? (!(@.ticker.type() == "string" && @.exchange.type() == "string"))'
FUNCTION = """
CREATE FUNCTION set_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.updated_at IS NOT NULL OR NEW.updated_at IS NULL THEN
        NEW.updated_at := now();
    END IF;
    RETURN NEW;
END
$$
"""
TRIGGER = """
CREATE TRIGGER set_updated_at BEFORE UPDATE ON {}
   FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION set_updated_at()
"""


def upgrade() -> None:
    """Create the four tables, and the trigger that keeps updated_at."""
    op.create_table(
        "companies",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("primary_ticker", sa.Text(), nullable=True),
        sa.Column(
            "tickers",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column("ir_url", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("ir_url ~ '\\S'", name=op.f("ck_companies_ir_url_not_blank")),
        sa.CheckConstraint(
            "jsonb_typeof(tickers) = 'array'", name=op.f("ck_companies_tickers_is_array")
        ),
        sa.CheckConstraint("name ~ '\\S'", name=op.f("ck_companies_name_not_blank")),
        sa.CheckConstraint(
            "primary_ticker ~ '\\S'", name=op.f("ck_companies_primary_ticker_not_blank")
        ),
        sa.CheckConstraint(
            f"NOT jsonb_path_exists(tickers, '{NO_LISTING}')",
            name=op.f("ck_companies_tickers_are_listings"),
        ),
        sa.CheckConstraint(
            "NOT jsonb_path_exists(tickers, 'strict $[*] ? (@.type() != \"object\")', '{}', true)",
            name=op.f("ck_companies_tickers_are_objects"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_companies")),
        sa.UniqueConstraint("name", name=op.f("uq_companies_name")),
    )
    op.create_index(
        op.f("ix_companies_primary_ticker"), "companies", ["primary_ticker"], unique=False
    )
    op.create_index(
        op.f("ix_companies_tickers"),
        "companies",
        ["tickers"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"tickers": "jsonb_path_ops"},
    )
    op.create_table(
        "compiled_statements",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        sa.Column("statement_type", sa.Text(), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "jsonb_typeof(data) = 'object'", name=op.f("ck_compiled_statements_data_is_object")
        ),
        sa.CheckConstraint(
            "statement_type IN ('income_statement', 'balance_sheet', 'cash_flow_statement')",
            name=op.f("ck_compiled_statements_statement_type_known"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id"],
            ["companies.id"],
            name=op.f("fk_compiled_statements_company_id_companies"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_compiled_statements")),
        sa.UniqueConstraint(
            "company_id",
            "statement_type",
            name=op.f("uq_compiled_statements_company_id_statement_type"),
        ),
    )
    op.create_table(
        "documents",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("fiscal_year", sa.Integer(), nullable=False),
        sa.Column("document_type", sa.Text(), nullable=False),
        sa.Column("file_path", sa.Text(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "document_type IN ('annual_report', 'quarterly_report', 'presentation', 'other')",
            name=op.f("ck_documents_document_type_known"),
        ),
        sa.CheckConstraint("file_path ~ '\\S'", name=op.f("ck_documents_file_path_not_blank")),
        sa.CheckConstraint("url ~ '\\S'", name=op.f("ck_documents_url_not_blank")),
        sa.CheckConstraint(
            "fiscal_year BETWEEN 1900 AND 2100", name=op.f("ck_documents_fiscal_year_plausible")
        ),
        sa.ForeignKeyConstraint(
            ["company_id"],
            ["companies.id"],
            name=op.f("fk_documents_company_id_companies"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_documents")),
        sa.UniqueConstraint("company_id", "url", name=op.f("uq_documents_company_id_url")),
    )
    op.create_index(
        op.f("ix_documents_company_id_fiscal_year_document_type"),
        "documents",
        ["company_id", "fiscal_year", "document_type"],
        unique=False,
    )
    op.create_index(op.f("ix_documents_fiscal_year"), "documents", ["fiscal_year"], unique=False)
    op.create_table(
        "extractions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("document_id", sa.BigInteger(), nullable=False),
        sa.Column("statement_type", sa.Text(), nullable=False),
        sa.Column("raw_data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("method", sa.Text(), server_default="llm", nullable=False),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("confidence", sa.Float(), nullable=True),
        sa.Column("duration", sa.Interval(), nullable=True),
        sa.Column("source_page", sa.Integer(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "duration >= interval '0'", name=op.f("ck_extractions_duration_not_negative")
        ),
        sa.CheckConstraint(
            "jsonb_typeof(raw_data) = 'object'", name=op.f("ck_extractions_raw_data_is_object")
        ),
        sa.CheckConstraint(
            "method IN ('llm', 'xbrl', 'manual')", name=op.f("ck_extractions_method_known")
        ),
        sa.CheckConstraint("model ~ '\\S'", name=op.f("ck_extractions_model_not_blank")),
        sa.CheckConstraint(
            "statement_type IN ('income_statement', 'balance_sheet', 'cash_flow_statement')",
            name=op.f("ck_extractions_statement_type_known"),
        ),
        sa.CheckConstraint(
            "confidence BETWEEN 0 AND 1", name=op.f("ck_extractions_confidence_is_a_share")
        ),
        sa.CheckConstraint("source_page > 0", name=op.f("ck_extractions_source_page_positive")),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["documents.id"],
            name=op.f("fk_extractions_document_id_documents"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_extractions")),
    )
    op.create_index(
        op.f("ix_extractions_document_id"), "extractions", ["document_id"], unique=False
    )

    op.execute(FUNCTION)
    op.execute(TRIGGER.format("companies"))
    op.execute(TRIGGER.format("documents"))


def downgrade() -> None:
    """Drop the four tables with every row, and the function."""
    # Loses every row of extractions.
    op.drop_table("extractions")
    # Loses every row of documents.
    op.drop_table("documents")
    # Loses every row of compiled_statements.
    op.drop_table("compiled_statements")
    # Loses every row of companies.
    op.drop_table("companies")
    op.execute("DROP FUNCTION set_updated_at()")
