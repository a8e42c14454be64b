"""A downgrade says what it destroys, and asks where nobody can bring it back."""

import os
import pty
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from app.db.migrations.consent import ask_for_name
from tests.catalog import read_catalog, read_rows
from tests.project import Project
from tests.shell import BACKEND, answer_on_a_terminal, as_text, run

Alembic = Callable[..., int]


@pytest.fixture
def used(migrated: Engine) -> Engine:
    """Return a database with a company, and a document of it, that a user added."""
    with migrated.begin() as connection:
        connection.execute(text("INSERT INTO companies (name, ir_url) VALUES ('Mine', 'u')"))
        connection.execute(
            text(
                "INSERT INTO documents (company_id, url, fiscal_year, document_type)"
                " SELECT id, 'u', 2020, 'other' FROM companies WHERE name = 'Mine'"
            )
        )
    return migrated


def companies(engine: Engine) -> int | None:
    with engine.connect() as connection:
        if connection.scalar(text("SELECT to_regclass('companies')")) is None:
            return None
        count: int = connection.scalar(text("SELECT count(*) FROM companies"))
    return count


def test_seeds_go_without_a_question(
    alembic: Alembic, migrated: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert alembic(migrated.url, "downgrade", "001") == 0
    said = capsys.readouterr().err
    assert "companies: 6 rows deleted, all of which the upgrade writes again" in said
    assert companies(migrated) == 0


def test_what_users_added_is_counted_and_kept_where_nobody_can_be_asked(
    alembic: Alembic, used: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    with used.connect() as connection:
        before = read_catalog(connection), read_rows(connection)
    assert alembic(used.url, "downgrade", "base") != 0
    said = capsys.readouterr().err
    assert "companies: dropped with 7 rows, 6 of which the upgrade writes again" in said
    assert "documents: dropped with 1 row\n" in said
    assert "ALLOW_DATA_LOSS=1" in said
    with used.connect() as connection:
        assert (read_catalog(connection), read_rows(connection)) == before


@pytest.mark.parametrize(
    ("loss", "line"),
    [
        ("op.drop_column('documents', 'url')", "documents.url: dropped with 1 value"),
        ("op.execute('DELETE FROM documents')", "documents: 1 row deleted"),
        ("op.execute('TRUNCATE companies CASCADE')", "companies: 7 rows deleted"),
    ],
)
def test_columns_and_rows_count_too(
    loss: str,
    line: str,
    project: Project,
    alembic: Alembic,
    used: Engine,
    capsys: pytest.CaptureFixture[str],
) -> None:
    project.add("pass", downgrade=loss)
    assert alembic(used.url, "upgrade", "head", ini=str(project.ini)) == 0
    assert alembic(used.url, "downgrade", "-1", ini=str(project.ini)) != 0
    assert line in capsys.readouterr().err
    assert companies(used) == 7


def test_an_answer_in_advance_lets_it_go(
    alembic: Alembic, used: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALLOW_DATA_LOSS", "1")
    assert alembic(used.url, "downgrade", "base") == 0
    assert companies(used) is None


def test_make_has_its_own_word_for_it(used: Engine, alembic: Alembic) -> None:
    assert alembic(used.url, "downgrade", "001") == 0
    env = {"DATABASE_URL": as_text(used.url)}
    assert "FORCE=1" in run("make", "migrate-down", env=env).stderr
    assert companies(used) == 1
    assert run("make", "migrate-down", "FORCE=1", env=env).returncode == 0
    assert companies(used) is None


@pytest.mark.parametrize(
    ("answer", "code", "left"),
    [("{}\n", 0, None), ("something else\n", 255, 7), ("\x03", 130, 7)],
    ids=["name", "other name", "Ctrl-C"],
)
def test_on_a_terminal_the_database_s_name_is_asked_for(
    answer: str, code: int, left: int | None, used: Engine
) -> None:
    done, screen = answer_on_a_terminal(
        [str(Path(sys.executable).parent / "alembic"), "downgrade", "base"],
        answer.format(used.url.database),
        cwd=BACKEND,
        env={"DATABASE_URL": as_text(used.url)},
    )
    assert done == code, screen
    assert "Traceback" not in screen
    assert companies(used) == left


def test_a_ctrl_c_right_before_the_wait_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another thread gets the signal here: like one that comes too early, it wakes no `read`."""
    master, slave = pty.openpty()
    ctrl_c = threading.Timer(0.1, signal.raise_signal, [signal.SIGINT])
    enter = threading.Timer(10, os.write, [master, b"\n"])  # rather than wait for ever
    with os.fdopen(master), os.fdopen(slave) as terminal:
        monkeypatch.setattr("sys.stdin", terminal)
        ctrl_c.start()
        enter.start()
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        try:
            with pytest.raises(KeyboardInterrupt):
                ask_for_name("name", "All is lost.")
            assert enter.is_alive(), "it waited for a line"
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
            enter.cancel()


def test_a_downgrade_that_refuses_by_itself_says_why(
    alembic: Alembic, used: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    with used.begin() as connection:
        connection.execute(
            text("UPDATE documents SET company_id = (SELECT min(id) FROM companies)")
        )
    assert alembic(used.url, "downgrade", "001") != 0
    error = capsys.readouterr().err
    assert "revision 002 is not taken back: documents or statements of" in error
    assert "This was a rehearsal: nothing was changed" in error
    assert companies(used) == 7


def test_what_cannot_be_worked_out_is_not_done_unasked(
    project: Project,
    alembic: Alembic,
    used: Engine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    project.add("pass", downgrade="op.execute('COMMIT')")
    assert alembic(used.url, "upgrade", "head", ini=str(project.ini)) == 0
    assert alembic(used.url, "downgrade", "-1", ini=str(project.ini)) != 0
    error = capsys.readouterr().err
    assert "what would be lost cannot be worked out" in error
    assert "To go on without knowing: FORCE=1 for make" in error
    monkeypatch.setenv("ALLOW_DATA_LOSS", "1")
    alembic(used.url, "downgrade", "-1", ini=str(project.ini))
    assert "Running downgrade" in capsys.readouterr().err
