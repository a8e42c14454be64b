"""Write into the ledger what somebody declares: a deliberate edit, or what a database is."""

import re

from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Insert

from app.db.migrations.bookkeeping import Bookkeeper
from app.db.migrations.connection import Target, connect
from app.db.migrations.ledger import Recorder
from app.db.migrations.mutex import hold_mutex
from app.db.migrations.settings import MigrationSettings
from app.db.migrations.state import ancestry, read_state

PRODUCTION = "production"
"""The environment in which nothing is reset."""


class Declarations:
    """The entries that no migration writes; each is written while nobody migrates."""

    def __init__(
        self,
        target: Target,
        settings: MigrationSettings,
        scripts: ScriptDirectory,
        recorder: Recorder,
    ) -> None:
        self._target = target
        self._settings = settings
        self._scripts = scripts
        self._recorder = recorder
        self._bookkeeper = Bookkeeper(scripts, recorder)

    def accept(self, revision: str) -> None:
        """Record that the code of an applied revision is right as it is now.

        Raises:
            CommandError: It is not applied, or the entry cannot be written.
        """
        if revision not in {each.revision for each in self._scripts.walk_revisions()}:
            raise CommandError(
                f"there is no revision {revision}: name one, e.g. make migrate-accept REV=002"
            )
        checksum = self._bookkeeper.checksum(revision)
        self._write(self._recorder.entry("accept", revision, checksum=checksum), revision)

    def declare_environment(self, name: str) -> None:
        """Record what the database is, e.g. `production`.

        Raises:
            CommandError: It is no name, or the entry cannot be written.
        """
        if not re.fullmatch(r"[a-z][a-z0-9_-]{0,31}", name):
            raise CommandError(
                "an environment is a word of lower-case letters, such as production or staging"
            )
        self._write(self._recorder.environment(name))

    def _write(self, entry: Insert, revision: str | None = None) -> None:
        with connect(self._target, self._settings) as connection:
            state = read_state(connection, self._scripts)
            connection.rollback()
            applied = ancestry(set(state.current) - set(state.unknown), self._scripts)
            if revision and revision not in applied:
                raise CommandError(
                    f"revision {revision} is not applied: there is nothing to accept"
                )
            with hold_mutex(self._target, self._settings, connection), connection.begin():
                for each in (*self._bookkeeper.adoption(connection, applied), entry):
                    connection.execute(each)
