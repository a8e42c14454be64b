"""Indexes come and go while others work, and no run leaves one that is not whole."""

import logging
import signal
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import op
from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.db.migrations.operations.steps import OnlineOperationError
from tests.chaos.harness import Command, connected
from tests.online import Revision, apply, applying, ask, bare, execute, holding, parts, parts_after
from tests.operation_cases import ROWS
from tests.project import Project, end, wait_for
from tests.servers import find_system_postgres, system_server

Alembic = Callable[..., int]
WRITE = "INSERT INTO things (parent_id, label) VALUES (1, 'new')"
BUILD = 'op.create_index_online("ix_label", "things", ["label"])'
WAITS = "SELECT count(*) > 0 FROM pg_stat_progress_create_index WHERE lockers_total > 0"
PARTITIONED = """
    ALTER TABLE things RENAME TO old;
    CREATE TABLE things (label text) PARTITION BY LIST (label)
"""
HAS_WAITED = """
    SELECT count(*) > 0 FROM pg_locks
     WHERE NOT granted AND waitstart < clock_timestamp() - interval '200 ms'
"""
IS_VALID = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('ix_label')"
IS_OLD = "SELECT xact_start < clock_timestamp() - interval '1 s' FROM pg_stat_activity WHERE pid = "
END_BUILD = "SELECT pg_terminate_backend(pid) FROM pg_stat_progress_create_index"
# The mark that a build leaves which did not end.
LEAVE = "UPDATE pg_index SET indisvalid = false WHERE indexrelid = '{}'::regclass"


def build(**options: Any) -> Revision:
    return lambda: op.create_index_online("ix_label", "things", ["label"], **options)


@pytest.fixture
def url(each_url: URL) -> URL:
    execute(each_url, ROWS)
    return each_url


def wait(url: URL, question: str) -> None:
    with connected(url) as connection:
        wait_for(connection, question)


def test_a_killed_build_is_dropped_and_built_by_the_next_run(
    project: Project, each_url: URL, alembic: Alembic, capsys: pytest.CaptureFixture[str]
) -> None:
    assert alembic(each_url, "upgrade", "head", ini=str(bare(project).ini)) == 0
    project.add(BUILD)
    with holding(each_url, WRITE) as writer:
        wait(each_url, f"{IS_OLD}{writer.pid}")
        with Command(project.ini, each_url, "upgrade", "head") as command:
            assert command.has_said(
                f"Index ix_label: may have to wait for pid {writer.pid} (postgres"
            )
            assert command.has_said(f"waiting for writers before build (pid {writer.pid}): 0 of 1")
            command.kill()
        ask(each_url, END_BUILD)  # the server itself would go on
        wait(each_url, "SELECT count(*) = 0 FROM pg_stat_progress_create_index")
        assert ask(each_url, IS_VALID) is False
    capsys.readouterr()
    assert alembic(each_url, "upgrade", "head", ini=str(project.ini)) == 0
    assert "Index ix_label was left by a build that did not end: dropped" in capsys.readouterr().err
    assert ask(each_url, IS_VALID) is True


@pytest.mark.parametrize("way", ["Ctrl-C", "a lost connection"])
def test_a_build_that_is_ended_says_so_in_one_line_and_can_be_run_again(
    way: str, project: Project, empty_url: URL, alembic: Alembic
) -> None:
    assert alembic(empty_url, "upgrade", "head", ini=str(bare(project).ini)) == 0
    project.add(BUILD)
    with holding(empty_url, WRITE):
        process = project.start(empty_url, "upgrade", "head")
        wait(empty_url, WAITS)
        if way == "Ctrl-C":
            said = end(process, signal.SIGINT)
            assert process.returncode == 130
            assert said.splitlines()[-1].startswith("ERROR Interrupted.")
        else:
            ask(empty_url, END_BUILD)
            said = process.communicate(timeout=30)[0]
            assert process.returncode not in (0, None)
            assert said.splitlines()[-1].startswith("FAILED: upgrade")
            assert "server closed the connection unexpectedly" in said
        assert "Traceback" not in said
    assert alembic(empty_url, "upgrade", "head", ini=str(project.ini)) == 0
    assert ask(empty_url, IS_VALID) is True


def test_a_short_lock_timeout_does_not_cut_the_wait_and_nobody_waits_for_the_build(
    url: URL,
) -> None:
    def plain() -> None:
        with op.get_context().autocommit_block():
            op.create_index("ix_plain", "things", ["label"], postgresql_concurrently=True)

    with holding(url, WRITE) as writer:
        with pytest.raises(DBAPIError, match="lock timeout"):
            apply(url, plain, lock_timeout="50ms")
        with applying(url, build(), lock_timeout="50ms") as revision:
            wait(url, HAS_WAITED)
            execute(url, f"{WRITE}; UPDATE things SET note = 'x' WHERE id = 1")
            assert ask(url, IS_VALID) is False
            assert not revision.done()
            writer.release()
            revision.result(30)
    assert ask(url, IS_VALID) is True


def test_duplicates_fail_with_the_server_s_reason_and_leave_nothing(url: URL) -> None:
    before = parts(url)
    with pytest.raises(IntegrityError, match=r"could not create unique index(.|\n)*parent_id"):
        apply(url, lambda: op.create_index_online("ix_p", "things", ["parent_id"], unique=True))
    assert parts(url) == before


@pytest.mark.parametrize(
    ("there", "reason"),
    [
        ("CREATE INDEX ix_label ON things (size)", "is defined otherwise"),
        ("CREATE UNIQUE INDEX ix_label ON things (label)", "is defined otherwise"),
        ("CREATE INDEX ix_label ON things (label) WHERE id > 5", "is defined otherwise"),
        ("CREATE INDEX ix_label ON parents (id)", "is there already, of parents"),
        ("CREATE TABLE ix_label ()", 'relation "ix_label" already exists'),
        ("ALTER TABLE things RENAME TO other", "there is no table things"),
        (PARTITIONED, "things is partitioned, and PostgreSQL builds no index on all of it"),
    ],
)
def test_what_cannot_be_built_is_refused_and_nothing_changes(
    there: str, reason: str, url: URL
) -> None:
    execute(url, there)
    before = parts(url)
    with pytest.raises((OnlineOperationError, DBAPIError), match=reason):
        apply(url, build())
    assert parts(url) == before


def test_the_advice_for_partitioned_tables_holds(url: URL) -> None:
    execute(
        url,
        "CREATE TABLE logs (day date, word text) PARTITION BY RANGE (day);"
        "CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')",
    )
    apply(url, lambda: op.create_index_online("ix_logs_1", "logs_1", ["word"]))
    apply(url, lambda: op.create_index("ix_logs", "logs", ["word"]))
    found = ask(
        url,
        "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'ix_logs'::regclass",
    )
    assert found == "ix_logs_1"


@pytest.mark.parametrize("options", [{}, {"postgresql_concurrently": True, "if_not_exists": True}])
def test_the_same_index_is_taken_as_done(
    options: dict[str, object], url: URL, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    apply(url, build(**options))
    oid = ask(url, "SELECT 'ix_label'::regclass::oid")
    apply(url, build(**options))
    assert ask(url, "SELECT 'ix_label'::regclass::oid") == oid
    assert "Index ix_label is there already" in caplog.messages


def test_an_index_that_somebody_is_building_is_left_to_them(url: URL) -> None:
    with holding(url, WRITE), applying(url, build()) as revision:
        wait(url, WAITS)
        with pytest.raises(OnlineOperationError, match=r"pid \d+ is building the index ix_label"):
            apply(url, build())
        assert not revision.done()
        ask(url, END_BUILD)
        assert revision.exception(30)


def test_a_leftover_that_cannot_be_cleared_away_does_not_hide_the_failure(
    url: URL, caplog: pytest.LogCaptureFixture
) -> None:
    with holding(url, WRITE), pytest.raises(DBAPIError, match="statement timeout"):
        apply(url, build(), statement_timeout="200ms")
    assert "Not cleared away (canceling statement due to statement timeout)" in caplog.text
    assert "By hand: DROP INDEX CONCURRENTLY ix_label" in caplog.text
    assert ask(url, IS_VALID) is False
    apply(url, build())
    assert ask(url, IS_VALID) is True


def test_only_the_leftover_of_its_own_table_is_dropped(url: URL) -> None:
    """The search path finds another index of that name first."""
    execute(
        url,
        "CREATE SCHEMA first; CREATE TABLE first.a (label text);"
        "CREATE INDEX ix_label ON first.a (label); CREATE INDEX ix_label ON things (label);"
        + LEAVE.format("public.ix_label"),
    )
    apply(url, build(), search_path="first,public")
    assert ask(
        url,
        "SELECT bool_and(indisvalid) AND count(*) = 2 FROM pg_index"
        " WHERE indexrelid::regclass::text ~ 'ix_label'",
    )


def test_indexes_that_a_reindex_has_left_are_named(
    url: URL, caplog: pytest.LogCaptureFixture
) -> None:
    execute(url, "CREATE INDEX pk_ccnew ON things (id);" + LEAVE.format("pk_ccnew"))
    apply(url, build())
    assert "did not end: DROP INDEX CONCURRENTLY pk_ccnew" in caplog.text


def test_what_would_stall_it_is_named_first(caplog: pytest.LogCaptureFixture) -> None:
    programs = find_system_postgres()
    if programs is None:
        pytest.skip("the system has no PostgreSQL")
    with system_server(programs, "max_prepared_transactions=5", "wal_level=replica") as url:
        execute(url, ROWS)
        ask(url, "SELECT pg_create_physical_replication_slot('forgotten', true)")
        with connected(url) as connection:
            connection.exec_driver_sql(f"BEGIN; {WRITE}; PREPARE TRANSACTION 'half'")
        with applying(url, build()) as revision:
            wait(url, WAITS)
            with connected(url) as connection:
                connection.exec_driver_sql("COMMIT PREPARED 'half'")
            revision.result(30)
    assert "may have to wait for the prepared transaction 'half' of postgres" in caplog.text
    assert "nobody reads the replication slot forgotten" in caplog.text


def test_a_drop_waits_too_and_says_for_whom(url: URL, caplog: pytest.LogCaptureFixture) -> None:
    apply(url, build())

    def drop() -> None:
        op.drop_index_online("ix_label", "things")
        op.drop_index_online("ix_label", "things")

    with holding(url, WRITE) as writer:
        wait(url, f"{IS_OLD}{writer.pid}")
        with applying(url, drop, lock_timeout="50ms") as revision:
            wait(url, HAS_WAITED)
            execute(url, WRITE)
            writer.release()
            revision.result(30)
    assert f"may have to wait for pid {writer.pid}" in caplog.text
    assert ask(url, IS_VALID) is None


NAMES = [
    ("ix", "Weird Name", "Upper", None),
    ('select "%s" :x', "order", "user", None),
    ("ix:100%", "a % b", ":colon", "Other Schema"),
]


@pytest.mark.parametrize(("index", "table", "column", "schema"), NAMES)
def test_names_may_be_anything_in_any_schema(
    index: str, table: str, column: str, schema: str | None, each_url: URL
) -> None:
    quoted = ".".join(f'"{each}"' for each in (schema, table) if each)
    execute(
        each_url,
        (f'CREATE SCHEMA "{schema}";' if schema else "")
        + f'CREATE TABLE {quoted} (id int, "{column}" text)',
    )
    options: dict[str, Any] = {"schema": schema, "unique": True, "postgresql_include": ["id"]}
    wanted = parts_after(each_url, lambda: op.create_index(index, table, [column], **options))
    before = parts(each_url)
    for _ in range(2):
        apply(each_url, lambda: op.create_index_online(index, table, [column], **options))
        assert parts(each_url) == wanted
    apply(each_url, lambda: op.drop_index_online(index, table, schema=schema))
    assert parts(each_url) == before


def test_the_naming_convention_of_the_models_counts(url: URL) -> None:
    metadata = sa.MetaData(naming_convention={"ix": "ix_%(table_name)s_%(column_0_name)s"})
    apply(url, lambda: op.create_index_online(None, "things", ["label"]), metadata)
    assert ask(
        url, "SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix_things_label'::regclass"
    )
