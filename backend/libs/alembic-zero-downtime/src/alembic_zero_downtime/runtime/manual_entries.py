"""Ledger entries without a migration: an accepted edit, and the environment."""

import re

from alembic_zero_downtime.database.connection import MigrationDatabase
from alembic_zero_downtime.errors import MigrationError
from alembic_zero_downtime.history.declared_environment import PRODUCTION, means_production
from alembic_zero_downtime.history.ledger import NewEntry, write_entries
from alembic_zero_downtime.history.recorder import LedgerRecorder
from alembic_zero_downtime.history.state import ancestry, read_state
from alembic_zero_downtime.project import Project
from alembic_zero_downtime.runtime.migration_lock import hold_migration_lock


def accept_revision(
    project: Project, database: MigrationDatabase, recorder: LedgerRecorder, revision: str
) -> None:
    """Accept an edited migration: record the checksum of its current code.

    Raises:
        MigrationError: The revision is not applied, or the entry cannot be written.
    """
    example = project.commands.accept.format("002")
    if revision in ("", "head"):
        raise MigrationError(f"name the edited revision: {example}")
    if revision not in ancestry(recorder.scripts.get_heads(), recorder.scripts):
        raise MigrationError(f"there is no revision {revision}: name one, e.g. {example}")
    checksum = recorder.checksum(revision)
    entry = recorder.entries.entry("accept", revision, checksum=checksum)
    _write(project, database, recorder, entry, revision)


def set_environment(
    project: Project, database: MigrationDatabase, recorder: LedgerRecorder, name: str
) -> None:
    """Record the environment of the database, e.g. `production`.

    Raises:
        MigrationError: The name is invalid, or the entry cannot be written.
    """
    example = project.commands.stamp_env.format(PRODUCTION)
    if not name:
        raise MigrationError(f"name the environment: {example}")
    if name != PRODUCTION and means_production(name):
        raise MigrationError(
            f"{name!r} does not protect a database, {PRODUCTION!r} does: {example}"
        )
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,31}", name):
        raise MigrationError("an environment is a lower-case name, such as production or staging")
    _write(project, database, recorder, recorder.entries.entry("environment", environment=name))


def _write(
    project: Project,
    database: MigrationDatabase,
    recorder: LedgerRecorder,
    entry: NewEntry,
    revision: str | None = None,
) -> None:
    """Write an entry under the migration lock."""
    scripts = recorder.scripts
    with database.connect() as connection:
        state = read_state(connection, project, scripts)
        connection.rollback()
        applied = ancestry(set(state.current) - set(state.unknown), scripts)
        if revision and revision not in applied:
            raise MigrationError(f"revision {revision} is not applied: there is nothing to accept")
        with hold_migration_lock(database, connection), connection.begin():
            write_entries(connection, [*recorder.adoption(connection, applied), entry])
