"""A dry run leaves nothing behind, blocks others briefly, and refuses to commit."""

import logging
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import DBAPIError

from alembic_zero_downtime.data_loss.dry_run import DryRunError
from alembic_zero_downtime.data_loss.estimate import estimate_data_loss
from alembic_zero_downtime.migration_environment import MigrationEnvironment
from project.definition import PROJECT
from support.data_loss_cases import AGAIN, FILLED
from support.databases import drop_everything, execute, scalar
from support.dry_runs import Steps, do_nothing, downgrade, estimate, run, upgrade

# In milliseconds; 0 disables it.
LEFT = text("SELECT setting::int FROM pg_settings WHERE name = 'statement_timeout'")


def test_a_dry_run_has_separate_timeouts(empty: Engine) -> None:
    seen: list[object] = []
    left: list[int] = []

    def inspect(connection: Connection) -> None:
        run("SET statement_timeout = 0")(connection)
        names = ("lock_timeout", "transaction_isolation")
        seen.extend(connection.scalar(text(f"SHOW {name}")) for name in names)
        left.append(connection.scalar(LEFT))

    estimate(empty, inspect, lock_timeout=1.5, time_limit=7)
    assert seen == ["1500ms", "repeatable read"]
    assert 0 < left[0] <= 7_000


def test_all_statements_share_the_time_limit(empty: Engine) -> None:
    seen: list[int] = []

    def inspect(connection: Connection) -> None:
        for _ in range(2):
            seen.append(connection.scalar(LEFT))
            run("SELECT pg_sleep(0.1)")(connection)

    estimate(empty, inspect, time_limit=20)
    assert seen[1] + 100 <= seen[0] <= 20_000


def test_the_wait_for_a_lock_is_bounded(empty: Engine) -> None:
    execute(empty, FILLED)
    with empty.connect() as other:
        run("LOCK TABLE t IN ACCESS SHARE MODE")(other)
        with pytest.raises(DryRunError, match=r"cannot be estimated: .*lock timeout\. Try again"):
            estimate(empty, run("DROP TABLE t"), lock_timeout=0.1)


@pytest.mark.parametrize(
    ("pause", "reason"),
    [
        (run("SELECT pg_sleep(60)"), "statement timeout"),
        (lambda _: time.sleep(0.4), r"longer than 0\.3 s"),
    ],
    ids=["in the server", "in Python"],
)
def test_the_locks_of_a_dry_run_are_held_briefly(pause: Steps, reason: str, empty: Engine) -> None:
    execute(empty, FILLED)

    def destroy(connection: Connection) -> None:
        run("DROP TABLE t")(connection)
        pause(connection)
        run("SELECT 1")(connection)

    with pytest.raises(DryRunError, match=reason):
        estimate(empty, destroy, time_limit=0.3)


def test_a_concurrent_update_is_a_transient_error(empty: Engine) -> None:
    execute(empty, FILLED)

    def destroy(connection: Connection) -> None:
        run("UPDATE t SET b = 5")(other)
        other.commit()
        run("DELETE FROM t")(connection)

    with (
        empty.connect() as other,
        empty.connect() as connection,
        pytest.raises(DryRunError, match=r"concurrent update\. Try again"),
    ):
        estimate_data_loss(connection, destroy, do_nothing)


def test_rows_are_counted_without_locks_and_without_a_time_limit(empty: Engine) -> None:
    execute(empty, FILLED)
    seen: list[object] = []

    def inspect(_: Connection, cursor: Any, statement: str, *__: object) -> None:
        if "count(*)" in statement:
            held = text("SELECT count(*) FROM pg_locks WHERE relation = 't'::regclass")
            cursor.execute("SHOW statement_timeout")
            seen.append((other.scalar(held), cursor.fetchone()[0]))

    with empty.connect() as connection, empty.connect() as other:
        event.listen(connection, "before_cursor_execute", inspect)
        assert estimate_data_loss(connection, run("DROP TABLE t"), do_nothing).losses
    assert seen == [(0, "0")]


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, ValueError])
def test_an_interrupted_dry_run_is_rolled_back(
    error: type[BaseException], migrated: Engine
) -> None:
    def destroy(connection: Connection) -> None:
        drop_everything(connection)
        raise error

    with pytest.raises(error):
        estimate(migrated, destroy)


@pytest.mark.parametrize("end", ["SELECT 1", "SELECT 1 / 0"])
def test_sequences_are_not_set_back(end: str, empty: Engine) -> None:
    execute(
        empty,
        f"{FILLED} CREATE SEQUENCE s; SELECT setval('s', 1234);"
        "CREATE SEQUENCE down INCREMENT -1; SELECT setval('down', -7); CREATE SEQUENCE unused",
    )
    destroy = run(f"SELECT setval('s', 1), setval('t_id_seq', 1), setval('down', -1); {end}")
    with nullcontext() if end == "SELECT 1" else pytest.raises(DBAPIError):
        assert estimate(empty, destroy).uncounted == (
            "would be lost: sequence down, last value -7",
            "would be lost: sequence s, last value 1,234",
        )
    assert scalar(empty, "SELECT nextval('s')") == 1235
    assert scalar(empty, "SELECT nextval('t_id_seq')") == 4
    assert scalar(empty, "SELECT nextval('down')") == -8
    assert scalar(empty, "SELECT nextval('unused')") == 1


def test_a_lost_connection_is_an_error(empty: Engine) -> None:
    execute(empty, FILLED)
    end = run("DROP TABLE t; SELECT pg_terminate_backend(pg_backend_pid())")
    with empty.connect() as connection:
        with pytest.raises(DBAPIError, match="terminat"):
            estimate_data_loss(connection, end, do_nothing)
        assert connection.invalidated, "it does not reconnect"
    assert estimate(empty, run("DROP TABLE t")).losses[0].count == 3


def drop_elsewhere(connection: Connection) -> None:
    with connection.engine.begin() as other:
        run("SET lock_timeout = '1s'; DROP TABLE u")(other)


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (Connection.commit, "commits or rolls back by itself"),
        (Connection.rollback, "commits or rolls back by itself"),
        (run("COMMIT"), "commits or rolls back by itself"),
        (run("end"), "commits or rolls back by itself"),
        (run("SELECT 1; /* now */ rollback; DROP TABLE u"), "commits or rolls back by itself"),
        (run("PREPARE TRANSACTION 'x'"), "commits or rolls back by itself"),
        (drop_elsewhere, "opens a separate connection"),
    ],
)
def test_statements_that_would_persist_are_refused(end: Steps, reason: str, empty: Engine) -> None:
    execute(empty, FILLED + "CREATE TABLE u AS SELECT * FROM t")

    def steps(connection: Connection) -> None:
        run("DELETE FROM u")(connection)
        end(connection)

    with pytest.raises(DryRunError, match=reason):
        estimate(empty, steps)
    found = estimate(empty, run("DROP TABLE t"), steps)
    assert found.losses[0].lost == 3
    assert (found.unknown_because or "").startswith(f"a revision {reason}")


def test_a_transaction_that_the_driver_ended_is_not_continued(empty: Engine) -> None:
    def destroy(connection: Connection) -> None:
        driver: Any = connection.connection.driver_connection
        driver.rollback()
        run("DROP TABLE t")(connection)

    execute(empty, FILLED)
    with pytest.raises(DryRunError, match="rolls back by itself"):
        estimate(empty, destroy)


REVISION = """
from alembic import op
revision, down_revision = "001", None
def upgrade():
    op.execute("CREATE TABLE t (a int, b text)")
    with op.get_context().autocommit_block():
        op.execute("INSERT INTO t VALUES (1, 'seed')")
        op.create_index("ix_t_a", "t", ["a"], postgresql_concurrently=True)
        op.execute("VACUUM t")
def downgrade():
    with op.get_context().autocommit_block():
        op.drop_index("ix_t_a", "t", postgresql_concurrently=True)
        op.execute("reindex table concurrently t")
        op.execute("DELETE FROM t WHERE a = 1")
    op.execute("SELECT 1 / (count(*) - 1) FROM t")
    op.execute("DROP TABLE t")
"""


def test_autocommit_blocks_are_run_too(
    tmp_path: Path, empty: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "versions").mkdir()
    (tmp_path / "versions" / "001.py").write_text(REVISION, "utf-8")
    environment = MigrationEnvironment(PROJECT, Config(), ScriptDirectory(str(tmp_path)))
    execute(
        empty,
        "CREATE TABLE t (a int, b text); INSERT INTO t VALUES (1, 'seed'), (2, ''), (3, '');"
        "CREATE INDEX ix_t_a ON t (a); CREATE TABLE alembic_version (version_num text);"
        "INSERT INTO alembic_version VALUES ('001')",
    )
    caplog.set_level(logging.INFO)
    found = estimate(empty, downgrade("base", environment), upgrade(environment))
    assert found.lines() == [f"would be dropped: t, 3 rows ({AGAIN} 1)"]
    assert not caplog.messages
    assert not logging.getLogger("alembic.runtime.migration").disabled
