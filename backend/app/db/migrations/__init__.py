"""The mechanism behind `alembic/env.py`: nothing in here knows this application's tables."""

VERSION_TABLE = "alembic_version"
LEDGER_TABLE = "migration_ledger"
BACKFILL_TABLE = "migration_backfill"
BOOKKEEPING = (VERSION_TABLE, LEDGER_TABLE, BACKFILL_TABLE)
"""The tables that tell about migrations; they are no part of anybody's schema."""
