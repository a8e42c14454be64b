"""The state of a database compared with the code, and the recommended next step."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from alembic_zero_downtime.history.state import MigrationState, MigrationStatus, read_state
from support.databases import execute
from support.project import HEAD, IDS, ProjectCopy

Alembic = Callable[..., int]
UPDATE = "a newer version of the code migrated this database: update the checkout"


def state_of(engine: Engine, project: ProjectCopy) -> MigrationState:
    with engine.connect() as connection:
        return read_state(connection, project.definition)


def test_at_head(migrated: Engine, project: ProjectCopy) -> None:
    state = state_of(migrated, project)
    assert (state.status, str(state)) == (MigrationStatus.AT_HEAD, f"{HEAD} (head)")
    assert state.is_compatible


def test_behind(migrated: Engine, project: ProjectCopy) -> None:
    pending = (project.add("pass"), project.add("pass"))
    state = state_of(migrated, project)
    assert (state.status, state.pending) == (MigrationStatus.BEHIND, pending)
    assert str(state) == f"{HEAD} (behind, 2 pending: {', '.join(pending)})"
    assert state.next_step == "run alembic upgrade head"
    assert not state.is_compatible


def test_empty_and_unmanaged(empty: Engine, project: ProjectCopy) -> None:
    execute(empty, "CREATE TABLE alembic_version (version_num text)")
    state = state_of(empty, project)
    assert (state.status, state.pending) == (MigrationStatus.EMPTY, tuple(IDS))
    execute(empty, "CREATE TABLE of_another_program (n int)")
    state = state_of(empty, project)
    assert state.status is MigrationStatus.UNMANAGED
    assert "alembic stamp" in state.next_step
    assert not state.is_compatible


def test_a_database_downgraded_to_base_is_behind_and_not_unmanaged(
    alembic: Alembic, migrated: Engine, project: ProjectCopy
) -> None:
    assert alembic(migrated.url, "downgrade", "base") == 0
    assert state_of(migrated, project).status is MigrationStatus.EMPTY
    execute(migrated, "CREATE TABLE of_another_program (n int)")
    assert state_of(migrated, project).status is MigrationStatus.BEHIND


@pytest.fixture
def ahead(alembic: Alembic, migrated: Engine, project: ProjectCopy) -> Engine:
    """Return a database that a newer version of the code has migrated."""
    newer = project.add("pass")
    assert alembic(migrated.url, "upgrade", "head", ini=project.ini) == 0
    project.path_of(newer).unlink()
    return migrated


def test_ahead_names_the_revision_its_time_and_its_role(
    ahead: Engine, project: ProjectCopy
) -> None:
    state = state_of(ahead, project)
    assert (state.status, state.unknown, state.pending) == (
        MigrationStatus.AHEAD,
        (project.head,),
        (),
    )
    assert f"{project.head} unknown to this code, whose head is {HEAD}" in str(state)
    assert f"{project.head} applied 20" in str(state)
    assert " by postgres from " in str(state)
    assert UPDATE in state.next_step
    assert state.is_compatible, "the previous release still runs during a deployment"


def test_ahead_without_a_ledger_is_not_compatible(ahead: Engine, project: ProjectCopy) -> None:
    execute(ahead, "DROP TABLE migration_ledger")
    state = state_of(ahead, project)
    assert (state.status, state.origins) == (MigrationStatus.AHEAD, ())
    assert not state.is_compatible


def test_diverged_lacks_a_revision_of_this_code(ahead: Engine, project: ProjectCopy) -> None:
    """The revision of another branch is applied, and this branch's with the same parent is not."""
    own = project.versions / "other_of_a_test.py"
    own.write_text(
        f'"""This branch."""\n\nrevision = "other"\ndown_revision = "{HEAD}"\n\n\n'
        "def upgrade() -> None:\n    pass\n",
        encoding="utf-8",
    )
    state = state_of(ahead, project)
    assert (state.status, state.pending) == (MigrationStatus.DIVERGED, ("other",))
    assert "merge the branches, alembic-zero-downtime renumber, and downgrade" in state.next_step
    assert not state.is_compatible


def test_a_missing_version_table_is_no_downgrade(migrated: Engine, project: ProjectCopy) -> None:
    execute(migrated, "DROP TABLE alembic_version")
    assert state_of(migrated, project).status is MigrationStatus.UNMANAGED


def test_without_any_revision_a_database_is_at_head(empty: Engine, project: ProjectCopy) -> None:
    for path in project.versions.glob("*.py"):
        path.unlink()
    assert state_of(empty, project).status is MigrationStatus.AT_HEAD


def test_a_revision_and_its_ancestor_are_diverged(
    migrated: Engine, project: ProjectCopy, alembic: Alembic, capsys: pytest.CaptureFixture[str]
) -> None:
    execute(migrated, "INSERT INTO alembic_version VALUES ('001')")
    state = state_of(migrated, project)
    assert state.status is MigrationStatus.DIVERGED
    assert "one of them is behind the other" in str(state)
    assert alembic(migrated.url, "upgrade", "head") != 0
    assert "alembic stamp --purge REVISION" in capsys.readouterr().err
    assert alembic(migrated.url, "stamp", "--purge", HEAD) == 0
    assert state_of(migrated, project).status is MigrationStatus.AT_HEAD


@pytest.mark.parametrize("command", ["upgrade head", "downgrade -1", "current", "check"])
def test_commands_report_a_database_that_is_ahead_and_the_next_step(
    command: str,
    ahead: Engine,
    project: ProjectCopy,
    alembic: Alembic,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert alembic(ahead.url, *command.split(), ini=project.ini) != 0
    error = capsys.readouterr().err
    assert f"the database is at {project.head} (ahead: " in error
    assert UPDATE in error
    assert "Can't locate" not in error
