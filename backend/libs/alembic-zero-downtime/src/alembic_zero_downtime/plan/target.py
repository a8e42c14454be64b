"""Read the target of a plan: its table sizes, open transactions and replicas."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, text

from alembic_zero_downtime.search_path import read_search_path, search_only_system_schema
from alembic_zero_downtime.tables import migration_tables

# The rows per page at the last VACUUM or ANALYZE, multiplied by the current number of pages, as
# PostgreSQL's planner estimates them. A table that was never analyzed, or only while it was empty,
# is assumed to have 50 rows per page.
TABLES = text("""
    SELECT CASE n.nspname WHEN :schema THEN c.relname
                ELSE n.nspname || '.' || c.relname END AS name,
           CASE WHEN c.reltuples < 0 OR c.relpages = 0 AND pages > 0
                THEN greatest(pg_stat_get_live_tuples(c.oid), pages * 50)
                WHEN c.relpages = 0 THEN c.reltuples
                ELSE c.reltuples / c.relpages * pages END::bigint AS rows,
           pages::bigint AS pages,
           greatest(pg_table_size(c.oid), pages * block)::bigint AS size,
           coalesce(pg_stat_get_dead_tuples(c.oid), 0) AS dead_rows
      FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace,
           LATERAL (SELECT current_setting('block_size')::bigint AS block) AS b,
           LATERAL (SELECT greatest(coalesce(pg_relation_size(c.oid), 0) / block,
                                    c.relpages) AS pages) AS p
     WHERE c.relkind IN ('r', 'p', 'm', 'v', 'f') AND c.relpersistence <> 't'
       AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
       AND c.relname <> ALL (:migration_tables)
""")
LONGEST_TRANSACTION = text("""
    SELECT pid, coalesce(usename, 'unknown') AS role, coalesce(application_name, '') AS application,
           coalesce(state, 'unknown') AS state,
           extract(epoch FROM clock_timestamp() - xact_start)::float8 AS seconds
      FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL
       AND backend_type = 'client backend'
     ORDER BY xact_start LIMIT 1
""")
PREPARED_TRANSACTIONS = text(
    "SELECT gid FROM pg_prepared_xacts WHERE database = current_database() ORDER BY 1"
)
REPLICAS = text("""
    SELECT application_name AS name, coalesce(state, 'unknown') AS state,
           pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()
                                ELSE pg_current_wal_lsn() END, replay_lsn)::bigint AS lag_bytes
      FROM pg_stat_replication ORDER BY 1
""")
ENVIRONMENT = text("""
    SELECT current_setting('server_version') AS version,
           ARRAY (SELECT rolname::text FROM pg_roles WHERE rolname !~ '^pg_' ORDER BY 1) AS roles,
           ARRAY (SELECT evtname::text FROM pg_event_trigger WHERE evtenabled <> 'D' ORDER BY 1)
               AS event_triggers,
           ARRAY (SELECT fdwname::text FROM pg_foreign_data_wrapper ORDER BY 1)
               AS foreign_data_wrappers,
           pg_has_role('pg_read_all_stats', 'USAGE') AS sees_all
""")
EXTENSIONS = text("""
    SELECT e.extname::text, n.nspname::text
      FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace ORDER BY 1
""")


@dataclass(frozen=True)
class Table:
    """A table with the server's statistics.

    Attributes:
        name: with the schema, unless it is the current one.
        rows: an estimate.
        pages: of the table itself.
        size: in bytes, without the indexes.
        dead_rows: the rows that VACUUM has not removed yet.
        is_new: whether the plan creates it, so that no other session uses it yet.
    """

    name: str
    rows: int
    pages: int
    size: int
    dead_rows: int
    is_new: bool = False


@dataclass(frozen=True)
class OpenTransaction:
    """The session with the oldest open transaction, and how long that has been open."""

    pid: int
    role: str
    application: str
    state: str
    seconds: float

    def __str__(self) -> str:
        """Return a short description of the session."""
        owner = f"{self.role} in {self.application}" if self.application else self.role
        return f"pid {self.pid} ({owner}, {self.state})"


@dataclass(frozen=True)
class Replica:
    """A standby and its replication lag in bytes of WAL; None if the role may not see it."""

    name: str
    state: str
    lag_bytes: int | None


@dataclass(frozen=True)
class Target:
    """The database that a plan is made for, as read in one transaction.

    Attributes:
        version: of the server.
        tables: by name, without the migration tables; including views, which can be locked.
        search_path: its existing schemas.
        roles: the names that a GRANT of a revision can use.
        extensions: the names, each with its schema.
        foreign_data_wrappers: their names.
        event_triggers: the names of the enabled ones.
        longest_transaction: the oldest open transaction.
        prepared_transactions: their names; they hold their locks until they are committed or
            rolled back.
        replicas: the standbys.
        sees_all: whether this role can see the sessions of other roles.
    """

    version: str
    tables: Mapping[str, Table]
    search_path: tuple[str, ...]
    roles: tuple[str, ...]
    extensions: tuple[tuple[str, str], ...]
    foreign_data_wrappers: tuple[str, ...]
    event_triggers: tuple[str, ...]
    longest_transaction: OpenTransaction | None
    prepared_transactions: tuple[str, ...]
    replicas: tuple[Replica, ...]
    sees_all: bool


def read_target(connection: Connection) -> Target:
    """Read the catalogs and statistics in a read-only transaction.

    The connection must not be in a transaction, and is not in one afterwards.
    """
    with connection.begin():
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")
        search_path = read_search_path(connection)
        search_only_system_schema(connection)
        values = {"schema": next(iter(search_path), None)}
        tables = connection.execute(
            TABLES, {**values, "migration_tables": migration_tables(connection)}
        ).mappings()
        longest = connection.execute(LONGEST_TRANSACTION).mappings().first()
        environment = connection.execute(ENVIRONMENT).one()
        return Target(
            version=environment.version,
            tables={row["name"]: Table(**row) for row in tables},
            search_path=tuple(search_path),
            roles=tuple(environment.roles),
            extensions=tuple(map(tuple, connection.execute(EXTENSIONS))),
            foreign_data_wrappers=tuple(environment.foreign_data_wrappers),
            event_triggers=tuple(environment.event_triggers),
            longest_transaction=OpenTransaction(**longest) if longest else None,
            prepared_transactions=tuple(connection.scalars(PREPARED_TRANSACTIONS)),
            replicas=tuple(Replica(**row) for row in connection.execute(REPLICAS).mappings()),
            sees_all=environment.sees_all,
        )
