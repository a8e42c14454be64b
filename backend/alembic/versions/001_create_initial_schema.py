"""Create the initial schema.

Companies publish documents, extractions hold the figures read from a document, and compiled
statements show ten years of a company side by side. Creates new tables only and locks no existing
one. The downgrade drops the four tables with all their rows.

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

STATEMENT_TYPES = "statement_type IN ('income_statement', 'balance_sheet', 'cash_flow_statement')"
NO_OBJECT = 'strict $[*] ? (@.type() != "object")'
NO_LISTING = '$[*] ? (!(@.ticker.type() == "string" && @.exchange.type() == "string"))'


def upgrade() -> None:
    """Create the four tables, parents first."""
    create_companies()
    create_documents()
    create_extractions()
    create_compiled_statements()


def downgrade() -> None:
    """Drop the four tables, children first."""
    op.drop_table("compiled_statements")
    op.drop_table("extractions")
    op.drop_table("documents")
    op.drop_table("companies")


def create_companies() -> None:
    """Create companies, with a GIN index to find one by a ticker."""
    op.create_table(
        "companies",
        key(),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("primary_ticker", sa.Text(), nullable=True),
        sa.Column(
            "tickers",
            postgresql.JSONB(),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column("ir_url", sa.Text(), nullable=False),
        now("created_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_companies")),
        sa.UniqueConstraint("name", name=op.f("uq_companies_name")),
        sa.CheckConstraint(r"name ~ '\S'", name=op.f("ck_companies_name_not_blank")),
        sa.CheckConstraint(
            r"primary_ticker ~ '\S'", name=op.f("ck_companies_primary_ticker_not_blank")
        ),
        sa.CheckConstraint(r"ir_url ~ '\S'", name=op.f("ck_companies_ir_url_not_blank")),
        sa.CheckConstraint(
            "jsonb_typeof(tickers) = 'array'", name=op.f("ck_companies_tickers_is_array")
        ),
        sa.CheckConstraint(
            f"NOT jsonb_path_exists(tickers, '{NO_OBJECT}', '{{}}', true)",
            name=op.f("ck_companies_tickers_are_objects"),
        ),
        sa.CheckConstraint(
            f"NOT jsonb_path_exists(tickers, '{NO_LISTING}')",
            name=op.f("ck_companies_tickers_are_listings"),
        ),
    )
    op.create_index(op.f("ix_companies_primary_ticker"), "companies", ["primary_ticker"])
    op.create_index(
        op.f("ix_companies_tickers"),
        "companies",
        ["tickers"],
        postgresql_using="gin",
        postgresql_ops={"tickers": "jsonb_path_ops"},
    )


def create_documents() -> None:
    """Create documents: the reports of a company."""
    op.create_table(
        "documents",
        key(),
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("fiscal_year", sa.Integer(), nullable=False),
        sa.Column("document_type", sa.Text(), nullable=False),
        sa.Column("file_path", sa.Text(), nullable=True),
        now("created_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_documents")),
        belongs_to("documents", "company_id", "companies"),
        sa.CheckConstraint(r"url ~ '\S'", name=op.f("ck_documents_url_not_blank")),
        sa.CheckConstraint(
            "fiscal_year BETWEEN 1900 AND 2100", name=op.f("ck_documents_fiscal_year_plausible")
        ),
        sa.CheckConstraint(
            "document_type IN ('annual_report', 'quarterly_report', 'presentation', 'other')",
            name=op.f("ck_documents_document_type_known"),
        ),
        sa.CheckConstraint(r"file_path ~ '\S'", name=op.f("ck_documents_file_path_not_blank")),
    )
    op.create_index(op.f("ix_documents_company_id"), "documents", ["company_id"])
    op.create_index(op.f("ix_documents_fiscal_year"), "documents", ["fiscal_year"])


def create_extractions() -> None:
    """Create extractions: the line items of a statement in a document."""
    op.create_table(
        "extractions",
        key(),
        sa.Column("document_id", sa.BigInteger(), nullable=False),
        sa.Column("statement_type", sa.Text(), nullable=False),
        sa.Column("raw_data", postgresql.JSONB(), nullable=False),
        now("created_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_extractions")),
        belongs_to("extractions", "document_id", "documents"),
        sa.CheckConstraint(STATEMENT_TYPES, name=op.f("ck_extractions_statement_type_known")),
        sa.CheckConstraint(
            "jsonb_typeof(raw_data) = 'object'", name=op.f("ck_extractions_raw_data_is_object")
        ),
    )
    op.create_index(op.f("ix_extractions_document_id"), "extractions", ["document_id"])


def create_compiled_statements() -> None:
    """Create compiled_statements: one row for each company and statement type."""
    op.create_table(
        "compiled_statements",
        key(),
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        sa.Column("statement_type", sa.Text(), nullable=False),
        sa.Column("data", postgresql.JSONB(), nullable=False),
        now("updated_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_compiled_statements")),
        belongs_to("compiled_statements", "company_id", "companies"),
        sa.UniqueConstraint(
            "company_id",
            "statement_type",
            name=op.f("uq_compiled_statements_company_id_statement_type"),
        ),
        sa.CheckConstraint(
            STATEMENT_TYPES, name=op.f("ck_compiled_statements_statement_type_known")
        ),
        sa.CheckConstraint(
            "jsonb_typeof(data) = 'object'", name=op.f("ck_compiled_statements_data_is_object")
        ),
    )


def key() -> sa.Column[int]:
    """Return an identity column, the primary key."""
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False)


def now(name: str) -> sa.Column[object]:
    """Return a timestamp column; the default is the start of the transaction."""
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False)


def belongs_to(table: str, column: str, parent: str) -> sa.ForeignKeyConstraint:
    """Return a foreign key whose rows are deleted with their parent."""
    return sa.ForeignKeyConstraint(
        [column], [f"{parent}.id"], name=op.f(f"fk_{table}_{column}_{parent}"), ondelete="CASCADE"
    )
