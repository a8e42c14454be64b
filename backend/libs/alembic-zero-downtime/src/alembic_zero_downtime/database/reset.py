"""Empty a database: drop all objects in its current schema except those of extensions."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, text

from alembic_zero_downtime.database.session import set_parameters
from alembic_zero_downtime.errors import MigrationError

# Each row is one object. IF EXISTS in the DROP, because CASCADE may have dropped it before.
OBJECTS = """
    WITH RECURSIVE namespace AS (SELECT oid FROM pg_namespace WHERE nspname = current_schema()),
    extension AS (SELECT classid, objid FROM pg_depend WHERE deptype = 'e'),
    object AS (
    SELECT CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
                          WHEN 'S' THEN 'sequence' WHEN 'f' THEN 'foreign table'
                          ELSE 'table' END AS kind,
           c.oid::regclass::text AS name,
           c.relkind IN ('r', 'p') AND NOT EXISTS (
              SELECT FROM pg_inherits AS i JOIN pg_class AS parent ON parent.oid = i.inhparent
               WHERE i.inhrelid = c.oid AND c.relispartition
                 AND parent.relnamespace = c.relnamespace) AS has_rows,
           c.relkind = 'r' AS is_plain_table,
           CASE WHEN NOT has_table_privilege(c.oid, 'SELECT')
                THEN 'the role has no privilege to read them'
                WHEN row_security_active(c.oid) THEN 'row-level security hides them' END AS hidden,
           c.tableoid AS classid, c.oid AS objid
      FROM pg_class c, namespace
     WHERE c.relnamespace = namespace.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
       AND (c.tableoid, c.oid) NOT IN (SELECT classid, objid FROM extension)
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype IN ('a', 'i')
                          AND d.classid = c.tableoid AND d.refobjsubid > 0)
    UNION ALL
    SELECT 'routine', p.oid::regprocedure::text, false, false, NULL, p.tableoid, p.oid
      FROM pg_proc p, namespace
     WHERE p.pronamespace = namespace.oid
       AND (p.tableoid, p.oid) NOT IN (SELECT classid, objid FROM extension)
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'i'
                          AND d.classid = p.tableoid)  -- the constructors of a range type
    UNION ALL
    SELECT 'type', t.oid::regtype::text, false, false, NULL, t.tableoid, t.oid
      FROM pg_type t, namespace
     WHERE t.typnamespace = namespace.oid AND t.typtype IN ('e', 'd', 'c', 'r') AND t.typelem = 0
       AND (t.typtype <> 'c' OR EXISTS (SELECT FROM pg_class c
                                         WHERE c.oid = t.typrelid AND c.relkind = 'c'))
       AND (t.tableoid, t.oid) NOT IN (SELECT classid, objid FROM extension)
    )
"""
SCHEMA_OBJECTS = text(f"{OBJECTS} SELECT * FROM object")  # noqa: S608 a constant

# The objects that CASCADE would drop too (PostgreSQL manual, "pg_depend"): those that depend on a
# dropped object, and the owner of a dropped internal part, as a view owns its rule. An object
# without a schema belongs to the one of its table. Parts of an object that is listed are left out.
DEPENDENT_OBJECTS = text(f"""
    {OBJECTS}, dropped (classid, objid, objsubid) AS (
        SELECT classid, objid, 0 FROM object
        UNION
        SELECT next.*
          FROM dropped, LATERAL (
               SELECT d.classid, d.objid, d.objsubid FROM pg_depend AS d
                WHERE d.refclassid = dropped.classid AND d.refobjid = dropped.objid
                  AND dropped.objsubid IN (0, d.refobjsubid) AND d.deptype <> 'e'
               UNION ALL
               SELECT d.refclassid, d.refobjid, d.refobjsubid FROM pg_depend AS d
                WHERE d.classid = dropped.classid AND d.objid = dropped.objid
                  AND d.objsubid = dropped.objsubid AND d.deptype = 'i') AS next
    ),
    identified AS MATERIALIZED (
        SELECT dropped.*, identity.*
          FROM dropped,
               LATERAL pg_identify_object(classid, objid, objsubid) AS identity
    ),
    part AS MATERIALIZED (
        SELECT each.classid, each.objid, each.objsubid, d.deptype,
               whole.schema, whole.objid AS whole
          FROM identified AS each JOIN pg_depend AS d USING (classid, objid, objsubid)
          LEFT JOIN identified AS whole
            ON whole.classid = d.refclassid AND whole.objid = d.refobjid
           AND whole.objsubid IN (0, d.refobjsubid)
         WHERE d.deptype IN ('a', 'i')
    ),
    outside AS MATERIALIZED (
        SELECT * FROM identified AS each
         WHERE schema IS DISTINCT FROM quote_ident(current_schema())
           AND coalesce(schema, '') !~ '^pg_toast'
           AND NOT EXISTS (
               SELECT FROM part
                WHERE (part.classid, part.objid, part.objsubid)
                    = (each.classid, each.objid, each.objsubid)
                  AND (part.deptype = 'i' OR each.schema IS NULL
                       AND part.schema = quote_ident(current_schema())))
    )
    SELECT concat_ws(' ', type, identity)
      FROM outside
     WHERE NOT EXISTS (
           SELECT FROM outside AS whole
            WHERE whole.classid = outside.classid AND whole.objid = outside.objid
              AND whole.objsubid = 0 AND outside.objsubid <> 0)
       AND NOT EXISTS (
           SELECT FROM part JOIN outside AS whole ON whole.objid = part.whole
            WHERE (part.classid, part.objid, part.objsubid)
                = (outside.classid, outside.objid, outside.objsubid)
              AND part.deptype = 'a')
     ORDER BY 1
""")  # noqa: S608 constants

ALL_SEQUENCES = text("""
    SELECT c.oid::regclass::text FROM pg_class AS c
     WHERE c.relkind = 'S'
       AND c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
""")
# The session waits for pg_dump, which may take longer than these allow.
LIFT_IDLE_TIMEOUTS = text("""
    SELECT set_config(name, '0', true) FROM pg_settings
     WHERE name IN ('idle_in_transaction_session_timeout', 'transaction_timeout')
""")


class ChangedMeanwhileError(MigrationError):
    """The schema is no longer the one that was listed; the message names the differences."""


@dataclass(frozen=True)
class DatabaseObject:
    """An object of the current schema.

    Attributes:
        kind: `table`, `view`, `routine`, ….
        name: in SQL syntax; of a routine, with its argument types.
        rows: the exact number of rows of a table; None for other kinds, and if it is unknown.
        unknown_because: why the rows of a table cannot be counted.
    """

    kind: str
    name: str
    rows: int | None
    unknown_because: str | None = None

    def __str__(self) -> str:
        """Describe it, e.g. `table companies, 6 rows`."""
        if self.unknown_because:
            return f"{self.kind} {self.name}, rows not known: {self.unknown_because}"
        if self.rows is None:
            return f"{self.kind} {self.name}"
        amount = f"{self.rows:,} row{'s' * (self.rows != 1)}" if self.rows else "empty"
        return f"{self.kind} {self.name}, {amount}"


def list_objects(connection: Connection) -> list[DatabaseObject]:
    """Return the objects that `drop_objects` would drop, with exact row counts."""
    objects = []
    for row in connection.execute(SCHEMA_OBJECTS).all():
        name = f"ONLY {row.name}" if row.is_plain_table else row.name
        hidden = row.hidden if row.has_rows else None
        rows = _count(connection, name) if row.has_rows and not hidden else None
        objects.append(DatabaseObject(row.kind, row.name, rows, hidden))
    return objects


def _count(connection: Connection, quoted_name: str) -> int:
    """Count the rows of a table, whose name the server has quoted."""
    statement = f"SELECT count(*) FROM {quoted_name}"  # noqa: S608 regclass has quoted it
    options = {"no_parameters": True}
    rows: int = connection.exec_driver_sql(statement, execution_options=options).scalar_one()
    return rows


def list_dependent_objects(connection: Connection) -> list[str]:
    """Return the objects of other schemas that CASCADE would drop too, e.g. `view other.v`."""
    _execute(connection, "SET LOCAL jit = off")  # the planner overestimates the recursion
    return list(connection.scalars(DEPENDENT_OBJECTS))


def lock_objects(connection: Connection, objects: Sequence[DatabaseObject]) -> None:
    """Begin a transaction in which no other session changes a row or a sequence of the schema.

    Each statement of it sees what is committed by then. Reading, as pg_dump does, is possible.
    A materialized view needs no lock: a dump contains its query, and not its rows.

    Raises:
        DBAPIError: A lock is not granted within lock_timeout, or an object is gone.
    """
    isolation = {"default_transaction_isolation": "read committed"}
    set_parameters(connection, isolation, is_local=False)  # of the transaction that begins next
    connection.execute(LIFT_IDLE_TIMEOUTS)
    _lock_tables(connection, objects, "EXCLUSIVE")
    for name in connection.scalars(ALL_SEQUENCES).all():
        # LOCK TABLE does not accept a sequence. This takes SHARE ROW EXCLUSIVE: nextval() waits.
        _execute(connection, f"ALTER SEQUENCE {name} NO CYCLE")


def drop_objects(connection: Connection, objects: Sequence[DatabaseObject]) -> None:
    """Drop these objects, which must be all of the current schema; the caller commits.

    Raises:
        ChangedMeanwhileError: There are others by now, or objects elsewhere depend on them.
        DBAPIError: A lock is not granted within lock_timeout.
    """
    _lock_tables(connection, objects, "ACCESS EXCLUSIVE")
    rows = connection.execute(SCHEMA_OBJECTS).all()
    now = [DatabaseObject(row.kind, row.name, None) for row in rows]
    require_unchanged(objects, now, count_rows=False)
    if dependents := list_dependent_objects(connection):
        raise ChangedMeanwhileError(f"added since it was listed: {', '.join(dependents)}")
    for each in objects:
        _execute(connection, f"DROP {each.kind.upper()} IF EXISTS {each.name} CASCADE")


def require_unchanged(
    before: Sequence[DatabaseObject], now: Sequence[DatabaseObject], *, count_rows: bool
) -> None:
    """Compare two lists of the objects, by name or also by their rows.

    Raises:
        ChangedMeanwhileError: They differ.
    """
    if not count_rows:
        before, now = ([replace(each, rows=None) for each in listed] for listed in (before, now))
    names = {(each.kind, each.name) for each in now}
    gone = [str(each) for each in before if (each.kind, each.name) not in names]
    new = [str(each) for each in now if each not in before]
    parts = [f"now {', '.join(new)}"] * bool(new) + [f"no longer {', '.join(gone)}"] * bool(gone)
    if parts:
        raise ChangedMeanwhileError(f"changed since it was listed: {'; '.join(parts)}")


def _lock_tables(connection: Connection, objects: Sequence[DatabaseObject], mode: str) -> None:
    if tables := [f"ONLY {each.name}" for each in objects if each.kind == "table"]:
        _execute(connection, f"LOCK TABLE {', '.join(tables)} IN {mode} MODE")


def _execute(connection: Connection, statement: str) -> None:
    """Execute a statement with names that the server has quoted; a % in them is literal."""
    connection.exec_driver_sql(statement, execution_options={"no_parameters": True})


def is_local(host: str | None) -> bool:
    """Whether libpq's `host` is this machine: a socket or a loopback address."""
    return not host or host.startswith("/") or host in ("localhost", "127.0.0.1", "::1")
