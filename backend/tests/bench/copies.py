"""Copies of companies with all that was read in their reports, straight into the tables."""

from sqlalchemy import Connection, text

READ = text("""
    SELECT data FROM compiled_statements
     WHERE company_id = :company AND statement_type = :statement
""")
LARGEST = text("SELECT max(length(data::text)) FROM compiled_statements")
_COPY = """
    CREATE TEMPORARY TABLE template AS
    SELECT id, row_number() OVER (ORDER BY id) - 1 AS number FROM companies
     WHERE id IN (SELECT company_id FROM documents);
    CREATE TEMPORARY TABLE copied AS
    SELECT n, t.id AS template FROM generate_series(0, :companies - 1) AS n
      JOIN template AS t ON t.number = n % (SELECT count(*) FROM template);
    INSERT INTO companies (name) SELECT 'Copy ' || n || ' plc' FROM copied;
    INSERT INTO documents (company_id, url, fiscal_year, document_type, file_path, file_name,
                           sha256, media_type, form, filed_on, period_end)
    SELECT company.id, d.url, d.fiscal_year, d.document_type, d.file_path, d.file_name,
           d.sha256, d.media_type, d.form, d.filed_on, d.period_end
      FROM copied JOIN companies AS company ON company.name = 'Copy ' || n || ' plc'
      JOIN documents AS d ON d.company_id = copied.template;
    INSERT INTO extractions (document_id, statement_type, raw_data, method, reader, accession,
                             status, doubtful_accepted, confidence, duration, source_page)
    SELECT d.id, e.statement_type, e.raw_data, e.method, e.reader, e.accession, e.status,
           e.doubtful_accepted, e.confidence, e.duration, e.source_page
      FROM copied JOIN companies AS company ON company.name = 'Copy ' || n || ' plc'
      JOIN documents AS d ON d.company_id = company.id
      JOIN documents AS original
        ON original.company_id = copied.template AND original.sha256 = d.sha256
      JOIN extractions AS e ON e.document_id = original.id;
    DELETE FROM companies WHERE id IN (SELECT id FROM template);
    DELETE FROM compiled_statements
"""


def copy_companies(connection: Connection, companies: int) -> dict[str, int]:
    """Copy the companies that have documents, in turn, and delete the originals.

    Returns:
        How many companies with documents, documents and extractions there are then.
    """
    for statement in _COPY.split(";\n"):
        connection.execute(text(statement), {"companies": companies} if ":c" in statement else {})
    for table in ("companies", "documents", "extractions"):
        connection.execute(text(f"VACUUM (FREEZE, ANALYZE) {table}"))
    connection.execute(text("CHECKPOINT"))
    counts = text("""
        SELECT count(DISTINCT d.company_id), count(DISTINCT d.id), count(*)
          FROM documents AS d JOIN extractions AS e ON e.document_id = d.id
    """)
    names = ("companies", "documents", "extractions")
    return dict(zip(names, connection.execute(counts).one(), strict=True))
