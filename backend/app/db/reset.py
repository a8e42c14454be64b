"""Empty a database: drop what its current schema holds, and nothing of an extension."""

from sqlalchemy import Connection, text

# Each row is one statement. CASCADE may have taken an object before its turn: hence IF EXISTS.
DROPS = text("""
    WITH mine AS (SELECT current_schema()::regnamespace::oid AS oid),
    extension AS (SELECT classid, objid FROM pg_depend WHERE deptype = 'e')
    SELECT format('DROP %s IF EXISTS %s CASCADE',
                  CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW'
                                 WHEN 'S' THEN 'SEQUENCE' WHEN 'f' THEN 'FOREIGN TABLE'
                                 ELSE 'TABLE' END,
                  c.oid::regclass)
      FROM pg_class c, mine
     WHERE c.relnamespace = mine.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
       AND (c.tableoid, c.oid) NOT IN (SELECT classid, objid FROM extension)
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype IN ('a', 'i')
                          AND d.classid = c.tableoid AND d.refobjsubid > 0)
    UNION ALL
    SELECT format('DROP ROUTINE IF EXISTS %s CASCADE', p.oid::regprocedure)
      FROM pg_proc p, mine
     WHERE p.pronamespace = mine.oid
       AND (p.tableoid, p.oid) NOT IN (SELECT classid, objid FROM extension)
    UNION ALL
    SELECT format('DROP TYPE IF EXISTS %s CASCADE', t.oid::regtype)
      FROM pg_type t, mine
     WHERE t.typnamespace = mine.oid AND t.typtype IN ('e', 'd', 'c', 'r') AND t.typelem = 0
       AND (t.typtype <> 'c' OR EXISTS (SELECT FROM pg_class c
                                         WHERE c.oid = t.typrelid AND c.relkind = 'c'))
       AND (t.tableoid, t.oid) NOT IN (SELECT classid, objid FROM extension)
""")


def drop_everything(connection: Connection) -> int:
    """Drop the tables, views, sequences, routines and types of the current schema.

    The caller commits. Returns the number of objects.
    """
    statements = connection.execute(DROPS).scalars().all()
    for statement in statements:
        connection.exec_driver_sql(statement.replace("%", "%%"))
    return len(statements)


def is_local(host: str | None) -> bool:
    """Whether libpq's `host` is this machine: a socket or a loopback address."""
    return not host or host.startswith("/") or host in ("localhost", "127.0.0.1", "::1")
