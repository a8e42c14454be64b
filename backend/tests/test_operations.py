"""Online operations on two versions of PostgreSQL: up, down, up, ended at each step, and offline."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import alembic.op
import pytest
from alembic.operations import Operations
from sqlalchemy import URL, Connection, create_engine, text
from sqlalchemy.pool import NullPool

import app.db.migrations.operations  # noqa: F401 adds to what `op` can do
from tests.catalog import Picture, read_catalog
from tests.chaos.harness import Command
from tests.operation_cases import CASES, INDEX_TO_DROP, TABLES, Case
from tests.project import Project
from tests.shell import BACKEND, psql, run

Alembic = Callable[..., int]

# Ends the process right after its n-th statement that changes something.
KILL = """
import os, signal

KILL_AFTER = int(os.environ.get("KILL_AFTER", "0"))
if KILL_AFTER:
    left = [KILL_AFTER]

    @sa.event.listens_for(sa.Engine, "after_cursor_execute")
    def _count(connection, cursor, statement, *_):
        if "online operation" in connection.info and not statement.lstrip().startswith("SELECT"):
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
"""


def picture_of(url: URL, proof: str) -> Picture:
    with connected(url) as connection:
        proven = connection.scalar(text(f"SELECT ({proof})"))
        return {**read_catalog(connection), "proof": [str(proven)]}


def connected(url: URL) -> Connection:
    return create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT").connect()


@pytest.fixture(autouse=True)
def _may_drop_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOW_DATA_LOSS", "1")


@pytest.fixture
def tables(project: Project, each_url: URL, alembic: Alembic) -> Project:
    """Return a project whose tables are there and have rows."""
    project.add(TABLES.strip() + "\n" + INDEX_TO_DROP.strip(), "op.drop_table('things')")
    assert alembic(each_url, "upgrade", "head", ini=str(project.ini)) == 0
    return project


@pytest.fixture(params=CASES.values(), ids=list(CASES))
def case(request: pytest.FixtureRequest) -> Case:
    chosen: Case = request.param
    return chosen


def test_up_down_up_builds_what_the_plain_operation_builds(
    case: Case, tables: Project, each_url: URL, alembic: Alembic
) -> None:
    before = picture_of(each_url, "true")
    path = tables.path_of(tables.add(case.plain))
    assert alembic(each_url, "upgrade", "head", ini=str(tables.ini)) == 0
    wanted = picture_of(each_url, case.proof)
    path.write_text(
        path.read_text()
        .replace(case.plain.replace("\n", "\n    "), case.online)
        .replace("    pass", f"    {case.back}")
    )
    for _ in range(2):
        assert alembic(each_url, "downgrade", "-1", ini=str(tables.ini)) == 0
        assert without_positions(picture_of(each_url, "true")) == before
        assert alembic(each_url, "upgrade", "head", ini=str(tables.ini)) == 0
        assert without_positions(picture_of(each_url, case.proof)) == wanted


def test_ended_after_any_step_it_goes_on_from_there(
    case: Case, tables: Project, each_url: URL, alembic: Alembic
) -> None:
    tables.add(case.online, case.back, KILL)
    killed = 0
    while True:
        environment = {"KILL_AFTER": str(killed + 1)}
        with Command(tables.ini, each_url, "upgrade", "head", env=environment) as command:
            ended = command.wait()
        if ended.code == 0:
            break
        assert ended.code == -9, ended.output
        killed += 1
        assert alembic(each_url, "upgrade", "head", ini=str(tables.ini)) == 0
        found = without_positions(picture_of(each_url, case.proof))
        if killed == 1:
            wanted = found
            assert found["proof"] == ["True"]
        assert found == wanted
        assert alembic(each_url, "downgrade", "-1", ini=str(tables.ini)) == 0
    assert killed > 0
    assert without_positions(picture_of(each_url, case.proof)) == wanted


def test_the_script_builds_the_same(
    case: Case, tables: Project, each_url: URL, alembic: Alembic
) -> None:
    tables.add(case.online, case.back)
    assert alembic(each_url, "upgrade", "head", ini=str(tables.ini)) == 0
    wanted = without_positions(picture_of(each_url, case.proof))
    assert alembic(each_url, "downgrade", "-1", ini=str(tables.ini)) == 0
    command = ("alembic", "-c", str(tables.ini))
    steps = f"{tables.ids[0]}:{tables.ids[1]}"
    script = run(*command, "upgrade", steps, "--sql", env={"DATABASE_URL": "postgresql:///x"})
    assert script.returncode == 0, script.stderr
    psql(each_url, script.stdout)
    assert without_positions(picture_of(each_url, case.proof)) == wanted
    back = f"{tables.ids[1]}:{tables.ids[0]}"
    script = run(*command, "downgrade", back, "--sql", env={"DATABASE_URL": "postgresql:///x"})
    psql(each_url, script.stdout)
    assert alembic(each_url, "upgrade", "head", ini=str(tables.ini)) == 0


def without_positions(picture: Picture) -> Picture:
    """Leave out the table in which backfills keep where they are."""
    return {
        kind: [line for line in lines if "migration_backfill" not in line]
        for kind, lines in picture.items()
    }
