"""Look once at the database that is to be migrated: its sizes, and what would be in the way."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, text

from app.db.migrations import BOOKKEEPING

# What VACUUM last counted, for as many pages as there are now: as PostgreSQL's planner does it. A
# table that nobody has ever analyzed is taken to have some 50 rows a page.
TABLES = text("""
    SELECT CASE n.nspname WHEN current_schema() THEN c.relname
                ELSE n.nspname || '.' || c.relname END AS name,
           CASE WHEN c.reltuples < 0 THEN greatest(pg_stat_get_live_tuples(c.oid), pages * 50)
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
       AND c.relname <> ALL (:bookkeeping)
""")
LONGEST = text("""
    SELECT pid, coalesce(usename, 'unknown') AS role, coalesce(application_name, '') AS application,
           coalesce(state, 'unknown') AS state,
           extract(epoch FROM clock_timestamp() - xact_start)::float8 AS seconds
      FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL
       AND backend_type = 'client backend'
     ORDER BY xact_start LIMIT 1
""")
PREPARED = text("SELECT gid FROM pg_prepared_xacts WHERE database = current_database() ORDER BY 1")
REPLICAS = text("""
    SELECT application_name AS name, coalesce(state, 'unknown') AS state,
           pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()
                                ELSE pg_current_wal_lsn() END, replay_lsn)::bigint AS lag_bytes
      FROM pg_stat_replication ORDER BY 1
""")
ENVIRONMENT = text("""
    SELECT current_setting('server_version') AS version, current_schemas(false) AS search_path,
           ARRAY (SELECT rolname::text FROM pg_roles WHERE rolname !~ '^pg_' ORDER BY 1) AS roles,
           pg_has_role('pg_read_all_stats', 'USAGE') AS sees_all
""")


@dataclass(frozen=True)
class Table:
    """A table, and what the server's statistics say of it.

    Attributes:
        name: with its schema, if that is not the current one.
        rows: an estimate.
        pages: of the table itself.
        size: in bytes, without its indexes.
        dead_rows: which VACUUM has still to remove.
    """

    name: str
    rows: int
    pages: int
    size: int
    dead_rows: int


@dataclass(frozen=True)
class OpenTransaction:
    """The session whose transaction has been open for the longest time."""

    pid: int
    role: str
    application: str
    state: str
    seconds: float

    def __str__(self) -> str:
        """Name it for people."""
        who = f"{self.role} in {self.application}" if self.application else self.role
        return f"pid {self.pid} ({who}, {self.state})"


@dataclass(frozen=True)
class Replica:
    """A standby, and how many bytes of WAL it has still to replay; None where nobody may know."""

    name: str
    state: str
    lag_bytes: int | None


@dataclass(frozen=True)
class Target:
    """The database that is to be migrated, at one moment.

    Attributes:
        version: the server's.
        tables: by name, without the bookkeeping of migrations; views too, which can be locked.
        search_path: the schemas that exist.
        roles: names that a revision may grant something to.
        longest: the transaction that has been open for the longest time.
        prepared: names of prepared transactions: they keep their locks until somebody ends them.
        replicas: the standbys.
        sees_all: whether this role is told about other roles' sessions.
    """

    version: str
    tables: Mapping[str, Table]
    search_path: tuple[str, ...]
    roles: tuple[str, ...]
    longest: OpenTransaction | None
    prepared: tuple[str, ...]
    replicas: tuple[Replica, ...]
    sees_all: bool


def read_target(connection: Connection) -> Target:
    """Return what the catalogs and statistics say, in a read-only transaction.

    The connection must be in no transaction, and is in none afterwards.
    """
    with connection.begin():
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")
        tables = connection.execute(TABLES, {"bookkeeping": list(BOOKKEEPING)}).mappings()
        longest = connection.execute(LONGEST).mappings().first()
        environment = connection.execute(ENVIRONMENT).one()
        return Target(
            version=environment.version,
            tables={row["name"]: Table(**row) for row in tables},
            search_path=tuple(environment.search_path),
            roles=tuple(environment.roles),
            longest=OpenTransaction(**longest) if longest else None,
            prepared=tuple(connection.scalars(PREPARED)),
            replicas=tuple(Replica(**row) for row in connection.execute(REPLICAS).mappings()),
            sees_all=environment.sees_all,
        )
