"""Every command on two histories that were written without this library, and its results."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from alembic.config import main as alembic_main
from sqlalchemy import URL, text

from alembic_zero_downtime.__main__ import main
from support.databases import new_database
from support.histories import Contents, History, copy_history
from support.shell import Done, psql

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("shadow_server")]


class Case(NamedTuple):
    """A history and what is known about it.

    Attributes:
        name: of its folder.
        setup: what Alembic alone needs first.
        sql: the range of the revisions that a script can be written for.
        one_back: the destination of a downgrade of one revision.
        head: the options of a new revision.
        edit: a statement that changes what a migration has created.
        other: a statement of another application, whose tables are excluded.
    """

    name: str
    setup: str
    sql: str
    one_back: str
    edit: str
    other: str = "SELECT"
    head: tuple[str, ...] = ()


CASES = [
    Case(
        *("shop", "CREATE SCHEMA ops", "heads", "billing@-1"),
        "ALTER TABLE orders DROP CONSTRAINT ck_orders_not_negative",
        "CREATE TABLE import_errors (id serial PRIMARY KEY)",
        ("--head", "core@head"),
    ),
    Case(
        *("clinic", "SELECT", "9a0be4c7d312:heads", "-1"),
        "ALTER TABLE patients DROP CONSTRAINT patients_are_born_first",
    ),
]


@pytest.fixture(scope="module", params=CASES, ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


@pytest.fixture
def history(case: Case, tmp_path: Path, migration_server: URL) -> Iterator[History]:
    """Return a copy of the history, whose database is empty."""
    with new_database(migration_server) as url:
        yield copy_history(case.name, tmp_path / case.name, url)


@pytest.fixture(scope="module")
def expected(
    case: Case, tmp_path_factory: pytest.TempPathFactory, migration_server: URL
) -> Contents:
    """Return the contents of a database that Alembic alone has upgraded."""
    folder = tmp_path_factory.mktemp("alone") / case.name
    with new_database(migration_server) as url:
        history = copy_history(case.name, folder, url)
        history.execute(case.setup)
        history.upgrade_with_alembic_alone()
        return history.contents()


class Commands:
    """The command lines of Alembic and of this library, on a history."""

    def __init__(self, history: History, capsys: pytest.CaptureFixture[str]) -> None:
        self._ini = str(history.ini)
        self._capsys = capsys

    def alembic(self, *arguments: str) -> Done:
        try:
            alembic_main(argv=["-c", self._ini, *arguments])
        except SystemExit as error:
            return Done(int(error.code or 0), *self._capsys.readouterr())
        return Done(0, *self._capsys.readouterr())

    def run(self, *arguments: str) -> Done:
        code = main(["-c", self._ini, *arguments])
        return Done(code, *self._capsys.readouterr())


@pytest.fixture
def commands(history: History, capsys: pytest.CaptureFixture[str]) -> Commands:
    return Commands(history, capsys)


@pytest.fixture
def at_heads(commands: Commands) -> Commands:
    done = commands.alembic("upgrade", "heads")
    assert done.returncode == 0, done.stderr
    return commands


def test_up_down_and_up_end_where_alembic_alone_ends(
    history: History, at_heads: Commands, expected: Contents, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert history.contents() == expected
    with history.engine() as engine, engine.connect() as connection:
        query = text("SELECT count(DISTINCT revision) FROM migration_ledger")
        assert connection.scalar(query) == len(history.files)
    monkeypatch.setenv("ALLOW_DATA_LOSS", "1")
    done = at_heads.alembic("downgrade", "base")
    assert done.returncode == 0, done.stderr
    objects, rows = history.contents()
    assert [each for each in objects if "_version" not in each] == []
    assert list(filter(None, rows.values())) == []
    assert at_heads.alembic("upgrade", "heads").returncode == 0
    assert history.contents()[0] == expected[0]


def test_a_downgrade_is_dry_run_first(case: Case, at_heads: Commands) -> None:
    done = at_heads.alembic("downgrade", case.one_back)
    assert done.returncode == 0, done.stderr
    assert at_heads.alembic("upgrade", "heads").returncode == 0


def test_the_check_finds_nothing_but_a_manual_change(
    case: Case, history: History, at_heads: Commands
) -> None:
    history.execute(case.other)
    done = at_heads.run("check")
    assert done.returncode == 0, done.stdout
    history.execute(case.edit)
    done = at_heads.run("check", "--json")
    (difference,) = json.loads(done.stdout)["migrations_and_database"]["differences"]
    assert difference["name"] in case.edit


def test_autogenerate_finds_nothing(case: Case, history: History, at_heads: Commands) -> None:
    before = history.files
    done = at_heads.alembic("revision", "--autogenerate", "-m", "probe", *case.head)
    assert done.returncode == 0, done.stderr
    assert history.files == before, [path.read_text() for path in history.files - before]


def test_the_plan_runs_every_revision(history: History, commands: Commands) -> None:
    done = commands.run("plan", "--json")
    assert done.returncode == 0, done
    plan = json.loads(done.stdout)
    assert len(plan["revisions"]) == len(history.files)


def test_the_lint_looks_at_every_revision(history: History, commands: Commands) -> None:
    done = commands.run("lint", "--all")
    number = len(history.files)
    assert f"Checked {number} of {number} revisions" in done.stdout, done


def test_the_script_does_the_same(
    case: Case, history: History, commands: Commands, expected: Contents
) -> None:
    first, is_range, _ = case.sql.partition(":")
    if is_range:
        commands.alembic("upgrade", first)
    done = commands.alembic("upgrade", case.sql, "--sql")
    assert done.returncode == 0, done.stderr
    psql(history.url, done.stdout)
    assert history.contents() == expected
