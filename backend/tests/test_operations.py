"""Online operations on two versions of PostgreSQL: up and down, ended at each step, as a script."""

import io
from collections.abc import Callable

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import URL, Connection, create_engine, text
from sqlalchemy.pool import NullPool

from tests.catalog import Picture, read_catalog
from tests.chaos.harness import Command
from tests.online import bare
from tests.operation_cases import CASES, Case
from tests.project import Project
from tests.shell import psql

Alembic = Callable[..., int]

# Ends the process right after its n-th statement that changes something.
KILL = """
import os, signal

KILL_AFTER = int(os.environ.get("KILL_AFTER", "0"))
if KILL_AFTER:
    left = [KILL_AFTER]

    @sa.event.listens_for(sa.Engine, "after_cursor_execute")
    def _count(connection, cursor, statement, *_):
        looks = statement.lstrip().startswith(("SELECT", "BEGIN", "ROLLBACK", "CREATE TEMPORARY"))
        if "online operation" in connection.info and not looks and "pg_temp" not in statement:
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
    assert alembic(each_url, "upgrade", "head", ini=str(bare(project).ini)) == 0
    return project


@pytest.fixture(params=CASES.values(), ids=list(CASES))
def case(request: pytest.FixtureRequest) -> Case:
    chosen: Case = request.param
    return chosen


def test_up_down_up_builds_what_the_plain_operation_builds(
    case: Case, tables: Project, each_url: URL, alembic: Alembic
) -> None:
    before = without_positions(picture_of(each_url, "true"))
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
        with Command(tables.ini, each_url, "upgrade", "head", env=environment) as process:
            ended = process.wait()
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
    *_, lower, upper = tables.ids
    psql(each_url, script_of(tables, command.upgrade, f"{lower}:{upper}"))
    assert without_positions(picture_of(each_url, case.proof)) == wanted
    psql(each_url, script_of(tables, command.downgrade, f"{upper}:{lower}"))
    assert alembic(each_url, "upgrade", "head", ini=str(tables.ini)) == 0


def script_of(project: Project, verb: Callable[..., None], steps: str) -> str:
    """Return what `alembic … --sql` writes."""
    buffer = io.StringIO()
    verb(Config(str(project.ini), output_buffer=buffer), steps, sql=True)
    return buffer.getvalue()


def without_positions(picture: Picture) -> Picture:
    """Leave out the table in which backfills keep where they are."""
    return {
        kind: [line for line in lines if "migration_backfill" not in line]
        for kind, lines in picture.items()
    }
