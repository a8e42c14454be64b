"""Ctrl-C at any moment is one line and exit code 130, also while modules are imported."""

import signal
import subprocess
from pathlib import Path

import pytest

from tests.helpers.shell import BACKEND, CLEAN_ENVIRONMENT, run

# Python imports it at its start. It presses Ctrl-C when the program begins to import a module.
SITECUSTOMIZE = """
import os, signal, sys


class CtrlC:
    def find_spec(self, name, path=None, target=None):
        if name == os.environ["INTERRUPT_AT"]:
            os.kill(os.getpid(), signal.SIGINT)


sys.meta_path.insert(0, CtrlC())
"""
UNREACHABLE = "postgresql://u@127.0.0.1:1/n"
MANAGE = ("python", "scripts/db_manager.py", "info")
MAKE = ("python", "scripts/run_alembic.py", "upgrade", "head")
PLAIN = ("alembic", "current")
FDE = ("python", "-m", "app", "read", "file")
LIBRARY = ("python", "-m", "alembic_zero_downtime", "info")


def program_of(command: tuple[str, ...]) -> str:
    """Return the beginning of the line."""
    name = {MANAGE: "db_manager", FDE: "fde", LIBRARY: "alembic-zero-downtime"}.get(
        command, "alembic"
    )
    return f"{name}: interrupted"


@pytest.mark.parametrize(
    ("command", "module"),
    [
        (MANAGE, "argparse"),
        pytest.param(MANAGE, "sqlalchemy.sql", marks=pytest.mark.slow),
        pytest.param(MANAGE, "rich.table", marks=pytest.mark.slow),
        pytest.param(MANAGE, "app.db.url", marks=pytest.mark.slow),
        (MANAGE, "psycopg2"),
        (MAKE, "alembic.config"),
        pytest.param(MAKE, "sqlalchemy.sql", marks=pytest.mark.slow),
        (MAKE, "app.db.url"),
        pytest.param(MAKE, "psycopg2", marks=pytest.mark.slow),
        pytest.param(FDE, "typer", marks=pytest.mark.slow),
        (FDE, "app.services.reading"),
        (PLAIN, "alembic_zero_downtime.environment"),
        pytest.param(PLAIN, "app.db.url", marks=pytest.mark.slow),
        pytest.param(LIBRARY, "alembic.config", marks=pytest.mark.slow),
        (LIBRARY, "alembic_zero_downtime.environment"),
    ],
)
def test_an_interrupt_is_one_line(command: tuple[str, ...], module: str, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(SITECUSTOMIZE)
    env = {
        "PYTHONPATH": str(tmp_path),
        "INTERRUPT_AT": module,
        "DATABASE_URL": UNREACHABLE,
    }
    done = run(*command, env=env)
    assert done.returncode == 130, done
    assert done.stdout == ""
    *log, line = done.stderr.splitlines()
    assert line.startswith(program_of(command)), line
    assert all(each.startswith("INFO") for each in log), log


@pytest.mark.parametrize(("command", "line"), [(MANAGE, "db_manager: "), (MAKE, "ERROR ")])
def test_an_interrupt_of_a_running_command_lets_it_clean_up(
    command: tuple[str, ...], line: str
) -> None:
    env = {"DATABASE_URL": UNREACHABLE, "MIGRATION_DB_WAIT": "60"}
    with subprocess.Popen(
        command, cwd=BACKEND, env={**CLEAN_ENVIRONMENT, **env}, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        while "Waiting" not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        (last,) = process.stderr.read().splitlines()
    assert process.returncode == 130
    assert last.lower().startswith(f"{line}interrupted".lower())


@pytest.mark.parametrize("arguments", [("--help",), ("plan", "--help"), ("inof",)])
@pytest.mark.parametrize("command", [MANAGE[:-1], LIBRARY[:-1]])
def test_help_imports_nothing_slow(command: tuple[str, ...], arguments: tuple[str, ...]) -> None:
    done = run(command[0], "-X", "importtime", *command[1:], *arguments)
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "argparse" in imported
    assert not imported & {"alembic", "sqlalchemy", "rich", "psycopg2", "importlib.metadata"}
