"""A downgrade reports its data loss, and asks for confirmation of what is not restored."""

import os
import pty
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine

from alembic_zero_downtime.data_loss.confirmation import prompt_for_database_name
from support.databases import execute, exists, scalar
from support.project import BEFORE_HEAD, HEAD, INI, ProjectCopy
from support.shell import Done, answer_on_a_terminal, as_text, typed_on_a_terminal
from support.snapshots import take_snapshot

Alembic = Callable[..., int]


@pytest.fixture
def used(migrated: Engine) -> Engine:
    """Return a database with a company, and a document of it, that a user added."""
    execute(
        migrated,
        "INSERT INTO companies (name, ir_url) VALUES ('Mine', 'u');"
        "INSERT INTO documents (company_id, url, fiscal_year, document_type)"
        " SELECT id, 'u', 2020, 'other' FROM companies WHERE name = 'Mine'",
    )
    return migrated


def companies(engine: Engine) -> int | None:
    """Return the number of companies; None if there is no such table."""
    if not exists(engine, "companies"):
        return None
    return int(scalar(engine, "SELECT count(*) FROM companies"))


def test_seeds_are_reverted_without_a_prompt(
    alembic: Alembic, migrated: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert alembic(migrated.url, "downgrade", "001") == 0
    log = capsys.readouterr().err
    assert "would be deleted: companies, 6 rows (the migrations re-create all)" in log
    assert companies(migrated) == 0


SEED = """import datetime, uuid
for kind in ("letter", "parcel"):
    values = uuid.uuid4(), kind, datetime.datetime.now()
    op.execute("INSERT INTO rates VALUES ('{}', '{}', '{}', current_timestamp, 7)".format(*values))
"""


@pytest.mark.parametrize("downgrade", ["DELETE FROM rates", "DROP TABLE rates"])
def test_seeds_with_values_that_the_revision_computes_are_reverted_without_a_prompt(
    downgrade: str,
    project: ProjectCopy,
    alembic: Alembic,
    migrated: Engine,
    capsys: pytest.CaptureFixture[str],
) -> None:
    table = (
        "CREATE TABLE IF NOT EXISTS rates"
        " (id uuid PRIMARY KEY, kind text, since timestamp, n timestamptz, value int)"
    )
    project.add(f"op.execute({table!r})\n{SEED}", downgrade=f"op.execute({downgrade!r})")
    assert alembic(migrated.url, "upgrade", "head", ini=project.ini) == 0
    assert alembic(migrated.url, "downgrade", "-1", ini=project.ini) == 0
    assert "rates, 2 rows (the migrations re-create all)" in capsys.readouterr().err
    assert alembic(migrated.url, "upgrade", "head", ini=project.ini) == 0
    execute(migrated, "INSERT INTO rates SELECT gen_random_uuid(), kind, n, n, 8 FROM rates")
    assert alembic(migrated.url, "downgrade", "-1", ini=project.ini) != 0
    assert "rates, 4 rows (the migrations re-create 2)" in capsys.readouterr().err


def test_without_a_terminal_rows_of_users_are_counted_and_kept(
    alembic: Alembic, used: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    before = take_snapshot(used)
    assert alembic(used.url, "downgrade", "base") != 0
    log = capsys.readouterr().err
    assert "would be dropped: companies, 7 rows (the migrations re-create 6)" in log
    assert "would be dropped: documents, 1 row\n" in log
    assert (
        "Nothing was changed: a downgrade asks first, and there is no terminal. "
        "To go ahead: the same command with ALLOW_DATA_LOSS=1"
    ) in log
    assert take_snapshot(used) == before


@pytest.mark.parametrize(
    ("loss", "line"),
    [
        ("op.drop_column('documents', 'url')", "would be dropped: documents.url, 1 value"),
        ("op.execute('DELETE FROM documents')", "would be deleted: documents, 1 row"),
        ("op.execute('TRUNCATE companies CASCADE')", "would be deleted: companies, 7 rows"),
    ],
)
def test_columns_and_rows_count_too(
    loss: str,
    line: str,
    project: ProjectCopy,
    alembic: Alembic,
    used: Engine,
    capsys: pytest.CaptureFixture[str],
) -> None:
    project.add("pass", downgrade=loss)
    assert alembic(used.url, "upgrade", "head", ini=project.ini) == 0
    assert alembic(used.url, "downgrade", "-1", ini=project.ini) != 0
    assert line in capsys.readouterr().err
    assert companies(used) == 7


def test_the_setting_confirms_in_advance(
    alembic: Alembic, used: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALLOW_DATA_LOSS", "1")
    assert alembic(used.url, "downgrade", "base") == 0
    assert companies(used) is None


def test_the_message_has_the_projects_own_name_of_the_setting(
    project: ProjectCopy, alembic: Alembic, used: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    env = project.ini.parent / "alembic" / "env.py"
    code = env.read_text(encoding="utf-8")
    own = 'replace(PROJECT, commands=CommandNames(lose_data="FORCE=1 for make"))'
    imports = "from dataclasses import replace\nfrom alembic_zero_downtime import CommandNames\n"
    env.write_text(imports + code.replace("run(PROJECT)", f"run({own})"), encoding="utf-8")
    assert alembic(used.url, "downgrade", "base", ini=project.ini) != 0
    assert "To go ahead: the same command with FORCE=1 for make" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("answer", "left"), [("{}\n", None), ("something else\n", 7)], ids=["name", "other name"]
)
def test_a_terminal_prompts_for_the_database_name(
    answer: str,
    left: int | None,
    alembic: Alembic,
    used: Engine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with typed_on_a_terminal(answer.format(used.url.database)) as terminal:
        monkeypatch.setattr("sys.stdin", terminal)
        code = alembic(used.url, "downgrade", "base")
    error = capsys.readouterr().err
    assert f"This data would be lost. Type {used.url.database} to go on: " in error
    assert (code == 0) is (left is None) is ("Nothing was changed: that is not" not in error)
    assert companies(used) == left


@pytest.mark.parametrize("answer", ["", "{}\n", "no\n"], ids=["no terminal", "name", "other"])
def test_a_downgrade_of_a_production_database_asks_though_nothing_is_lost(
    answer: str,
    alembic: Alembic,
    manage: Callable[..., Done],
    migrated: Engine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    manage(migrated.url, "stamp-env", "production")
    with typed_on_a_terminal(answer.format(migrated.url.database)) as terminal:
        if answer:
            monkeypatch.setattr("sys.stdin", terminal)
        code = alembic(migrated.url, "downgrade", "-1")
    error = capsys.readouterr().err
    assert (code == 0) is (answer == "{}\n"), error
    assert "production database" in error
    assert scalar(migrated, "SELECT version_num FROM alembic_version") == (
        BEFORE_HEAD if code == 0 else HEAD
    )
    if code != 0:
        monkeypatch.setenv("ALLOW_DATA_LOSS", "1")
        assert alembic(migrated.url, "downgrade", "-1") == 0


def test_ctrl_c_at_the_prompt_changes_nothing(
    alembic: Alembic,
    used: Engine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def interrupt(*_: str) -> bool:
        raise KeyboardInterrupt

    prompt = "alembic_zero_downtime.data_loss.confirmation.prompt_for_database_name"
    with typed_on_a_terminal("") as terminal:
        monkeypatch.setattr("sys.stdin", terminal)
        monkeypatch.setattr(prompt, interrupt)
        assert alembic(used.url, "downgrade", "base") == 130
    error = capsys.readouterr().err
    assert "Traceback" not in error
    assert "Interrupted: nothing was changed\n" in error
    assert companies(used) == 7


@pytest.mark.slow
@pytest.mark.parametrize(
    ("answer", "code", "left"),
    [("{}\n", 0, None), ("something else\n", 255, 7), ("\x03", 130, 7)],
    ids=["name", "other name", "Ctrl-C"],
)
def test_a_process_on_a_terminal_prompts_for_the_database_name(
    answer: str, code: int, left: int | None, used: Engine, tmp_path: Path
) -> None:
    alembic = str(Path(sys.executable).parent / "alembic")
    done, screen = answer_on_a_terminal(
        [alembic, "-c", str(INI), "downgrade", "base"],
        answer.format(used.url.database),
        cwd=tmp_path,
        env={"DATABASE_URL": as_text(used.url)},
    )
    assert done == code, screen
    assert "Traceback" not in screen
    assert (code == 130) is ("\r\nERROR Interrupted: nothing was changed\r\n" in screen), screen
    assert companies(used) == left


def test_ctrl_c_just_before_the_wait_for_a_line_is_not_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Another thread receives the signal: like one that arrives too early, it ends no `read`."""
    master, slave = pty.openpty()
    ctrl_c = threading.Timer(0.1, signal.raise_signal, [signal.SIGINT])
    enter = threading.Timer(10, os.write, [master, b"\n"])  # rather than wait forever
    with os.fdopen(master), os.fdopen(slave) as terminal:
        monkeypatch.setattr("sys.stdin", terminal)
        handler = signal.signal(signal.SIGINT, signal.default_int_handler)
        ctrl_c.start()
        enter.start()
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        try:
            with pytest.raises(KeyboardInterrupt):
                prompt_for_database_name("name", "All data will be lost.")
            assert enter.is_alive(), "it waited for a line"
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
            signal.signal(signal.SIGINT, handler)
            enter.cancel()


def test_the_error_of_a_downgrade_itself_is_reported(
    project: ProjectCopy, alembic: Alembic, used: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    refusal = """op.execute("DO $$ BEGIN RAISE EXCEPTION 'not reversible'; END $$")"""
    project.add("pass", downgrade=refusal)
    assert alembic(used.url, "upgrade", "head", ini=project.ini) == 0
    assert alembic(used.url, "downgrade", "-1", ini=project.ini) != 0
    error = capsys.readouterr().err
    assert "not reversible" in error
    assert "nothing was changed" in error
    assert companies(used) == 7


def test_an_unknown_data_loss_has_to_be_confirmed(
    project: ProjectCopy,
    alembic: Alembic,
    used: Engine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    project.add("pass", downgrade="op.execute('COMMIT')")
    assert alembic(used.url, "upgrade", "head", ini=project.ini) == 0
    assert alembic(used.url, "downgrade", "-1", ini=project.ini) != 0
    error = capsys.readouterr().err
    assert "the data loss cannot be estimated: a revision commits or rolls back by itself" in error
    assert "To go ahead without an estimate: the same command with ALLOW_DATA_LOSS=1" in error
    monkeypatch.setenv("ALLOW_DATA_LOSS", "1")
    alembic(used.url, "downgrade", "-1", ini=project.ini)
    assert "Running downgrade" in capsys.readouterr().err
