"""Seed companies.

Six companies; one that exists under its name is left as it is. Writes a few rows.

The downgrade deletes the rows that this revision inserted and nothing has changed since.

Revision ID: 002
Revises: 001
Create Date: 2026-11-23 02:10:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "002"
down_revision: str | Sequence[str] | None = "001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# One listing for each ticker and exchange; the first one's ticker is the primary one.
SEEDS = """
    SELECT name, tickers -> 0 ->> 'ticker' AS primary_ticker, tickers, ir_url,
           timestamptz '2026-11-23 02:10:00+00' AS created_at
      FROM (VALUES
        ('AstraZeneca PLC', jsonb
         '[{"ticker": "AZN", "exchange": "LSE"}, {"ticker": "AZN", "exchange": "NASDAQ"}]',
         'https://www.astrazeneca.com/investor-relations/annual-reports.html'),
        ('SAP SE',
         '[{"ticker": "SAP", "exchange": "XETRA"}, {"ticker": "SAP", "exchange": "NYSE"}]',
         'https://www.sap.com/investors/en/financial-documents-and-events.html'),
        ('Siemens AG',
         '[{"ticker": "SIE", "exchange": "XETRA"}]',
         'https://www.siemens.com/global/en/company/investor-relations/'
         'events-publications-ad-hoc/annualreports.html'),
        ('ASML Holding N.V.',
         '[{"ticker": "ASML", "exchange": "Euronext Amsterdam"},
           {"ticker": "ASML", "exchange": "NASDAQ"}]',
         'https://www.asml.com/en/investors/annual-report'),
        ('Unilever PLC',
         '[{"ticker": "ULVR", "exchange": "LSE"},
           {"ticker": "UNA", "exchange": "Euronext Amsterdam"},
           {"ticker": "UL", "exchange": "NYSE"}]',
         'https://www.unilever.com/investors/annual-report-and-accounts/'),
        ('Allianz SE',
         '[{"ticker": "ALV", "exchange": "XETRA"}]',
         'https://www.allianz.com/en/investor_relations/results-reports/annual-reports.html')
      ) AS seed (name, tickers, ir_url)
"""

INSERT = f"""
INSERT INTO companies (name, primary_ticker, tickers, ir_url, created_at)
SELECT * FROM ({SEEDS}) AS seed
 WHERE NOT EXISTS (
    SELECT FROM companies AS known
     WHERE lower(known.name) = lower(seed.name)
        OR EXISTS (SELECT FROM jsonb_array_elements(seed.tickers) AS listing
                    WHERE known.tickers @> jsonb_build_array(listing))
 )
 ORDER BY lower(seed.name)
"""

DELETE = f"""
DELETE FROM companies
 WHERE (name, primary_ticker, tickers, ir_url, created_at) IN ({SEEDS})
"""


def upgrade() -> None:
    """Insert the companies that do not exist."""
    op.execute(INSERT)


def downgrade() -> None:
    """Delete the rows that `upgrade` inserted and nothing has changed."""
    op.execute(DELETE)
