"""One function says how database and code stand to each other, and what comes next."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine, text

from app.db.migrations.state import MigrationState, Verdict, load_scripts, read_state
from tests.project import Project
from tests.revisions import HEAD, IDS

Alembic = Callable[..., int]


def state_of(engine: Engine, project: Project) -> MigrationState:
    with engine.connect() as connection:
        return read_state(connection, load_scripts(project.ini))


def write(engine: Engine, statement: str) -> None:
    with engine.begin() as connection:
        connection.execute(text(statement))


def test_at_head(migrated: Engine, project: Project) -> None:
    state = state_of(migrated, project)
    assert (state.verdict, str(state)) == (Verdict.AT_HEAD, f"{HEAD} (head)")
    assert state.serves_this_code


def test_behind(migrated: Engine, project: Project) -> None:
    pending = (project.add("pass"), project.add("pass"))
    state = state_of(migrated, project)
    assert (state.verdict, state.pending) == (Verdict.BEHIND, pending)
    assert str(state) == f"{HEAD} (behind, 2 pending: {', '.join(pending)})"
    assert "make migrate" in state.next_step
    assert not state.serves_this_code


def test_empty_and_unmanaged(empty: Engine, project: Project) -> None:
    write(empty, "CREATE TABLE alembic_version (version_num text)")
    state = state_of(empty, project)
    assert (state.verdict, state.pending) == (Verdict.EMPTY, tuple(IDS))
    write(empty, "CREATE TABLE somebodys (n int)")
    state = state_of(empty, project)
    assert state.verdict is Verdict.UNMANAGED
    assert "alembic stamp" in state.next_step
    assert not state.serves_this_code


def test_a_database_taken_back_to_base_is_behind_and_not_unmanaged(
    alembic: Alembic, migrated: Engine, project: Project
) -> None:
    assert alembic(migrated.url, "downgrade", "base") == 0
    assert state_of(migrated, project).verdict is Verdict.EMPTY
    write(migrated, "CREATE TABLE somebodys (n int)")
    assert state_of(migrated, project).verdict is Verdict.BEHIND


@pytest.fixture
def ahead(alembic: Alembic, migrated: Engine, project: Project) -> Engine:
    """Return a database that newer code has migrated."""
    newer = project.add("pass")
    assert alembic(migrated.url, "upgrade", "head", ini=str(project.ini)) == 0
    project.path_of(newer).unlink()
    return migrated


def test_ahead_names_the_revision_when_it_came_and_by_whom(ahead: Engine, project: Project) -> None:
    state = state_of(ahead, project)
    assert (state.verdict, state.unknown, state.pending) == (Verdict.AHEAD, (project.head,), ())
    assert f"{project.head} unknown to this code, whose head is {HEAD}" in str(state)
    assert f"{project.head} applied 20" in str(state)
    assert " by postgres from " in str(state)
    assert "update the code" in state.next_step
    assert state.serves_this_code, "the old code still serves while the new one is deployed"


def test_ahead_without_a_ledger_is_not_trusted(ahead: Engine, project: Project) -> None:
    write(ahead, "DROP TABLE migration_ledger")
    state = state_of(ahead, project)
    assert (state.verdict, state.origins) == (Verdict.AHEAD, ())
    assert not state.serves_this_code


def test_diverged_lacks_what_this_code_has(ahead: Engine, project: Project) -> None:
    """Another branch's revision is in, and ours of the same place is not."""
    ours = project.versions / "other_of_a_test.py"
    ours.write_text(
        f'"""Ours."""\n\nrevision = "other"\ndown_revision = "{HEAD}"\n\n\n'
        "def upgrade() -> None:\n    pass\n",
        encoding="utf-8",
    )
    state = state_of(ahead, project)
    assert (state.verdict, state.pending) == (Verdict.DIVERGED, ("other",))
    assert "make migrate-renumber" in state.next_step
    assert not state.serves_this_code


def test_a_lost_version_table_is_not_mistaken_for_a_downgrade(
    migrated: Engine, project: Project
) -> None:
    write(migrated, "DROP TABLE alembic_version")
    assert state_of(migrated, project).verdict is Verdict.UNMANAGED


def test_without_any_revision_a_database_is_at_head(empty: Engine, project: Project) -> None:
    for path in project.versions.glob("*.py"):
        path.unlink()
    assert state_of(empty, project).verdict is Verdict.AT_HEAD


def test_two_stamps_on_one_line_are_diverged(
    migrated: Engine, project: Project, alembic: Alembic, capsys: pytest.CaptureFixture[str]
) -> None:
    write(migrated, "INSERT INTO alembic_version VALUES ('001')")
    state = state_of(migrated, project)
    assert state.verdict is Verdict.DIVERGED
    assert "one of them is behind the other" in str(state)
    assert alembic(migrated.url, "upgrade", "head") != 0
    assert "alembic stamp --purge REVISION" in capsys.readouterr().err
    assert alembic(migrated.url, "stamp", "--purge", HEAD) == 0
    assert state_of(migrated, project).verdict is Verdict.AT_HEAD


@pytest.mark.parametrize("command", ["upgrade head", "downgrade -1", "current", "check"])
def test_alembic_says_that_the_database_is_ahead_and_not_that_it_cannot_locate(
    command: str,
    ahead: Engine,
    project: Project,
    alembic: Alembic,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert alembic(ahead.url, *command.split(), ini=str(project.ini)) != 0
    error = capsys.readouterr().err
    assert f"the database is at {project.head} (ahead: " in error
    assert "update the code" in error
    assert "Can't locate" not in error
