"""Name beforehand what a concurrent build or drop of an index would wait for."""

from sqlalchemy import Connection, text

OLD = "1 second"

# CREATE INDEX CONCURRENTLY waits for every transaction that could still see the table without the
# index, in whatever state it is (PostgreSQL manual, "Building Indexes Concurrently").
OBSTACLES = text(f"""
    SELECT format('pid %s (%s%s, %s), transaction open for %s s',
                  a.pid, coalesce(a.usename, 'unknown'),
                  coalesce(' in ' || nullif(a.application_name, ''), ''),
                  coalesce(a.state, 'unknown'),
                  round(extract(epoch FROM clock_timestamp() - a.xact_start)))
      FROM pg_stat_activity AS a
     WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()
       AND a.backend_type = 'client backend'
       AND a.xact_start < clock_timestamp() - interval '{OLD}'
    UNION ALL
    SELECT format('prepared transaction %L of %s, since %s: only COMMIT PREPARED or '
                  'ROLLBACK PREPARED ends it', gid, owner, date_trunc('second', prepared))
      FROM pg_prepared_xacts WHERE database = current_database()
    UNION ALL
    SELECT format('replication slot %s, which nobody reads: the server keeps the WAL of the '
                  'build for it', slot_name)
      FROM pg_replication_slots WHERE NOT active AND restart_lsn IS NOT NULL
""")


def find_obstacles(connection: Connection) -> list[str]:
    """Return what is in the way, one sentence each."""
    return list(connection.scalars(OBSTACLES))
