"""The tables that hold migration state; they are not part of a project's schema."""

from sqlalchemy import Connection, TableClause, table

VERSION_TABLE = "alembic_version"
LEDGER_TABLE = "migration_ledger"
BACKFILL_TABLE = "migration_backfill"
MIGRATION_TABLES = (VERSION_TABLE, LEDGER_TABLE, BACKFILL_TABLE)
VERSION_TABLE_OPTION = "version_table"
"""The execution option of a connection that names Alembic's version table."""

NOT_FROM_EXTENSION = """NOT EXISTS (
    SELECT FROM pg_depend AS d
     WHERE d.classid = c.tableoid AND d.objid = c.oid AND d.deptype = 'e')"""
"""The SQL condition that `pg_class AS c` does not belong to an extension."""

MARK = "alembic_zero_downtime.transaction"
"""A setting that marks the transaction of a revision: local to it, and gone once it has ended."""


def version_table_of(connection: Connection) -> TableClause:
    """Return Alembic's version table, which a project may name."""
    options = connection.get_execution_options()
    named: TableClause = options.get(VERSION_TABLE_OPTION, table(VERSION_TABLE))
    return named


def quoted_name(connection: Connection, item: TableClause) -> str:
    """Return the name of a table, with its schema if it has one, as `to_regclass` reads it."""
    # psycopg2's dialect doubles percent signs, as if there were parameters.
    return connection.dialect.identifier_preparer.format_table(item).replace("%%", "%")


def migration_tables(connection: Connection) -> list[str]:
    """Return the names of the tables that hold migration state, without their schemas."""
    return sorted({version_table_of(connection).name, *MIGRATION_TABLES})
