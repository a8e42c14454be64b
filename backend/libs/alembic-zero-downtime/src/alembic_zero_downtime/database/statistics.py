"""Read the server version, the size and the rows per table of a database."""

from dataclasses import dataclass

from sqlalchemy import Connection, func, select, table, text

from alembic_zero_downtime.tables import migration_tables


@dataclass(frozen=True)
class TableSize:
    """A table's exact number of rows, and its size in bytes with indexes and TOAST."""

    name: str
    rows: int
    size: int


@dataclass(frozen=True)
class DatabaseInfo:
    """A database's `server_version`, name, size in bytes and tables."""

    server_version: str
    name: str
    size: int
    tables: tuple[TableSize, ...]

    @property
    def rows(self) -> int:
        """The total rows of all tables."""
        return sum(table.rows for table in self.tables)


TABLE_SIZES = text("""
    SELECT c.relname, pg_catalog.pg_total_relation_size(c.oid)
      FROM pg_catalog.pg_class c
     WHERE c.relnamespace = pg_catalog.quote_ident(pg_catalog.current_schema())::regnamespace::oid
       AND c.relkind IN ('r', 'p')
       AND c.relname <> ALL (:migration_tables)
     ORDER BY c.relname
""")


def read_info(connection: Connection) -> DatabaseInfo:
    """Read the size of the database, and count the rows of all tables but the migration tables."""
    version, name, size = connection.execute(
        text(
            "SELECT pg_catalog.current_setting('server_version'), pg_catalog.current_database(),"
            " pg_catalog.pg_database_size(pg_catalog.current_database())"
        )
    ).one()
    return DatabaseInfo(
        server_version=version,
        name=name,
        size=size,
        tables=tuple(
            TableSize(name, _count(connection, name), table_size)
            for name, table_size in connection.execute(
                TABLE_SIZES, {"migration_tables": migration_tables(connection)}
            )
        ),
    )


def _count(connection: Connection, name: str) -> int:
    return connection.scalar(select(func.count()).select_from(table(name))) or 0
