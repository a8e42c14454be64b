"""The mechanism behind `alembic/env.py`: nothing in here knows this application's tables."""

VERSION_TABLE = "alembic_version"
LEDGER_TABLE = "migration_ledger"
BOOKKEEPING = (VERSION_TABLE, LEDGER_TABLE)
"""The tables that tell about migrations; they are no part of anybody's schema."""
