"""Find the blockers of a concurrent index build or drop."""

from sqlalchemy import Connection, text

MIN_AGE = "1 second"  # of a transaction to be reported

# CREATE INDEX CONCURRENTLY waits for every transaction that may still see the table without the
# index, even an idle one (PostgreSQL manual, "Building Indexes Concurrently").
BLOCKERS = text(f"""
    SELECT format('may have to wait for pid %s (%s%s, %s), transaction open for %s s',
                  a.pid, coalesce(a.usename, 'unknown'),
                  coalesce(' in ' || nullif(a.application_name, ''), ''),
                  coalesce(a.state, 'unknown'),
                  round(extract(epoch FROM clock_timestamp() - a.xact_start)))
      FROM pg_stat_activity AS a
     WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()
       AND a.backend_type = 'client backend'
       AND a.xact_start < clock_timestamp() - interval '{MIN_AGE}'
    UNION ALL
    SELECT format('may have to wait for the prepared transaction %L of %s, since %s: only COMMIT '
                  'PREPARED or ROLLBACK PREPARED ends it',
                  gid, owner, date_trunc('second', prepared))
      FROM pg_prepared_xacts WHERE database = current_database()
    UNION ALL
    SELECT format('the replication slot %s is inactive: the server retains all WAL of this '
                  'operation for it', slot_name)
      FROM pg_replication_slots WHERE NOT active AND restart_lsn IS NOT NULL
    UNION ALL
    SELECT format('the table has an INVALID index, left by a failed build or REINDEX, that every '
                  'write still updates: DROP INDEX CONCURRENTLY %s', i.indexrelid::regclass)
      FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
     WHERE i.indrelid = to_regclass(:table) AND NOT i.indisvalid AND c.relname <> :name
       AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index AS b
                        WHERE b.relid = i.indrelid AND b.datname = current_database())
""")


def find_blockers(connection: Connection, table: str | None, name: str) -> list[str]:
    """Return the blockers of the index `name` of a table, one message each."""
    return list(connection.scalars(BLOCKERS, {"table": table, "name": name}))
