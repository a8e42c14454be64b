"""Autogenerate tries what it writes: one disposable server for all tests of a worker."""

from collections.abc import Callable

import pytest
from sqlalchemy import URL

from support.project import ProjectCopy

Alembic = Callable[..., int]
Run = Callable[..., None]


@pytest.fixture(autouse=True)
def _one_server(shadow_server: None) -> None:
    """Let each trial use the same server."""


@pytest.fixture
def run(
    project: ProjectCopy,
    migrated_database: URL,
    alembic: Alembic,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Return a function that runs a command, which has to succeed and may lose data."""
    monkeypatch.setenv("ALLOW_DATA_LOSS", "1")

    def run_command(*arguments: str) -> None:
        assert alembic(migrated_database, *arguments, ini=project.ini) == 0, capsys.readouterr().err

    return run_command
