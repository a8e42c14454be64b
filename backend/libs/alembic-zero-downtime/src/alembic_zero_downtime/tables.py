"""The tables that hold migration state; they are not part of a project's schema."""

VERSION_TABLE = "alembic_version"
LEDGER_TABLE = "migration_ledger"
BACKFILL_TABLE = "migration_backfill"
MIGRATION_TABLES = (VERSION_TABLE, LEDGER_TABLE, BACKFILL_TABLE)

NOT_FROM_EXTENSION = """NOT EXISTS (
    SELECT FROM pg_depend AS d
     WHERE d.classid = c.tableoid AND d.objid = c.oid AND d.deptype = 'e')"""
"""The SQL condition that `pg_class AS c` does not belong to an extension."""

MARK = "alembic_zero_downtime.transaction"
"""A setting that marks the transaction of a revision: local to it, and gone once it has ended."""
