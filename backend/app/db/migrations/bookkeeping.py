"""Decide what the ledger gets to know about each step: Alembic's `on_version_apply` hook."""

from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from alembic.runtime.migration import MigrationContext, MigrationInfo
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Insert

from app.db.migrations.checksum import checksum_of
from app.db.migrations.ledger import (
    Effort,
    Recorder,
    create_ledger,
    offline,
    recorded_revisions,
)
from app.db.migrations.state import ancestry, list_revisions


class Bookkeeper:
    """Records the steps of one run, each in its own transaction.

    Revisions that were applied before there was a ledger are adopted on the way.
    """

    def __init__(
        self,
        scripts: ScriptDirectory,
        recorder: Recorder,
        effort: Callable[[], Effort] | None = None,
    ) -> None:
        self._scripts = scripts
        self._recorder = recorder
        self._effort = effort
        self._is_begun = False

    def __call__(
        self,
        ctx: MigrationContext,
        step: MigrationInfo,
        heads: Collection[str],
        run_args: Mapping[str, Any],  # noqa: ARG002 Alembic passes all four
    ) -> None:
        """Record one step (Alembic manual, `EnvironmentContext.configure`)."""
        entries = self._entries(step, heads)
        if ctx.as_sql:
            if not self._is_begun:
                ctx.execute(create_ledger())
            self._is_begun = True
            entries = [offline(entry) for entry in entries]
        elif ctx.connection is not None:
            before = self._before(step, heads)
            entries = [*self.adoption(ctx.connection, before), *entries]
        for entry in entries:
            ctx.execute(entry)

    def adoption(self, connection: Connection, applied: set[str]) -> list[Insert]:
        """Make the ledger if there is none; return entries for what it does not know of."""
        known = recorded_revisions(connection)
        if known is None:
            connection.execute(create_ledger())
        return [
            self._recorder.entry("adopt", each, checksum=self.checksum(each))
            for each in self._in_order(applied - (known or set()))
        ]

    def purge(self) -> Insert:
        """Return the entry for a version table that was emptied."""
        return self._recorder.entry("stamp", heads=())

    def checksum(self, revision: str) -> str:
        """Return the checksum of a revision's code as it is now."""
        return checksum_of(Path(self._scripts.get_revision(revision).path))

    def _entries(self, step: MigrationInfo, heads: Collection[str]) -> list[Insert]:
        if step.is_stamp:
            new = ancestry(set(heads), self._scripts) - self._before(step, heads)
            nowhere = ", ".join(step.destination_revision_ids) or None
            stamped: list[str | None] = [*self._in_order(new)] or [nowhere]
            return [
                self._recorder.entry(
                    "stamp", each, heads=heads, checksum=self.checksum(each) if each else None
                )
                for each in stamped
            ]
        revision = str(step.up_revision_id)
        return [
            self._recorder.entry(
                "upgrade" if step.is_upgrade else "downgrade",
                revision,
                heads=heads,
                checksum=self.checksum(revision),
                effort=self._effort() if self._effort else None,
            )
        ]

    def _before(self, step: MigrationInfo, heads: Collection[str]) -> set[str]:
        """Return what was applied before the step."""
        if step.is_stamp:
            return ancestry(set(step.source_revision_ids), self._scripts)
        after = ancestry(set(heads), self._scripts)
        revision = {str(step.up_revision_id)}
        return after - revision if step.is_upgrade else after | revision

    def _in_order(self, revisions: Iterable[str]) -> list[str]:
        wanted = set(revisions)
        return [each.revision for each in list_revisions(self._scripts) if each.revision in wanted]
