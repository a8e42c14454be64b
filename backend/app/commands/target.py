"""Find the database that a command is about, as migrations reach it."""

from typing import NamedTuple

from alembic.script import ScriptDirectory

from app import BACKEND, VERSION
from app.commands import INI_FILE
from app.db.migrations.connection import connect
from app.db.migrations.headfile import require_one_line
from app.db.migrations.ledger import Ledger, Recorder, read_ledger
from app.db.migrations.provenance import find_provenance
from app.db.migrations.settings import MigrationSettings
from app.db.migrations.state import MigrationState, load_scripts, read_state
from app.db.url import DatabaseURL, read_variables, resolve_migration_url
from app.errors import SettingsError


class Standing(NamedTuple):
    """A database and the code's revisions, how they stand, and what was recorded."""

    database: DatabaseURL
    scripts: ScriptDirectory
    state: MigrationState
    ledger: Ledger


def find_target() -> tuple[DatabaseURL, MigrationSettings]:
    """Return the database and the settings of its sessions.

    Raises:
        SettingsError: A setting is wrong.
    """
    database = resolve_migration_url()
    try:
        return database, MigrationSettings.read(read_variables())
    except ValueError as error:
        raise SettingsError(str(error)) from None


def find_scripts() -> ScriptDirectory:
    """Return the revisions of this code.

    Raises:
        CommandError: They cannot be loaded, or two have one number.
    """
    scripts = load_scripts(INI_FILE)
    require_one_line(scripts)
    return scripts


def read_standing() -> Standing:
    """Return the database that is meant, and what it and the code know of each other.

    Raises:
        SettingsError: A setting is wrong.
        CommandError: The database does not answer, or the revisions cannot be loaded.
    """
    database, settings = find_target()
    scripts = find_scripts()
    with connect(database, settings) as connection:
        return Standing(database, scripts, read_state(connection, scripts), read_ledger(connection))


def make_recorder(settings: MigrationSettings) -> Recorder:
    """Return what writes into the ledger for this code."""
    return Recorder(find_provenance(BACKEND, VERSION, settings.git_commit))
