"""The models of the test project: four tables in use, with every kind of constraint and index."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
NO_OBJECT = 'strict $[*] ? (@.type() != "object")'
NO_LISTING = '$[*] ? (!(@.ticker.type() == "string" && @.exchange.type() == "string"))'
STATEMENT_TYPES = "statement_type IN ('income_statement', 'balance_sheet', 'cash_flow_statement')"

metadata = sa.MetaData(naming_convention=NAMING_CONVENTION)


def _key() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True)


def _time(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now())


def _parent(name: str, table: str) -> sa.Column[int]:
    key = sa.ForeignKey(f"{table}.id", ondelete="CASCADE")
    return sa.Column(name, sa.BigInteger, key, nullable=False)


sa.Table(
    "companies",
    metadata,
    _key(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("primary_ticker", sa.Text),
    sa.Column("tickers", postgresql.JSONB, nullable=False, server_default=sa.text("'[]'::jsonb")),
    sa.Column("ir_url", sa.Text, nullable=False),
    _time("created_at"),
    _time("updated_at"),
    sa.UniqueConstraint("name"),
    sa.CheckConstraint(r"name ~ '\S'", name="name_not_blank"),
    sa.CheckConstraint(r"primary_ticker ~ '\S'", name="primary_ticker_not_blank"),
    sa.CheckConstraint(r"ir_url ~ '\S'", name="ir_url_not_blank"),
    sa.CheckConstraint("jsonb_typeof(tickers) = 'array'", name="tickers_is_array"),
    sa.CheckConstraint(
        f"NOT jsonb_path_exists(tickers, '{NO_OBJECT}', '{{}}', true)", name="tickers_are_objects"
    ),
    sa.CheckConstraint(
        f"NOT jsonb_path_exists(tickers, '{NO_LISTING}')", name="tickers_are_listings"
    ),
    sa.Index(None, "primary_ticker"),
    sa.Index(None, "tickers", postgresql_using="gin", postgresql_ops={"tickers": "jsonb_path_ops"}),
)
sa.Table(
    "documents",
    metadata,
    _key(),
    _parent("company_id", "companies"),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("fiscal_year", sa.Integer, nullable=False),
    sa.Column("document_type", sa.Text, nullable=False),
    sa.Column("file_path", sa.Text),
    _time("created_at"),
    _time("updated_at"),
    sa.CheckConstraint(r"url ~ '\S'", name="url_not_blank"),
    sa.CheckConstraint("fiscal_year BETWEEN 1900 AND 2100", name="fiscal_year_plausible"),
    sa.CheckConstraint(
        "document_type IN ('annual_report', 'quarterly_report', 'presentation', 'other')",
        name="document_type_known",
    ),
    sa.CheckConstraint(r"file_path ~ '\S'", name="file_path_not_blank"),
    sa.UniqueConstraint("company_id", "url"),
    sa.Index(None, "fiscal_year"),
    sa.Index(None, "company_id", "fiscal_year", "document_type"),
)
sa.Table(
    "extractions",
    metadata,
    _key(),
    _parent("document_id", "documents"),
    sa.Column("statement_type", sa.Text, nullable=False),
    sa.Column("raw_data", postgresql.JSONB, nullable=False),
    sa.Column("method", sa.Text, nullable=False, server_default="llm"),
    sa.Column("model", sa.Text),
    sa.Column("confidence", sa.Float),
    sa.Column("duration", sa.Interval),
    sa.Column("source_page", sa.Integer),
    _time("created_at"),
    sa.CheckConstraint(STATEMENT_TYPES, name="statement_type_known"),
    sa.CheckConstraint("jsonb_typeof(raw_data) = 'object'", name="raw_data_is_object"),
    sa.CheckConstraint("method IN ('llm', 'xbrl', 'manual')", name="method_known"),
    sa.CheckConstraint(r"model ~ '\S'", name="model_not_blank"),
    sa.CheckConstraint("confidence BETWEEN 0 AND 1", name="confidence_is_a_share"),
    sa.CheckConstraint("duration >= interval '0'", name="duration_not_negative"),
    sa.CheckConstraint("source_page > 0", name="source_page_positive"),
    sa.Index(None, "document_id"),
)
sa.Table(
    "compiled_statements",
    metadata,
    _key(),
    _parent("company_id", "companies"),
    sa.Column("statement_type", sa.Text, nullable=False),
    sa.Column("data", postgresql.JSONB, nullable=False),
    _time("updated_at"),
    sa.UniqueConstraint("company_id", "statement_type"),
    sa.CheckConstraint(STATEMENT_TYPES, name="statement_type_known"),
    sa.CheckConstraint("jsonb_typeof(data) = 'object'", name="data_is_object"),
)
