"""The context of a command: the project, its database and its revisions."""

import sys
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from alembic.config import Config
from alembic.script import ScriptDirectory

from alembic_zero_downtime.database.connection import MigrationDatabase
from alembic_zero_downtime.history.ledger import Ledger, read_ledger
from alembic_zero_downtime.history.recorder import LedgerRecorder
from alembic_zero_downtime.history.state import MigrationState, read_state
from alembic_zero_downtime.migration_environment import MigrationEnvironment
from alembic_zero_downtime.project import Project
from alembic_zero_downtime.revisions.files import require_distinct_ids


class DatabaseStatus(NamedTuple):
    """The state of a database compared with the code's revisions, and its ledger."""

    state: MigrationState
    ledger: Ledger


@dataclass(frozen=True)
class CommandContext:
    """One invocation of a command line.

    Attributes:
        project: the project with the migrations.
        config: its alembic.ini.
        program: the name at the start of each message on standard error.
    """

    project: Project
    config: Config
    program: str

    @cached_property
    def database(self) -> MigrationDatabase:
        """The database, with the settings of migrations.

        Raises:
            MigrationError: A setting is invalid.
        """
        return self.project.migration_database(self.config)

    @cached_property
    def scripts(self) -> ScriptDirectory:
        """The revisions of this code.

        Raises:
            CommandError: They cannot be loaded, or two have the same id.
        """
        return self.environment.scripts

    @cached_property
    def environment(self) -> MigrationEnvironment:
        """The environment in which revisions run.

        Raises:
            CommandError: The revisions cannot be loaded, or two have the same id.
        """
        environment = MigrationEnvironment(self.project, self.config)
        with environment.entered():
            require_distinct_ids(environment.scripts, self.project)
        return environment

    @cached_property
    def recorder(self) -> LedgerRecorder:
        """The recorder that writes this code's entries into the ledger."""
        return LedgerRecorder(self.project, self.scripts, self.database.settings)

    def read_status(self) -> DatabaseStatus:
        """Return the state and the ledger of the database.

        Raises:
            CommandError: The database does not answer, or the revisions cannot be loaded.
        """
        database, scripts = self.database, self.scripts
        with database.connect() as connection:
            state = read_state(connection, self.project, scripts)
            return DatabaseStatus(state, read_ledger(connection))

    def notify(self, message: str) -> None:
        """Print a message that is not part of the command's result to standard error."""
        sys.stderr.write(f"{self.program}: {message}\n")
