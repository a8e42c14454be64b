"""A reset of a database that other sessions use: it acts on their state under its locks."""

import os
import re
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest
from alembic import command
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from alembic_zero_downtime.cli import reset
from alembic_zero_downtime.cli.exit_codes import Exit
from alembic_zero_downtime.data_loss import confirmation
from support.databases import execute, exists, scalar
from support.project import ProjectCopy
from support.shell import Done, run, typed_on_a_terminal
from support.snapshots import take_snapshot

pytestmark = pytest.mark.slow  # it starts or resets servers and databases of its own

Manage = Callable[..., Done]
LOG = "CREATE TABLE log (n int); INSERT INTO log VALUES (1);"
NEW = "INSERT INTO log VALUES (2)"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of the dumps, `.backups` in the current directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / ".backups"


@pytest.fixture
def used(migrated: Engine) -> Engine:
    """Return a database with a table that no revision creates."""
    execute(migrated, LOG)
    return migrated


@contextmanager
def during(
    name: str,
    action: Callable[[], object],
    monkeypatch: pytest.MonkeyPatch,
    module: ModuleType = reset,
) -> Iterator[None]:
    """Run `action` before the function `name` of the command."""
    original = getattr(module, name)

    def replacement(*arguments: object, **options: object) -> object:
        action()
        return original(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(module, name, replacement)
        yield


def answer_meanwhile(
    manage: Manage, used: Engine, action: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> Done:
    """Run a reset and confirm it, after `action` during the question."""
    with (
        typed_on_a_terminal(f"{used.url.database}\n") as terminal,
        during("prompt_for_database_name", action, monkeypatch, confirmation),
    ):
        monkeypatch.setattr("sys.stdin", terminal)
        return manage(used.url, "reset")


def restore(done: Done) -> None:
    """Run the command that a reset has printed."""
    (command,) = re.findall("^'?/.*pg_restore'? .*$", done.stderr, re.MULTILINE)
    restored = run("sh", "-c", command)
    assert restored.returncode == 0, restored.stderr


def test_a_database_that_becomes_production_during_the_question_is_not_reset(
    manage: Manage, used: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def declare() -> None:
        assert manage(used.url, "stamp-env", "production").returncode == Exit.OK

    done = answer_meanwhile(manage, used, declare, monkeypatch)
    assert done.returncode == Exit.FAILED, done
    assert "is a production database, which is never reset" in done.stderr
    assert not folder.exists()
    assert scalar(used, "SELECT count(*) FROM log") == 1
    assert "Environment  production" in manage(used.url, "info").stdout


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (NEW, "changed since it was listed: now table log, 2 rows"),
        ("DELETE FROM log", "now table log, empty"),
        ("CREATE VIEW v AS TABLE log", "now view v"),
        ("DROP TABLE log", 'relation "log" does not exist'),
        ("ALTER TABLE log RENAME TO logs", 'relation "log" does not exist'),
        (
            "CREATE SCHEMA other CREATE VIEW v AS TABLE public.log",
            "would be dropped too, without a way back: view other.v. Drop them first, then alembic",
        ),
    ],
)
def test_a_database_that_changes_during_the_question_is_not_reset(
    change: str,
    message: str,
    manage: Manage,
    used: Engine,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done = answer_meanwhile(manage, used, lambda: execute(used, change), monkeypatch)
    assert done.returncode == Exit.FAILED, done
    assert message in done.stderr
    assert not folder.exists()
    assert scalar(used, "SELECT count(*) FROM companies") == 6


def test_a_row_that_is_added_before_the_lock_is_in_the_dump(
    manage: Manage, used: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with during("lock_objects", lambda: execute(used, NEW), monkeypatch):
        done = manage(used.url, "reset", "--force")
    assert (done.returncode, exists(used, "log")) == (Exit.OK, False), done
    restore(done)
    assert scalar(used, "SELECT count(*) FROM log") == 2


@pytest.mark.slow
@pytest.mark.parametrize("isolation", ["read committed", "repeatable read", "serializable"])
def test_a_row_that_is_committed_while_the_reset_waits_is_in_the_dump(
    isolation: str, manage: Manage, used: Engine
) -> None:
    database = used.url.database
    execute(used, f"ALTER DATABASE {database} SET default_transaction_isolation = '{isolation}'")
    with used.connect() as writer:
        writer.exec_driver_sql(NEW)
        timer = threading.Timer(1.5, writer.commit)
        timer.start()
        done = manage(used.url, "reset", "--force")
        timer.join()
    assert done.returncode == Exit.OK, done
    restore(done)
    assert scalar(used, "SELECT count(*) FROM log") == 2


@pytest.mark.slow
def test_no_committed_row_is_lost_while_others_write(manage: Manage, used: Engine) -> None:
    committed = 0

    def write() -> None:
        nonlocal committed
        with used.connect() as writer:
            while True:
                try:
                    writer.exec_driver_sql(NEW)
                    writer.commit()
                except SQLAlchemyError:  # the table is gone
                    return
                committed += 1

    writer = threading.Thread(target=write)
    writer.start()
    done = manage(used.url, "reset", "--force")
    writer.join()
    assert done.returncode == Exit.OK, done
    restore(done)
    assert scalar(used, "SELECT count(*) FROM log") == committed + 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("CREATE TABLE new AS SELECT 1 AS n", "changed since it was listed: now table new"),
        (
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "changed since it was listed: now routine f()",
        ),
        (
            "CREATE SCHEMA other CREATE VIEW v AS TABLE public.log",
            "added since it was listed: view other.v",
        ),
    ],
)
def test_an_object_that_is_created_during_the_dump_is_not_dropped(
    change: str, message: str, manage: Manage, used: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with during("drop_objects", lambda: execute(used, change), monkeypatch):
        done = manage(used.url, "reset", "--force")
    assert done.returncode == Exit.FAILED, done
    assert f"nothing was dropped: {message}" in done.stderr
    assert scalar(used, "SELECT count(*) FROM log") == 1


def test_a_lock_that_is_not_granted_is_one_line_that_names_its_holder(
    manage: Manage, used: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIGRATION_LOCK_TIMEOUT", "300ms")
    with used.connect() as holder:
        holder.exec_driver_sql(NEW)
        pid = holder.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        done = manage(used.url, "reset", "--force")
    assert done.returncode == Exit.FAILED, done
    (line,) = done.stderr.splitlines()
    assert "nothing was dropped: canceling statement due to lock timeout; blocked by pid" in line
    assert f"pid {pid} (" in line
    assert not folder.exists()


def test_nothing_outside_of_the_schema_is_dropped(
    manage: Manage, used: Engine, folder: Path
) -> None:
    execute(used, "CREATE SCHEMA other CREATE VIEW v AS TABLE public.log")
    before = take_snapshot(used)
    done = manage(used.url, "reset", "--force", "--no-dump")
    assert (done.returncode, folder.exists()) == (Exit.FAILED, False), done
    assert "without a way back: view other.v." in done.stderr
    assert take_snapshot(used) == before


def test_hidden_rows_are_not_called_none(manage: Manage, used: Engine) -> None:
    execute(
        used,
        """
        DO $$ BEGIN CREATE ROLE test_owner LOGIN; EXCEPTION WHEN duplicate_object THEN END $$;
        CREATE TABLE hidden AS SELECT 1 AS n; ALTER TABLE hidden OWNER TO test_owner;
        ALTER TABLE hidden ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
        GRANT SELECT ON ALL TABLES IN SCHEMA public TO test_owner;
        """,
    )
    try:
        done = manage(used.url.set(username="test_owner"), "reset")
        assert "table hidden, rows not known: row-level security hides them" in done.stdout
    finally:
        execute(used, "DROP OWNED BY test_owner; DROP ROLE test_owner")


BROKEN = {
    "SQL": (
        'op.execute("SELECT 1 / 0")',
        "division by zero (003_of_a_test.py, line 11: SELECT 1 / 0)",
    ),
    "Python": ("raise KeyError('x')", "KeyError: 'x' (003_of_a_test.py, line 11)"),
    "exit": ("raise SystemExit(0)", "SystemExit: 0 (003_of_a_test.py, line 11)"),
    "left": (
        'op.execute("CREATE SCHEMA other")',
        'schema "other" already exists (003_of_a_test.py, line 11: CREATE SCHEMA other)',
    ),
}


@pytest.mark.parametrize(
    "kind", ["SQL", *(pytest.param(kind, marks=pytest.mark.slow) for kind in [*BROKEN][1:])]
)
def test_migrations_that_fail_in_the_emptied_database_are_noticed_before_it_is_emptied(
    kind: str, manage: Manage, used: Engine, project: ProjectCopy
) -> None:
    execute(used, "CREATE SCHEMA other")
    upgrade, message = BROKEN[kind]
    project.add(upgrade)
    before = take_snapshot(used)
    done = manage(used.url, "reset", "--force", ini=project.ini)
    assert done.returncode == Exit.FAILED, done
    assert done.stderr.endswith(
        "nothing was dropped: the migrations fail in the emptied database: "
        f"{message}. Fix them, then alembic-zero-downtime reset\n"
    )
    assert take_snapshot(used) == before


@pytest.mark.parametrize("damage", ["fork", "syntax"])
def test_revisions_that_cannot_be_applied_are_noticed_before_it_is_emptied(
    damage: str, manage: Manage, used: Engine, project: ProjectCopy
) -> None:
    project.add("pass")
    path = project.path_of("003")
    code = path.read_text()
    if damage == "fork":
        path.with_name("004_of_a_test.py").write_text(code.replace('"003"', '"004"'))
    else:
        path.write_text(f"{code}\n(")
    before = take_snapshot(used)
    done = manage(used.url, "reset", "--force", ini=project.ini)
    assert (done.returncode, take_snapshot(used)) == (Exit.FAILED, before), done


@pytest.mark.slow
def test_where_it_is_not_known_whether_the_migrations_run_force_decides(
    manage: Manage, used: Engine, project: ProjectCopy, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.add("op.execute(\"CREATE TYPE mood AS ENUM ('good')\")")
    project.add("op.execute(\"ALTER TYPE mood ADD VALUE 'bad'\")")
    project.add("op.execute(\"CREATE TABLE moods AS SELECT 'bad'::mood AS mood\")")
    (project.versions / "head.txt").write_text("005_of_a_test\n")
    before = take_snapshot(used)
    doubt = "it is not known whether the migrations run in the emptied database: unsafe use of new"
    with typed_on_a_terminal(f"{used.url.database}\n") as terminal:
        monkeypatch.setattr("sys.stdin", terminal)
        done = manage(used.url, "reset", ini=project.ini)
    assert (done.returncode, take_snapshot(used)) == (Exit.FAILED, before), done
    assert f"nothing was dropped: {doubt}" in done.stderr
    assert done.stderr.endswith("To go ahead: alembic-zero-downtime reset --force\n")
    done = manage(used.url, "reset", "--force", "--no-dump", ini=project.ini)
    assert done.returncode == Exit.OK, done
    assert doubt in done.stderr
    assert exists(used, "moods")


def test_the_environment_survives_an_upgrade_that_is_interrupted(
    manage: Manage, used: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    assert manage(used.url, "stamp-env", "staging").returncode == Exit.OK
    monkeypatch.setattr(command, "upgrade", interrupt)
    assert manage(used.url, "reset", "--force").returncode == Exit.INTERRUPTED
    assert not exists(used, "companies")
    assert "Environment  staging" in manage(used.url, "info").stdout


@pytest.mark.slow
def test_an_interrupted_wait_for_a_lock_changes_nothing(
    used: Engine, manage: Manage, folder: Path
) -> None:
    with used.connect() as holder:
        holder.exec_driver_sql(NEW)
        timer = threading.Timer(2, os.kill, (os.getpid(), signal.SIGTERM))
        timer.start()
        done = manage(used.url, "reset", "--force")
        timer.join()
    assert done.returncode == 128 + signal.SIGTERM, done
    assert not folder.exists()
    assert scalar(used, "SELECT count(*) FROM log") == 1


def test_an_interrupt_in_the_dry_run_is_not_taken_for_an_unknown_result(
    manage: Manage, used: Engine, project: ProjectCopy
) -> None:
    project.add(
        "try:\n    raise KeyboardInterrupt\n"
        "finally:\n    op.execute('SELECT 1; DO $$BEGIN RAISE query_canceled; END$$')"
    )
    before = take_snapshot(used)
    done = manage(used.url, "reset", "--force", ini=project.ini)
    assert done.returncode == Exit.INTERRUPTED, done
    assert take_snapshot(used) == before
