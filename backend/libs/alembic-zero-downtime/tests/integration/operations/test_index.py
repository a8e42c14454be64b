"""Indexes are built and dropped beside other sessions, and no run leaves an invalid one."""

import logging
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import op
from sqlalchemy import URL, Engine, event
from sqlalchemy.exc import DBAPIError, IntegrityError

from alembic_zero_downtime.operations import blockers
from alembic_zero_downtime.operations.context import OnlineOperationError
from support.bare import bare
from support.blocking import (
    IS_WAITING,
    Revision,
    apply,
    applying,
    definitions,
    definitions_after,
    execute,
    fetch,
    holding,
    wait_until,
)
from support.databases import connected
from support.project import ProjectCopy
from support.servers import find_system_postgres, system_server

Alembic = Callable[..., int]
WRITE = "INSERT INTO things (parent_id, label) VALUES (1, 'new')"
BUILD = 'op.create_index_online("ix_label", "things", ["label"])'
WAITS = """
    SELECT count(*) > 0 FROM pg_stat_progress_create_index
     WHERE lockers_total > 0 AND datname = current_database()
"""
PARTITIONED = """
    ALTER TABLE things RENAME TO old;
    CREATE TABLE things (label text) PARTITION BY LIST (label)
"""
HAS_WAITED = """
    SELECT count(*) > 0 FROM pg_locks JOIN pg_stat_activity USING (pid)
     WHERE NOT granted AND datname = current_database()
       AND waitstart < clock_timestamp() - interval '200 ms'
"""
IS_VALID = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('ix_label')"
END_BUILD = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_progress_create_index
     WHERE datname = current_database()
"""
# The flag that a failed build leaves.
INVALIDATE = "UPDATE pg_index SET indisvalid = false WHERE indexrelid = '{}'::regclass"


def build(**options: Any) -> Revision:
    return lambda: op.create_index_online("ix_label", "things", ["label"], **options)


@pytest.fixture
def _reported_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Report every open transaction: by default only one older than a second is."""
    query = sa.text(blockers.BLOCKERS.text.replace(blockers.MIN_AGE, "0 seconds"))
    monkeypatch.setattr(blockers, "BLOCKERS", query)


def test_an_invalid_index_is_dropped_and_built_by_the_next_run(
    project: ProjectCopy, bare_url: URL, alembic: Alembic, capsys: pytest.CaptureFixture[str]
) -> None:
    bare(project).add(BUILD)
    execute(bare_url, "CREATE INDEX ix_label ON things (label);" + INVALIDATE.format("ix_label"))
    assert alembic(bare_url, "upgrade", "head", ini=project.ini) == 0
    assert "Index ix_label is invalid, left by a failed build: dropped" in capsys.readouterr().err
    assert fetch(bare_url, IS_VALID) is True


def test_a_build_that_loses_its_connection_fails_in_one_line_and_can_be_run_again(
    project: ProjectCopy, bare_url: URL, alembic: Alembic, capsys: pytest.CaptureFixture[str]
) -> None:
    bare(project).add(BUILD)

    def terminate(connection: sa.Connection, _: object, statement: str, *__: Any) -> None:
        if statement.startswith("CREATE INDEX CONCURRENTLY"):
            driver: Any = connection.connection.driver_connection
            fetch(bare_url, f"SELECT pg_terminate_backend({driver.info.backend_pid}, 5000)")

    event.listen(Engine, "before_cursor_execute", terminate)
    try:
        assert alembic(bare_url, "upgrade", "head", ini=project.ini) != 0
    finally:
        event.remove(Engine, "before_cursor_execute", terminate)
    output = capsys.readouterr()
    (failure,) = [line for line in output.err.splitlines() if line.startswith("FAILED")]
    assert failure.startswith("FAILED: upgrade 001 -> 002: ")
    assert "server closed the connection unexpectedly" in failure
    assert "Traceback" not in output.err
    assert alembic(bare_url, "upgrade", "head", ini=project.ini) == 0
    assert fetch(bare_url, IS_VALID) is True


def test_a_short_lock_timeout_does_not_end_the_wait_and_others_do_not_wait_for_the_build(
    bare_url: URL,
) -> None:
    def plain() -> None:
        with op.get_context().autocommit_block():
            op.create_index("ix_plain", "things", ["label"], postgresql_concurrently=True)

    with holding(bare_url, WRITE) as writer:
        with pytest.raises(DBAPIError, match="lock timeout"):
            apply(bare_url, plain, lock_timeout="50ms")
        with applying(bare_url, build(), lock_timeout="50ms") as revision:
            wait_until(bare_url, HAS_WAITED)
            execute(bare_url, f"{WRITE}; UPDATE things SET note = 'x' WHERE id = 1")
            assert fetch(bare_url, IS_VALID) is False
            assert not revision.done()
            writer.release()
            revision.result(30)
    assert fetch(bare_url, IS_VALID) is True


def test_duplicates_fail_with_the_server_s_reason_and_leave_no_index(bare_url: URL) -> None:
    before = definitions(bare_url)
    duplicates = r"could not create unique index(.|\n)*parent_id"
    with pytest.raises(IntegrityError, match=duplicates):
        apply(
            bare_url, lambda: op.create_index_online("ix_p", "things", ["parent_id"], unique=True)
        )
    assert definitions(bare_url) == before


DIFFERENT = "index ix_label of things already exists with a different definition"


@pytest.mark.parametrize(
    ("existing", "reason"),
    [
        ("CREATE INDEX ix_label ON things (size)", DIFFERENT),
        ("CREATE UNIQUE INDEX ix_label ON things (label)", DIFFERENT),
        ("CREATE INDEX ix_label ON things (label) WHERE id > 5", DIFFERENT),
        ("CREATE INDEX ix_label ON parents (id)", "already exists on table parents"),
        ("CREATE TABLE ix_label ()", 'relation "ix_label" already exists'),
        ("ALTER TABLE things RENAME TO other", "table things does not exist"),
        (
            PARTITIONED,
            "things is partitioned, and PostgreSQL cannot build its indexes concurrently",
        ),
    ],
)
def test_an_index_that_cannot_be_built_is_refused_and_nothing_changes(
    existing: str, reason: str, bare_url: URL
) -> None:
    execute(bare_url, existing)
    before = definitions(bare_url)
    with pytest.raises((OnlineOperationError, DBAPIError), match=reason):
        apply(bare_url, build())
    assert definitions(bare_url) == before


def test_the_advice_for_partitioned_tables_works(bare_url: URL) -> None:
    execute(
        bare_url,
        "CREATE TABLE logs (day date, word text) PARTITION BY RANGE (day);"
        "CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')",
    )
    apply(bare_url, lambda: op.create_index_online("ix_logs_1", "logs_1", ["word"]))
    apply(bare_url, lambda: op.create_index("ix_logs", "logs", ["word"]))
    attached = "SELECT inhrelid::regclass::text FROM pg_inherits"
    assert fetch(bare_url, f"{attached} WHERE inhparent = 'ix_logs'::regclass") == "ix_logs_1"


@pytest.mark.parametrize("options", [{}, {"postgresql_concurrently": True, "if_not_exists": True}])
def test_an_index_with_the_same_definition_is_kept(
    options: dict[str, object], bare_url: URL, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    apply(bare_url, build(**options))
    oid = fetch(bare_url, "SELECT 'ix_label'::regclass::oid")
    apply(bare_url, build(**options))
    assert fetch(bare_url, "SELECT 'ix_label'::regclass::oid") == oid
    assert "Index ix_label already exists" in caplog.messages


def test_an_index_that_another_session_builds_is_left_alone(bare_url: URL) -> None:
    with holding(bare_url, WRITE), applying(bare_url, build()) as revision:
        wait_until(bare_url, WAITS)
        with pytest.raises(OnlineOperationError, match=r"pid \d+ is building index ix_label"):
            apply(bare_url, build())
        assert not revision.done()
        fetch(bare_url, END_BUILD)
        assert revision.exception(30)


def test_a_failed_cleanup_is_logged_and_does_not_hide_the_failure(
    bare_url: URL, caplog: pytest.LogCaptureFixture
) -> None:
    with holding(bare_url, WRITE), pytest.raises(DBAPIError, match="statement timeout"):
        apply(bare_url, build(), statement_timeout="200ms")
    assert "Cleanup failed (canceling statement due to statement timeout)" in caplog.text
    assert "Run: DROP INDEX CONCURRENTLY ix_label" in caplog.text
    assert fetch(bare_url, IS_VALID) is False
    apply(bare_url, build())
    assert fetch(bare_url, IS_VALID) is True


def test_only_the_invalid_index_of_its_own_table_is_dropped(bare_url: URL) -> None:
    """The search path finds another index of that name first."""
    execute(
        bare_url,
        "CREATE SCHEMA first; CREATE TABLE first.a (label text);"
        "CREATE INDEX ix_label ON first.a (label); CREATE INDEX ix_label ON things (label);"
        + INVALIDATE.format("public.ix_label"),
    )
    apply(bare_url, build(), search_path="first,public")
    both_valid = "SELECT bool_and(indisvalid) AND count(*) = 2 FROM pg_index"
    assert fetch(bare_url, f"{both_valid} WHERE indexrelid::regclass::text ~ 'ix_label'")


OTHER_TABLE = (
    "CREATE SCHEMA first; CREATE TABLE {0} (label text); CREATE INDEX ix_label ON {0} (label)"
)
CONSTRAINT = "ALTER TABLE things ADD CONSTRAINT ix_label UNIQUE (id, label)"
REFERENCED = (
    "CREATE UNIQUE INDEX ix_label ON things (id, label);"
    "CREATE TABLE o (id bigint, label text, CONSTRAINT k FOREIGN KEY (id, label)"
    " REFERENCES things (id, label))"
)
PARTITION = (
    "DROP TABLE things CASCADE; CREATE TABLE parts (label text, n int) PARTITION BY LIST (n);"
    "CREATE TABLE things PARTITION OF parts FOR VALUES IN (1); CREATE INDEX whole ON parts (n);"
    "ALTER INDEX things_n_idx RENAME TO ix_label"
)


def drop(*table: str, **options: Any) -> Revision:
    return lambda: op.drop_index_online("ix_label", *table, **options)


@pytest.mark.parametrize(
    ("existing", "revision", "reason"),
    [
        (
            OTHER_TABLE.format("others"),
            drop("things"),
            "public.ix_label belongs to table public.o",
        ),
        (OTHER_TABLE.format("first.a"), drop("things"), "first.ix_label belongs to table first.a,"),
        (
            OTHER_TABLE.format("first.a"),
            drop("things", schema="first"),
            "ix_label belongs to table first.a, not to first.things",
        ),
        (CONSTRAINT, drop("things"), "ix_label belongs to constraint ix_label of table things"),
        (CONSTRAINT, drop(), "ix_label belongs to constraint ix_label of table things"),
        (CONSTRAINT, build(replace=True), "ix_label belongs to constraint ix_label of table"),
        (REFERENCED, drop("things"), "ix_label belongs to constraint k of table o"),
        (REFERENCED, build(replace=True), "ix_label belongs to constraint k of table o"),
        (PARTITION, drop("things"), "ix_label belongs to the partitioned index whole"),
        (PARTITION, build(replace=True), "ix_label belongs to the partitioned index whole"),
        (OTHER_TABLE.format("others"), build(replace=True), "already exists on table others"),
    ],
)
def test_an_index_of_another_owner_is_kept(
    existing: str, revision: Revision, reason: str, bare_url: URL
) -> None:
    execute(bare_url, existing)
    before = definitions(bare_url)
    with pytest.raises(OnlineOperationError, match=reason):
        apply(bare_url, revision, search_path="public,first")
    assert definitions(bare_url) == before


@pytest.mark.parametrize(
    ("table", "dropped"), [(("things",), "public.ix_label"), ((), "first.ix_label")]
)
def test_the_index_of_the_given_table_is_dropped(
    table: tuple[str, ...], dropped: str, bare_url: URL
) -> None:
    """The search path finds another index of that name first."""
    execute(bare_url, f"{OTHER_TABLE.format('first.a')}; CREATE INDEX ix_label ON things (label)")
    for _ in range(2 - len(table)):
        apply(bare_url, drop(*table), search_path="first,public")
        assert fetch(bare_url, f"SELECT to_regclass('{dropped}')") is None
        dropped = "public.ix_label"
    exists = fetch(bare_url, "SELECT to_regclass('first.ix_label') IS NOT NULL")
    assert exists is bool(table)


def test_invalid_indexes_left_by_a_reindex_are_named(
    bare_url: URL, caplog: pytest.LogCaptureFixture
) -> None:
    execute(bare_url, "CREATE INDEX pk_ccnew ON things (id);" + INVALIDATE.format("pk_ccnew"))
    apply(bare_url, build())
    assert "updates: DROP INDEX CONCURRENTLY pk_ccnew" in caplog.text


def test_prepared_transactions_and_inactive_slots_are_named(
    bare_url: URL, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The views of the server are replaced; below, both are real."""
    execute(
        bare_url,
        "CREATE VIEW prepared AS SELECT 'half' AS gid, 'postgres' AS owner,"
        " timestamptz '2020-01-01 00:00+00' AS prepared, current_database() AS database;"
        "CREATE VIEW slots AS SELECT 'forgotten' AS slot_name, false AS active,"
        " pg_current_wal_lsn() AS restart_lsn",
    )
    query = blockers.BLOCKERS.text.replace("pg_prepared_xacts", "prepared")
    query = query.replace("pg_replication_slots", "slots")
    monkeypatch.setattr(blockers, "BLOCKERS", sa.text(query))
    apply(bare_url, build(), timezone="UTC")
    prepared, slot = (each for each in caplog.messages if each.startswith("Index"))
    assert prepared == (
        "Index ix_label: may have to wait for the prepared transaction 'half' of postgres, since "
        "2020-01-01 00:00:00+00: only COMMIT PREPARED or ROLLBACK PREPARED ends it"
    )
    assert slot == (
        "Index ix_label: the replication slot forgotten is inactive: the server retains all WAL "
        "of this operation for it"
    )


@pytest.mark.slow
def test_real_prepared_transactions_and_inactive_slots_are_named(
    caplog: pytest.LogCaptureFixture,
) -> None:
    programs = find_system_postgres()
    if programs is None:
        pytest.skip("the system has no PostgreSQL")
    with system_server(programs, "max_prepared_transactions=5", "wal_level=replica") as url:
        execute(url, "CREATE TABLE things (parent_id int, label text)")
        fetch(url, "SELECT pg_create_physical_replication_slot('forgotten', true)")
        with connected(url) as connection:
            connection.exec_driver_sql(f"BEGIN; {WRITE}; PREPARE TRANSACTION 'half'")
        with applying(url, build()) as revision:
            wait_until(url, WAITS)
            with connected(url) as connection:
                connection.exec_driver_sql("COMMIT PREPARED 'half'")
            revision.result(30)
    assert "may have to wait for the prepared transaction 'half' of postgres" in caplog.text
    assert "the replication slot forgotten is inactive" in caplog.text


@pytest.mark.usefixtures("_reported_at_once")
@pytest.mark.parametrize("operation", ["build", "drop"])
def test_builds_and_drops_wait_for_open_transactions_and_name_them(
    operation: str, bare_url: URL, caplog: pytest.LogCaptureFixture
) -> None:
    if operation == "drop":
        apply(bare_url, build())

    def revision() -> None:
        if operation == "build":
            op.create_index_online("ix_label", "things", ["label"])
        else:
            op.drop_index_online("ix_label", "things")
            op.drop_index_online("ix_label", "things")

    with (
        holding(bare_url, WRITE) as writer,
        applying(bare_url, revision, lock_timeout="50ms") as running,
    ):
        wait_until(bare_url, HAS_WAITED)
        execute(bare_url, WRITE)
        writer.release()
        running.result(30)
    assert f"Index ix_label: may have to wait for pid {writer.pid} (postgres" in caplog.text
    assert fetch(bare_url, IS_VALID) is (True if operation == "build" else None)


def test_recent_transactions_are_not_named(bare_url: URL, caplog: pytest.LogCaptureFixture) -> None:
    with holding(bare_url, WRITE) as writer, applying(bare_url, build()) as running:
        wait_until(bare_url, IS_WAITING)
        writer.release()
        running.result(30)
    assert "may have to wait" not in caplog.text


NAMES = [
    ("ix", "Weird Name", "Upper", None),
    ('select "%s" :x', "order", "user", None),
    ("ix:100%", "a % b", ":colon", "Other Schema"),
]


@pytest.mark.parametrize(("index", "table", "column", "schema"), NAMES)
def test_names_with_special_characters_in_any_schema(
    index: str, table: str, column: str, schema: str | None, each_url: URL
) -> None:
    quoted = ".".join(f'"{each}"' for each in (schema, table) if each)
    execute(
        each_url,
        (f'CREATE SCHEMA "{schema}";' if schema else "")
        + f'CREATE TABLE {quoted} (id int, "{column}" text)',
    )
    options: dict[str, Any] = {"schema": schema, "unique": True, "postgresql_include": ["id"]}
    expected = definitions_after(
        each_url, lambda: op.create_index(index, table, [column], **options)
    )
    before = definitions(each_url)
    for _ in range(2):
        apply(each_url, lambda: op.create_index_online(index, table, [column], **options))
        assert definitions(each_url) == expected
    apply(each_url, lambda: op.drop_index_online(index, table, schema=schema))
    assert definitions(each_url) == before


def test_the_naming_convention_of_the_models_is_used(bare_url: URL) -> None:
    metadata = sa.MetaData(naming_convention={"ix": "ix_%(table_name)s_%(column_0_name)s"})
    apply(bare_url, lambda: op.create_index_online(None, "things", ["label"]), metadata)
    valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix_things_label'::regclass"
    assert fetch(bare_url, valid)
