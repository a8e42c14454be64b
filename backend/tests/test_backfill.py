"""A backfill changes every row that is to be changed, once, and goes on from where it was."""

from typing import Any

import pytest
from alembic import op
from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

from app.db.migrations import BACKFILL_TABLE
from app.db.migrations.operations import backfill
from app.db.migrations.operations.backfill import LARGEST_SIZE, Run
from app.db.migrations.operations.batch import Backfill
from app.db.migrations.operations.steps import OnlineOperationError
from tests.chaos.harness import connected
from tests.online import Revision, apply, applying, ask, execute, holding
from tests.project import wait_for

ROWS = "CREATE TABLE t (id int PRIMARY KEY, a text, b int);"
ROWS += "INSERT INTO t (id) SELECT generate_series(1, 100); "
LEFT = "SELECT count(*) FROM t WHERE a IS NULL"
POSITION = f"SELECT position FROM {BACKFILL_TABLE}"


def fill(**options: Any) -> Revision:
    return lambda: op.batched_backfill("t", {"a": "'x'"}, "a IS NULL", pause_seconds=0, **options)


@pytest.fixture
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backfill, "FIRST_SIZE", 10)
    monkeypatch.setattr(Run, "_adapt", lambda *_: None)


KEYS = {
    "composite": ("k int, l text", "n % 7, 'it''s \\' || n", "(l, k)", ("l", "k")),
    "text": ("k text", "CASE n % 2 WHEN 0 THEN 'Ü%' || n ELSE ':a' || n END", "(k)", ("k",)),
    "uuid": ("k uuid", "gen_random_uuid()", "(k)", ("k",)),
    "timestamp": ("k timestamptz", "to_timestamp(n / 1e6)", "(k)", ("k",)),
    "number": ("k float8, l numeric", "n / 3.0, n / 7.0", "(k, l)", ("k", "l")),
    "odd name": ('"K %s" char(9)', "n", '("K %s")', ("K %s",)),
    "enum": ("k mood, l date", "'a ''b'::mood, '0044-03-15 BC'::date + n", "(k, l)", ("k", "l")),
}


@pytest.mark.usefixtures("_small_batches")
@pytest.mark.parametrize(("columns", "values", "index", "key"), KEYS.values(), ids=list(KEYS))
def test_a_key_may_be_of_any_type(
    columns: str, values: str, index: str, key: tuple[str, ...], each_url: URL
) -> None:
    execute(
        each_url,
        "CREATE TYPE mood AS ENUM ('z', 'a ''b');"
        f"CREATE TABLE t ({columns}, a text, b int DEFAULT 0, PRIMARY KEY {index});"
        f"INSERT INTO t SELECT {values} FROM generate_series(1, 64) AS n",
    )
    apply(
        each_url,
        lambda: op.batched_backfill("t", {"a": "'x'", "b": "b + 1"}, "a IS NULL", key=key),
    )
    assert ask(each_url, "SELECT count(*) = 64 AND bool_and(a = 'x' AND b = 1) FROM t") is True
    assert ask(each_url, f"SELECT count(*) FROM {BACKFILL_TABLE}") == 0


@pytest.mark.parametrize(
    "index", ["(b)", "(a, id)", "(lower(a), id)", "(id) WHERE b > 0", "(id) INCLUDE (b)"]
)
def test_what_is_no_key_is_refused(index: str, each_url: URL) -> None:
    key = ("b",) if index == "(b)" else ("id",)
    execute(each_url, "CREATE TABLE t (id int NOT NULL, a text, b int)")
    execute(each_url, f"CREATE UNIQUE INDEX ON t {index}")
    if "INCLUDE" in index:
        apply(each_url, fill(key=key))
        return
    with pytest.raises(OnlineOperationError, match=r"is no key of t: name the columns"):
        apply(each_url, fill(key=key))


def test_names_and_expressions_may_hold_anything(each_url: URL) -> None:
    execute(
        each_url,
        'CREATE SCHEMA "S 1";'
        'CREATE TABLE "S 1".batch ("I D" int PRIMARY KEY, ":v" text, "order" text);'
        """INSERT INTO "S 1".batch SELECT n, '100% :x' FROM generate_series(1, 5) AS n""",
    )

    def revision() -> None:
        op.batched_backfill(
            "batch",
            {"order": "format('%s :y %%', \":v\") || '$$'", ":v": "'it''s'"},
            "\":v\" LIKE '100\\% :x%' OR false  -- a remark",
            key=("I D",),
            schema="S 1",
        )

    apply(each_url, revision)
    assert ask(each_url, 'SELECT bool_and("order" = \'100% :x :y %$$\') FROM "S 1".batch') is True


def test_partitions_are_filled_through_their_parent(each_url: URL) -> None:
    execute(
        each_url,
        "CREATE TABLE t (id int PRIMARY KEY, a text) PARTITION BY RANGE (id);"
        "CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (1) TO (50);"
        "CREATE TABLE t2 PARTITION OF t DEFAULT; INSERT INTO t SELECT generate_series(1, 100)",
    )
    apply(each_url, fill())
    assert ask(each_url, LEFT) == 0


@pytest.mark.usefixtures("_small_batches")
def test_it_goes_on_from_the_kept_position(each_url: URL) -> None:
    """A value that cannot be computed ends it as a kill does: nothing of the batch stays."""
    execute(each_url, ROWS + "UPDATE t SET b = id")

    def revision() -> None:
        op.batched_backfill("t", {"a": "10 / (b - 55)"}, "a IS NULL", pause_seconds=0)

    with pytest.raises(DBAPIError, match="division by zero"):
        apply(each_url, revision)
    assert ask(each_url, POSITION) == "'50'::integer"
    assert ask(each_url, LEFT) == 50
    execute(each_url, "UPDATE t SET b = 56 WHERE b = 55; UPDATE t SET a = NULL WHERE id = 1")
    apply(each_url, revision)
    assert ask(each_url, LEFT) == 0, "the second pass finds what has appeared below it"
    written = "(SELECT xmin::text::bigint FROM t WHERE id = {})"
    assert ask(each_url, f"SELECT {written.format(1)} > {written.format(99)}"), "and not the first"


@pytest.mark.usefixtures("_small_batches")
def test_locked_rows_are_filled_later_or_fail_and_the_next_run_finishes(each_url: URL) -> None:
    execute(each_url, ROWS)
    with holding(each_url, "SELECT FROM t WHERE id IN (7, 42) FOR UPDATE") as holder:
        with pytest.raises(DBAPIError, match="lock timeout"):
            apply(each_url, fill(), lock_timeout="1ms")
        assert ask(each_url, LEFT) == 2, "the rest is done"
        with applying(each_url, fill(), lock_timeout="30s") as running:
            until(each_url, "SELECT count(*) > 0 FROM pg_locks WHERE NOT granted")
            holder.release()
            running.result(30)
    assert ask(each_url, LEFT) == 0


def test_rows_that_keep_appearing_are_an_error(each_url: URL) -> None:
    execute(each_url, ROWS)
    with pytest.raises(OnlineOperationError, match="after 3 passes t still has rows where b IS"):
        apply(each_url, lambda: op.batched_backfill("t", {"a": "'x'"}, "b IS NULL"))
    assert ask(each_url, "SELECT count(*) FROM t WHERE a = 'x'") == 100


def test_it_may_run_twice_and_only_changes_what_is_to_be_changed(
    each_url: URL, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    execute(each_url, ROWS + "UPDATE t SET a = 'own' WHERE id <= 30")
    apply(each_url, fill())
    apply(each_url, fill())
    assert [each for each in caplog.messages if "changed" in each] == [
        "Backfill of t: 70 rows changed",
        "Backfill of t: 0 rows changed",
    ]
    assert ask(each_url, "SELECT count(*) FROM t WHERE a = 'own'") == 30


def test_a_batch_is_found_by_its_key_and_no_batch_reads_the_whole_table(each_url: URL) -> None:
    """Also where nothing is known about the table and the key has several columns."""
    execute(
        each_url,
        "CREATE TABLE t (k int, l int, a text, PRIMARY KEY (k, l)) WITH (autovacuum_enabled=false);"
        "INSERT INTO t SELECT n % 10, n FROM generate_series(1, 20000) AS n",
    )
    before = ask(each_url, SCANS)
    apply(each_url, fill(key=("k", "l")))
    assert ask(each_url, SCANS) - before == 1, "the last look whether a row is left"


SCANS = """
    SELECT seq_scan FROM (SELECT pg_sleep(0), pg_stat_force_next_flush()) AS now,
           pg_stat_user_tables WHERE relname = 't'
"""


@pytest.mark.parametrize(
    ("size", "seconds", "expected"),
    [
        (1_000, 0.1, 2_000),
        (1_000, 0.0, 2_000),
        (1_000, 0.25, 800),
        (1_000, 9.0, 500),
        (1, 9.0, 1),
        (LARGEST_SIZE, 0.01, LARGEST_SIZE),
    ],
)
def test_the_size_of_a_batch_follows_the_time_of_the_last(
    size: int, seconds: float, expected: int
) -> None:
    run = Run.__new__(Run)
    run._backfill = Backfill("t", {}, "true")  # noqa: SLF001
    run._size = size  # noqa: SLF001
    run._adapt(seconds)  # noqa: SLF001
    assert run._size == expected  # noqa: SLF001


def until(url: URL, question: str) -> None:
    with connected(url) as connection:
        wait_for(connection, question)


@pytest.mark.usefixtures("_small_batches")
def test_it_does_not_run_after_rows_that_come_in_meanwhile(empty_url: URL) -> None:
    """With each batch somebody inserts a row behind it, which needs no change."""
    execute(
        empty_url,
        f"{ROWS} DELETE FROM t WHERE id > 95;"
        "CREATE FUNCTION insert_one() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        "  INSERT INTO t SELECT max(id) + 1, 'new' FROM t HAVING max(id) < 500; RETURN NULL;"
        "END $$;"
        "CREATE TRIGGER somebody AFTER UPDATE ON t EXECUTE FUNCTION insert_one()",
    )
    apply(empty_url, fill())
    assert ask(empty_url, LEFT) == 0
    assert ask(empty_url, "SELECT max(id) FROM t") < 120
