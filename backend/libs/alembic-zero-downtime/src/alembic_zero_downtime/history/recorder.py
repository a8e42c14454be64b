"""Record each migration step in the ledger, as Alembic's `on_version_apply` hook."""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from alembic.runtime.migration import MigrationContext, MigrationInfo
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from alembic_zero_downtime._alembic import find_script
from alembic_zero_downtime.history.checksum import checksum_of
from alembic_zero_downtime.history.ledger import (
    EntryFactory,
    NewEntry,
    StepMetrics,
    create_ledger,
    mark_as_not_transactional,
    offline,
    recorded_revisions,
    write_entries,
    write_last_entry,
    write_last_entry_if_possible,
)
from alembic_zero_downtime.history.provenance import find_provenance
from alembic_zero_downtime.history.state import ancestry, in_order
from alembic_zero_downtime.project import Project
from alembic_zero_downtime.settings import MigrationSettings


class LedgerRecorder:
    """Records the steps of one run, each in the step's transaction.

    Revisions that were applied before the ledger existed are adopted first.

    Attributes:
        scripts: the revisions.
        measure: returns the metrics of the running step; None if it is not timed.
        is_transactional: whether the running revision is one transaction, or has autocommit blocks.
        require_mark: called with the mark of the transaction of each step.
    """

    def __init__(
        self,
        project: Project,
        scripts: ScriptDirectory,
        settings: MigrationSettings,
    ) -> None:
        self.scripts = scripts
        self.measure: Callable[[], StepMetrics] | None = None
        self.is_transactional: Callable[[], bool] = lambda: True
        self.require_mark: Callable[[str | None], None] | None = None
        self._project = project
        self._settings = settings
        self._has_created_ledger = False
        self._ledger: int | None = None
        self._looked_at: tuple[bool, tuple[str, ...]] | None = None

    @cached_property
    def entries(self) -> EntryFactory:
        """The factory of the entries; it runs git to read the commit."""
        folder = Path(self.scripts.dir)
        commit = self._settings.git_commit
        return EntryFactory(find_provenance(folder, self._project.version, commit))

    def __call__(
        self,
        ctx: MigrationContext,
        step: MigrationInfo,
        heads: Collection[str],
        run_args: Mapping[str, Any],  # noqa: ARG002 Alembic passes it
    ) -> None:
        """Record one step (Alembic manual, `EnvironmentContext.configure`)."""
        entries = self._entries(step, heads)
        if ctx.as_sql:
            if not self._has_created_ledger:
                ctx.execute(create_ledger())
            self._has_created_ledger = True
            for entry in entries:
                ctx.execute(offline(entry))
        elif ctx.connection is not None:
            self._write(ctx.connection, step, heads, entries)

    def adoption(self, connection: Connection, applied: set[str]) -> list[NewEntry]:
        """Create the ledger if needed; return entries for revisions that it lacks."""
        recorded = recorded_revisions(connection)
        if recorded is None:
            connection.execute(create_ledger())
        return [
            self.entries.entry("adopt", each, checksum=self.checksum(each))
            for each in in_order(applied - (recorded or set()), self.scripts)
        ]

    def purge(self) -> NewEntry:
        """Return the entry for a purged version table."""
        return self.entries.entry("stamp", heads=())

    def checksum(self, revision: str) -> str:
        """Return the checksum of a revision's current code."""
        return checksum_of(Path(find_script(self.scripts, revision).path))

    def _write(
        self,
        connection: Connection,
        step: MigrationInfo,
        heads: Collection[str],
        entries: Sequence[NewEntry],
    ) -> None:
        """Write the entries of a step, and adopt the revisions before it that the ledger lacks.

        It lacks none after a step of this run has committed, unless a revision has truncated the
        ledger or dropped it. A repeated step looks again: its first attempt was rolled back.
        """
        *before, last = entries
        if not self.is_transactional():
            if recorded_revisions(connection) is None:
                connection.execute(create_ledger())
            last = mark_as_not_transactional(connection, last)
        name = step.is_upgrade, step.up_revision_ids
        is_known = self._looked_at not in (None, name) and not before
        written = write_last_entry_if_possible(connection, last) if is_known else None
        if written is None or written.file != self._ledger:
            adopted = self.adoption(connection, self._applied_before(step, heads))
            write_entries(connection, [*adopted, *before])
            self._looked_at = name
        written = written or write_last_entry(connection, last)
        self._ledger = written.file
        if self.require_mark:
            self.require_mark(written.mark)

    def _entries(self, step: MigrationInfo, heads: Collection[str]) -> list[NewEntry]:
        if step.is_stamp:
            new = ancestry(heads, self.scripts) - self._applied_before(step, heads)
            destination = ", ".join(step.destination_revision_ids) or None
            stamped: list[str | None] = [*in_order(new, self.scripts)] or [destination]
            return [
                self.entries.entry(
                    "stamp", each, heads=heads, checksum=self.checksum(each) if each else None
                )
                for each in stamped
            ]
        revision = str(step.up_revision_id)
        return [
            self.entries.entry(
                "upgrade" if step.is_upgrade else "downgrade",
                revision,
                heads=heads,
                checksum=self.checksum(revision),
                metrics=self.measure() if self.measure else None,
            )
        ]

    def _applied_before(self, step: MigrationInfo, heads: Collection[str]) -> set[str]:
        """Return the revisions that were applied before the step."""
        if step.is_stamp:
            return ancestry(step.source_revision_ids, self.scripts)
        after = ancestry(heads, self.scripts)
        revision = {str(step.up_revision_id)}
        return after - revision if step.is_upgrade else after | revision
