"""Measure the throughput of a server on a small scratch table."""

from dataclasses import dataclass
from itertools import pairwise
from statistics import mean
from typing import Any

from sqlalchemy import URL, Connection, create_engine, text
from sqlalchemy.pool import NullPool

from alembic_zero_downtime.plan.row_estimates import MEMORY_COSTS

ROWS = 100_000
CHANGED = 20_000
FILL = f"""
    CREATE TABLE scratch AS
    SELECT n AS id, mod(n, 1000) AS number, md5(n::text) AS word, repeat('x', 60) AS filler
      FROM generate_series(1, {ROWS}) AS n
"""  # noqa: S608 constants
WIDE_ROWS = 20_000
WIDE = f"""
    CREATE TABLE wide AS
    SELECT n AS id, repeat('x', 1000) AS filler FROM generate_series(1, {WIDE_ROWS}) AS n
"""  # noqa: S608 constants
JOIN = """
    SELECT count(*), max(a.word) FROM scratch AS a JOIN scratch AS b USING (id)
     WHERE a.filler <> b.word GROUP BY a.number
"""
UPDATE = "UPDATE scratch SET number = 0 WHERE {}"
# In another order than that of the keys.
CHILD = f"""
    CREATE TABLE child AS
    SELECT id, mod(id * 7919, {ROWS}) + 1 AS parent, md5(id::text) AS word FROM scratch
     WHERE id > {CHANGED}
"""  # noqa: S608 constants
INSERT = f"""
    INSERT INTO child SELECT {{}} + id, mod(id * 7919, {ROWS}) + 1, md5(id::text) FROM scratch
     WHERE id <= {CHANGED}
"""  # noqa: S608 constants
REMOVE = "DELETE FROM child WHERE id > {}"
# The scratch tables are in the server's own memory; a large one is in that of the operating system.
OUTSIDE_BUFFERS = 2.0
TIMER = """
    CREATE OR REPLACE FUNCTION pg_temp.seconds_of(statement text) RETURNS float8
    LANGUAGE plpgsql AS $$
        DECLARE began timestamptz := pg_catalog.clock_timestamp();
        BEGIN
            EXECUTE statement;
            RETURN EXTRACT(epoch FROM pg_catalog.clock_timestamp() - began);
        END
    $$
"""
TIMES = 8
BRIEF = 0.1  # seconds
SHORTEST = 1e-4  # seconds; the resolution of the measurement


@dataclass(frozen=True)
class Throughput:
    """The throughput of the server on this machine.

    Attributes:
        scan: bytes per second of a table scan, such as the validation of a constraint.
        scan_rows: rows per second of it, in addition.
        rewrite: bytes per second of a table rewrite, without its indexes.
        index: rows per second of an index build on numbers.
        text_index: rows per second of an index build on unsorted text.
        write: rows per second of an UPDATE of a table with two indexes.
        key_write: the same with a primary key only.
        delete: rows per second of a DELETE.
        insert: rows per second of an INSERT into a table without indexes.
        entry: rows per second for each index on numbers, in addition.
        text_entry: the same for each index on text.
        reference: rows per second for each foreign key, in addition.
        read: units of the planner's costs per second of a query with a join.
    """

    scan: float
    scan_rows: float
    rewrite: float
    index: float
    text_index: float
    write: float
    key_write: float
    delete: float
    insert: float
    entry: float
    text_entry: float
    reference: float
    read: float


def measure_throughput(server: URL) -> Throughput:
    """Return the throughput; takes about a second.

    The rows are committed, as those of the target: a transaction reads its own ones more slowly.
    """
    options = {"isolation_level": "AUTOCOMMIT"}
    engine = create_engine(server, poolclass=NullPool, execution_options=options)
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql(FILL)
            connection.exec_driver_sql(WIDE)
            connection.exec_driver_sql("VACUUM ANALYZE scratch, wide")
            found = {
                **_measure_scans(connection),
                **_measure_reads(connection),
                **_measure_writes(connection),
            }
            connection.exec_driver_sql("DROP TABLE scratch, wide, child")
    finally:
        engine.dispose()
    return Throughput(**found)


def _measure_scans(connection: Connection) -> dict[str, float]:
    """Measure scans of narrow and of wide rows: each takes a time by rows, and one by bytes."""
    seconds, sizes = [], []
    for name in ("scratch", "wide"):
        sizes.append(_size_of(connection, name))
        check = f"ALTER TABLE {name} ADD CONSTRAINT positive CHECK (id > 0)"
        drop = f"ALTER TABLE {name} DROP CONSTRAINT positive"
        seconds.append(_time(connection, check, drop))
    (narrow, wide), (size, wide_size) = seconds, sizes
    byte_seconds = (wide * ROWS - narrow * WIDE_ROWS) / (wide_size * ROWS - size * WIDE_ROWS)
    byte_seconds = min(max(byte_seconds, SHORTEST / wide_size), wide / wide_size)
    row_seconds = max(narrow - size * byte_seconds, SHORTEST) / ROWS
    return {"scan": 1 / (OUTSIDE_BUFFERS * byte_seconds), "scan_rows": 1 / row_seconds}


def _size_of(connection: Connection, name: str) -> int:
    size: int = connection.scalar(text("SELECT pg_table_size(CAST(:n AS regclass))"), {"n": name})
    return size


def _measure_reads(connection: Connection) -> dict[str, float]:
    """Measure rewrites, index builds and a query; leave a primary key."""
    size = _size_of(connection, "scratch")
    rewrite = _time(connection, "ALTER TABLE scratch ALTER number TYPE bigint")
    drop = "DROP INDEX scratch_number_idx"
    index = _time(connection, "CREATE INDEX ON scratch (number)", drop)
    connection.exec_driver_sql("ALTER TABLE scratch ADD PRIMARY KEY (id)")
    text_index = _time(connection, "CREATE INDEX ON scratch (word)")
    connection.exec_driver_sql("VACUUM ANALYZE scratch")
    for name, cost in MEMORY_COSTS.items():
        connection.exec_driver_sql(f"SET {name} = {cost}")
    (plan,) = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {JOIN}").scalar_one()
    read = plan["Plan"]["Total Cost"] / (OUTSIDE_BUFFERS * _time(connection, JOIN))
    return {
        "rewrite": size / rewrite,
        "index": ROWS / index,
        "text_index": ROWS / text_index,
        "read": read,
    }


def _measure_writes(connection: Connection) -> dict[str, float]:
    """Measure rows that are updated, deleted and inserted, with more and more indexes."""
    write = _time(connection, UPDATE.format(f"id BETWEEN {CHANGED + 1} AND {2 * CHANGED}"))
    connection.exec_driver_sql("DROP INDEX scratch_word_idx")
    key_write = _time(connection, UPDATE.format(f"id BETWEEN {2 * CHANGED + 1} AND {3 * CHANGED}"))
    connection.exec_driver_sql(CHILD)
    inserts = [_time(connection, INSERT.format(ROWS))]
    statements = (
        "CREATE INDEX ON child (parent)",
        "CREATE INDEX ON child (word)",
        "ALTER TABLE child ADD FOREIGN KEY (parent) REFERENCES scratch",
    )
    for number, statement in enumerate(statements, start=2):  # none leaves dead rows to the next
        connection.exec_driver_sql(statement)
        inserts.append(_time(connection, INSERT.format(number * ROWS)))
    entry, text_entry, reference = (
        max(after - before, SHORTEST) for before, after in pairwise(inserts)
    )
    delete = _time(connection, REMOVE.format(len(inserts) * ROWS))
    return {
        "write": CHANGED / write,
        "key_write": CHANGED / key_write,
        "delete": CHANGED / delete,
        "insert": CHANGED / inserts[0],
        "entry": CHANGED / entry,
        "text_entry": CHANGED / text_entry,
        "reference": CHANGED / reference,
    }


def _time(connection: Connection, statement: str, undo: str | None = None) -> float:
    driver: Any = connection.connection.dbapi_connection
    with driver.cursor() as cursor:
        return time_often(cursor, statement, undo) if undo else time_statement(cursor, statement)


def time_often(cursor: Any, statement: str, undo: str = "") -> float:
    """Execute a statement several times, if it is brief; return the average of the seconds."""
    seconds: list[float] = []
    while len(seconds) < TIMES and sum(seconds) < BRIEF:
        seconds.append(time_statement(cursor, statement))
        if undo:
            cursor.execute(undo)
    return mean(seconds)


def time_statement(cursor: Any, statement: str) -> float:
    """Execute a statement; return how many seconds the server takes for it.

    That leaves out how long this process and the server wait for each other.
    """
    cursor.execute(TIMER)
    cursor.execute("SELECT pg_temp.seconds_of(%s)", [statement])
    seconds: float = cursor.fetchone()[0]
    return max(seconds, SHORTEST)
