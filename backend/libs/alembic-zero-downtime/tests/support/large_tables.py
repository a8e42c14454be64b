"""Make the tables of the test project large, as far as the catalogs of PostgreSQL are concerned."""

from sqlalchemy import Connection, text

SIZES = {
    "documents": (400_000, 20_000_000),
    "extractions": (2_000_000, 20_000_000),
    "compiled_statements": (1_000_000, 6_000_000),
}
"""Pages and rows of the large tables; `companies` keeps its real size."""


def enlarge(connection: Connection) -> None:
    """Add documents and extractions, analyze them, and write `SIZES` into the catalogs."""
    connection.execute(
        text("""
            INSERT INTO documents (company_id, url, fiscal_year, document_type)
            SELECT c.id, 'https://example.com/' || n, 2000 + n / 100, 'annual_report'
              FROM generate_series(1, 999) AS n
              JOIN (SELECT min(id) AS id FROM companies) AS c ON true;
            INSERT INTO extractions (document_id, statement_type, raw_data)
            SELECT id, 'income_statement', '{}' FROM documents;
            ANALYZE
        """)
    )
    for name, (pages, rows) in SIZES.items():
        connection.execute(
            text(
                "UPDATE pg_class SET relpages = :pages, reltuples = :rows"
                " WHERE oid = to_regclass(:name)"
            ),
            {"name": name, "pages": pages, "rows": rows},
        )
