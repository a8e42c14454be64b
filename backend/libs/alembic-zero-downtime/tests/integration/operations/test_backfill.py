"""A backfill changes each row that matches its condition once, and resumes from its position."""

import logging
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest
from alembic import op
from sqlalchemy import URL, Engine, text
from sqlalchemy.exc import DBAPIError

from alembic_zero_downtime.operations import backfill
from alembic_zero_downtime.operations.backfill import LARGEST_SIZE, BackfillRunner
from alembic_zero_downtime.operations.backfill_sql import Backfill
from alembic_zero_downtime.operations.context import OnlineOperationError
from alembic_zero_downtime.tables import (
    BACKFILL_TABLE,
    LEDGER_TABLE,
    MIGRATION_TABLES,
    VERSION_TABLE,
)
from support.bare import bare
from support.blocking import (
    IS_WAITING,
    Revision,
    apply,
    applying,
    execute,
    fetch,
    holding,
    migrating,
    wait_until,
)
from support.databases import connected, new_role
from support.project import ProjectCopy
from support.shell import psql
from support.snapshots import read_catalog

Alembic = Callable[..., int]

ROWS = "CREATE TABLE t (id int PRIMARY KEY, a text, b int);"
ROWS += "INSERT INTO t (id) SELECT generate_series(1, 100); "
LEFT = "SELECT count(*) FROM t WHERE a IS NULL"
POSITION = f"SELECT position FROM {BACKFILL_TABLE}"


def fill(**options: Any) -> Revision:
    return lambda: op.batched_backfill("t", {"a": "'x'"}, "a IS NULL", pause_seconds=0, **options)


@pytest.fixture
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backfill, "FIRST_SIZE", 10)
    monkeypatch.setattr(BackfillRunner, "_adapt", lambda *_: None)


KEYS = {
    "composite": ("k int, l text", "n % 7, 'it''s \\' || n", "(l, k)", ("l", "k")),
    "text": ("k text", "CASE n % 2 WHEN 0 THEN 'Ü%' || n ELSE ':a' || n END", "(k)", ("k",)),
    "uuid": ("k uuid", "gen_random_uuid()", "(k)", ("k",)),
    "timestamp": ("k timestamptz", "to_timestamp(n / 1e6)", "(k)", ("k",)),
    "number": ("k float8, l numeric", "n / 3.0, n / 7.0", "(k, l)", ("k", "l")),
    "odd name": ('"K %s" char(9)', "n", '("K %s")', ("K %s",)),
    "enum": ("k mood, l date", "'a ''b'::mood, '0044-03-15 BC'::date + n", "(k, l)", ("k", "l")),
}


@pytest.mark.parametrize(
    ("hide", "value", "is_error"),
    [
        ("ALTER TABLE t ENABLE ROW LEVEL SECURITY", "'x'", False),
        ("ALTER TABLE t ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY", "'x'", True),
        ("ALTER TABLE u ENABLE ROW LEVEL SECURITY", "(SELECT max(v) FROM u)", True),
    ],
    ids=["not from the owner", "from the owner", "in a subquery"],
)
@pytest.mark.parametrize("is_nested", [False, True], ids=["batches", "one statement"])
def test_rows_that_row_level_security_hides_are_an_error(
    hide: str, value: str, is_error: bool, is_nested: bool, empty: Engine
) -> None:
    with new_role(empty) as role:
        ddl = f"{ROWS} CREATE TABLE u (v text); GRANT SELECT ON u TO {role}; {hide};"
        execute(empty.url, f"{ddl} ALTER TABLE t OWNER TO {role}")
        outcome = (
            pytest.raises(DBAPIError, match="row-level security policy")
            if is_error
            else nullcontext()
        )
        with outcome, migrating(empty.url, is_nested=is_nested, role=role):
            op.batched_backfill("t", {"a": value}, "a IS NULL", pause_seconds=0)
        assert fetch(empty.url, LEFT) == (100 if is_error else 0)


@pytest.mark.usefixtures("_small_batches")
@pytest.mark.parametrize(("columns", "values", "index", "key"), KEYS.values(), ids=list(KEYS))
def test_key_of_any_type(
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
    assert fetch(each_url, "SELECT count(*) = 64 AND bool_and(a = 'x' AND b = 1) FROM t") is True
    assert fetch(each_url, f"SELECT count(*) FROM {BACKFILL_TABLE}") == 0


@pytest.mark.parametrize(
    "index", ["(b)", "(a, id)", "(lower(a), id)", "(id) WHERE b > 0", "(id) INCLUDE (b)"]
)
def test_columns_without_a_unique_key_are_refused(index: str, each_url: URL) -> None:
    key = ("b",) if index == "(b)" else ("id",)
    execute(each_url, "CREATE TABLE t (id int NOT NULL, a text, b int)")
    execute(each_url, f"CREATE UNIQUE INDEX ON t {index}")
    if "INCLUDE" in index:
        apply(each_url, fill(key=key))
        return
    with pytest.raises(OnlineOperationError, match=r"is not a unique key of t: pass the columns"):
        apply(each_url, fill(key=key))


def test_names_and_expressions_with_special_characters(each_url: URL) -> None:
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
    assert fetch(each_url, 'SELECT bool_and("order" = \'100% :x :y %$$\') FROM "S 1".batch') is True


def test_partitions_are_filled_through_their_parent(each_url: URL) -> None:
    execute(
        each_url,
        "CREATE TABLE t (id int PRIMARY KEY, a text) PARTITION BY RANGE (id);"
        "CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (1) TO (50);"
        "CREATE TABLE t2 PARTITION OF t DEFAULT; INSERT INTO t SELECT generate_series(1, 100)",
    )
    apply(each_url, fill())
    assert fetch(each_url, LEFT) == 0


@pytest.mark.usefixtures("_small_batches")
def test_it_resumes_from_the_stored_position(
    each_url: URL, caplog: pytest.LogCaptureFixture
) -> None:
    """An error in an expression interrupts it like a kill: the batch is rolled back."""
    execute(each_url, ROWS + "UPDATE t SET b = id")

    def revision() -> None:
        op.batched_backfill("t", {"a": "10 / (b - 55)"}, "a IS NULL", pause_seconds=0)

    with pytest.raises(DBAPIError, match="division by zero"):
        apply(each_url, revision)
    assert fetch(each_url, POSITION) == "'50'::integer"
    assert fetch(each_url, LEFT) == 50
    execute(each_url, "UPDATE t SET b = 56 WHERE b = 55; UPDATE t SET a = NULL WHERE id = 1")
    caplog.set_level(logging.INFO)
    apply(each_url, revision)
    assert "Backfill of t resumes after id 50" in caplog.messages
    assert fetch(each_url, LEFT) == 0, "the second pass finds rows before the position"
    written = "(SELECT xmin::text::bigint FROM t WHERE id = {})"
    assert fetch(each_url, f"SELECT {written.format(1)} > {written.format(99)}"), (
        "the first pass does not"
    )


@pytest.mark.usefixtures("_small_batches")
def test_locked_rows_are_filled_in_the_next_pass_or_the_next_run(each_url: URL) -> None:
    execute(each_url, ROWS)
    with holding(each_url, "SELECT FROM t WHERE id IN (7, 42) FOR UPDATE") as holder:
        with pytest.raises(DBAPIError, match="lock timeout"):
            apply(each_url, fill(), lock_timeout="1ms")
        assert fetch(each_url, LEFT) == 2, "the other rows are done"
        with applying(each_url, fill(), lock_timeout="30s") as running:
            wait_until(each_url, IS_WAITING)
            holder.release()
            running.result(30)
    assert fetch(each_url, LEFT) == 0


def test_rows_that_still_match_after_three_passes_are_an_error(each_url: URL) -> None:
    execute(each_url, ROWS)
    with pytest.raises(OnlineOperationError, match="after 3 passes t still has rows where b IS"):
        apply(each_url, lambda: op.batched_backfill("t", {"a": "'x'"}, "b IS NULL"))
    assert fetch(each_url, "SELECT count(*) FROM t WHERE a = 'x'") == 100


def test_it_is_idempotent_and_changes_only_matching_rows(
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
    assert fetch(each_url, "SELECT count(*) FROM t WHERE a = 'own'") == 30


def test_batches_use_the_index_of_the_key_and_do_not_scan_the_table(each_url: URL) -> None:
    """Also without statistics and with a key of several columns."""
    execute(
        each_url,
        "CREATE TABLE t (k int, l int, a text, PRIMARY KEY (k, l)) WITH (autovacuum_enabled=false);"
        "INSERT INTO t SELECT n % 10, n FROM generate_series(1, 20000) AS n",
    )
    before = fetch(each_url, SCANS)
    apply(each_url, fill(key=("k", "l")))
    assert fetch(each_url, SCANS) - before == 1, "only the last query for remaining rows"


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
def test_batch_size_is_adapted_to_the_duration_of_the_last_batch(
    size: int, seconds: float, expected: int
) -> None:
    run = BackfillRunner.__new__(BackfillRunner)
    run._backfill = Backfill("t", {}, "true")  # noqa: SLF001
    run._size = size  # noqa: SLF001
    run._adapt(seconds)  # noqa: SLF001
    assert run._size == expected  # noqa: SLF001


@pytest.mark.usefixtures("_small_batches")
def test_rows_inserted_meanwhile_do_not_keep_it_running(empty_database: URL) -> None:
    """With each batch, a trigger inserts a row after it that does not match the condition."""
    execute(
        empty_database,
        f"{ROWS} DELETE FROM t WHERE id > 95;"
        "CREATE FUNCTION insert_one() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        "  INSERT INTO t SELECT max(id) + 1, 'new' FROM t HAVING max(id) < 500; RETURN NULL;"
        "END $$;"
        "CREATE TRIGGER insert_one AFTER UPDATE ON t EXECUTE FUNCTION insert_one()",
    )
    apply(empty_database, fill())
    assert fetch(empty_database, LEFT) == 0
    assert fetch(empty_database, "SELECT max(id) FROM t") < 120


BACKFILL = 'op.batched_backfill("things", {{"note": "{}"}}, "note = \'\'", pause_seconds=0)'
HAS_TABLE = f"SELECT to_regclass('{BACKFILL_TABLE}') IS NOT NULL"


def test_the_table_of_positions_is_dropped_at_the_end_of_a_run(
    project: ProjectCopy, bare_url: URL, alembic: Alembic
) -> None:
    bare(project).add(BACKFILL.format("'x'"))
    project.add(f"op.execute({'CREATE TABLE seen AS ' + HAS_TABLE + ' AS it'!r})")
    assert alembic(bare_url, "upgrade", "head", ini=project.ini) == 0
    assert fetch(bare_url, "SELECT bool_and(note = 'x') FROM things") is True
    assert fetch(bare_url, "SELECT it FROM seen") is True, "the run created it"
    assert fetch(bare_url, HAS_TABLE) is False


def test_an_operation_alone_keeps_the_table_of_positions(bare_url: URL) -> None:
    apply(bare_url, lambda: op.batched_backfill("things", {"note": "'x'"}, "note = ''"))
    assert fetch(bare_url, f"SELECT count(*) FROM {BACKFILL_TABLE}") == 0


@pytest.mark.usefixtures("_small_batches")
def test_the_table_of_positions_is_kept_while_a_backfill_is_unfinished(
    project: ProjectCopy, bare_url: URL, alembic: Alembic
) -> None:
    """A failed run keeps the position, and so do other runs until the backfill is finished."""
    failing = bare(project).path_of(project.add(BACKFILL.format("10 / (size - 55)")))
    assert alembic(bare_url, "upgrade", "head", ini=project.ini) != 0
    assert fetch(bare_url, POSITION) == "'50'::bigint"
    code = failing.read_text()
    failing.write_text(code.replace(BACKFILL.format("10 / (size - 55)"), "pass"))
    assert alembic(bare_url, "upgrade", "head", ini=project.ini) == 0
    assert fetch(bare_url, POSITION) == "'50'::bigint", "that of the unfinished backfill"
    assert alembic(bare_url, "downgrade", "-1", ini=project.ini) == 0
    assert fetch(bare_url, POSITION) == "'50'::bigint"
    failing.write_text(code)
    execute(bare_url, "UPDATE things SET size = 56 WHERE size = 55")
    assert alembic(bare_url, "upgrade", "head", ini=project.ini) == 0
    assert fetch(bare_url, "SELECT count(*) FROM things WHERE note = ''") == 0
    assert fetch(bare_url, HAS_TABLE) is False


def test_the_script_and_the_online_run_build_the_same_schema(
    project: ProjectCopy,
    create_database: Callable[[str], URL],
    alembic: Alembic,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Including the tables of the migrations."""
    project.add('op.add_column("companies", sa.Column("region", sa.Text()))')
    project.add('op.batched_backfill("companies", {"region": "\'EU\'"}, "region IS NULL")')
    project.add('op.set_not_null_online("companies", "region")')
    online, offline = create_database("template0"), create_database("template0")
    assert alembic(online, "upgrade", "head", ini=project.ini) == 0
    capsys.readouterr()
    assert alembic(offline, "upgrade", "head", "--sql", ini=project.ini) == 0
    psql(offline, capsys.readouterr().out)
    with connected(online) as one, connected(offline) as other:
        assert read_catalog(other) == read_catalog(one)
        filled = text("SELECT count(*), bool_and(region = 'EU') FROM companies")
        assert other.execute(filled).one() == one.execute(filled).one() == (6, True)
        tables = "SELECT array_agg(tablename::text) FROM pg_tables WHERE tablename = ANY (:names)"
        found = one.scalar(text(tables), {"names": list(MIGRATION_TABLES)})
    assert set(found or ()) == {VERSION_TABLE, LEDGER_TABLE}
