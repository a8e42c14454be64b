"""Empty a database: drop all objects in its current schema except those of extensions."""

from dataclasses import dataclass

from sqlalchemy import Connection, text

# Each row is one object. IF EXISTS, because CASCADE may have dropped it before.
SCHEMA_OBJECTS = text("""
    WITH namespace AS (SELECT current_schema()::regnamespace::oid AS oid),
    extension AS (SELECT classid, objid FROM pg_depend WHERE deptype = 'e')
    SELECT CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
                          WHEN 'S' THEN 'sequence' WHEN 'f' THEN 'foreign table'
                          ELSE 'table' END AS kind,
           c.oid::regclass::text AS name,
           c.relkind IN ('r', 'p') AND NOT c.relispartition AS has_rows
      FROM pg_class c, namespace
     WHERE c.relnamespace = namespace.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
       AND (c.tableoid, c.oid) NOT IN (SELECT classid, objid FROM extension)
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype IN ('a', 'i')
                          AND d.classid = c.tableoid AND d.refobjsubid > 0)
    UNION ALL
    SELECT 'routine', p.oid::regprocedure::text, false
      FROM pg_proc p, namespace
     WHERE p.pronamespace = namespace.oid
       AND (p.tableoid, p.oid) NOT IN (SELECT classid, objid FROM extension)
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'i'
                          AND d.classid = p.tableoid)  -- the constructors of a range type
    UNION ALL
    SELECT 'type', t.oid::regtype::text, false
      FROM pg_type t, namespace
     WHERE t.typnamespace = namespace.oid AND t.typtype IN ('e', 'd', 'c', 'r') AND t.typelem = 0
       AND (t.typtype <> 'c' OR EXISTS (SELECT FROM pg_class c
                                         WHERE c.oid = t.typrelid AND c.relkind = 'c'))
       AND (t.tableoid, t.oid) NOT IN (SELECT classid, objid FROM extension)
""")


@dataclass(frozen=True)
class DatabaseObject:
    """An object of the current schema.

    Attributes:
        kind: `table`, `view`, `routine`, ….
        name: in SQL syntax; of a routine, with its argument types.
        rows: the exact number of rows of a table; None for other kinds.
    """

    kind: str
    name: str
    rows: int | None

    def __str__(self) -> str:
        """Describe it, e.g. `table companies, 6 rows`."""
        if self.rows is None:
            return f"{self.kind} {self.name}"
        amount = f"{self.rows:,} row{'s' * (self.rows != 1)}" if self.rows else "empty"
        return f"{self.kind} {self.name}, {amount}"


def list_objects(connection: Connection) -> list[DatabaseObject]:
    """Return the objects that `drop_everything` would drop, with exact row counts."""
    return [
        DatabaseObject(row.kind, row.name, _count(connection, row.name) if row.has_rows else None)
        for row in connection.execute(SCHEMA_OBJECTS).all()
    ]


def _count(connection: Connection, quoted_name: str) -> int:
    """Count the rows of a table, whose name the server has quoted."""
    statement = f"SELECT count(*) FROM {quoted_name}"  # noqa: S608 regclass has quoted it
    options = {"no_parameters": True}
    rows: int = connection.exec_driver_sql(statement, execution_options=options).scalar_one()
    return rows


def drop_everything(connection: Connection) -> int:
    """Drop the tables, views, sequences, routines and types of the current schema.

    The caller commits. Returns the number of objects.
    """
    objects = connection.execute(SCHEMA_OBJECTS).all()
    for row in objects:
        statement = f"DROP {row.kind.upper()} IF EXISTS {row.name} CASCADE"
        connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
    return len(objects)


def is_local(host: str | None) -> bool:
    """Whether libpq's `host` is this machine: a socket or a loopback address."""
    return not host or host.startswith("/") or host in ("localhost", "127.0.0.1", "::1")
