"""Look at a database as it is: server, size, rows per table."""

from dataclasses import dataclass

from sqlalchemy import Connection, func, select, table, text

from app.db.migrations import BOOKKEEPING


@dataclass(frozen=True)
class TableSize:
    """A table's exact number of rows, and its bytes on disk with indexes and TOAST."""

    name: str
    rows: int
    size: int


@dataclass(frozen=True)
class Overview:
    """A database's server version (as PostgreSQL writes it), name, bytes and tables."""

    server_version: str
    name: str
    size: int
    tables: tuple[TableSize, ...]

    @property
    def rows(self) -> int:
        """The rows of all tables together."""
        return sum(table.rows for table in self.tables)


TABLES = text("""
    SELECT c.relname, pg_total_relation_size(c.oid)
      FROM pg_class c
     WHERE c.relnamespace = current_schema()::regnamespace
       AND c.relkind IN ('r', 'p')
       AND c.relname <> ALL (:bookkeeping)
     ORDER BY c.relname
""")


def read_overview(connection: Connection) -> Overview:
    """Count every table of the current schema but those about migrations."""
    version, name, size = connection.execute(
        text(
            "SELECT current_setting('server_version'), current_database(),"
            " pg_database_size(current_database())"
        )
    ).one()
    return Overview(
        server_version=version,
        name=name,
        size=size,
        tables=tuple(
            TableSize(name, _count(connection, name), table_size)
            for name, table_size in connection.execute(TABLES, {"bookkeeping": list(BOOKKEEPING)})
        ),
    )


def _count(connection: Connection, name: str) -> int:
    return connection.scalar(select(func.count()).select_from(table(name))) or 0
