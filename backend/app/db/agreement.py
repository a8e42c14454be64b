"""Tell whether models, migrations and a database agree."""

from dataclasses import dataclass
from pathlib import Path

from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import MetaData

from app.db.migrations.connection import Target, connect
from app.db.migrations.drift.catalog import Catalog, fingerprint, read_catalog
from app.db.migrations.drift.comparison import Difference, compare
from app.db.migrations.drift.models import catalog_of_models, read_models
from app.db.migrations.drift.reprint import reprint_views
from app.db.migrations.headfile import require_one_line
from app.db.migrations.settings import MigrationSettings
from app.db.migrations.state import (
    MigrationState,
    Verdict,
    load_scripts,
    read_heads,
    read_state,
)
from app.db.replay import Replay, replaying

# Where it is known what the migrations have made of a database. Nothing has made an empty one.
COMPARABLE = {Verdict.AT_HEAD, Verdict.BEHIND, Verdict.EMPTY}


@dataclass(frozen=True)
class Live:
    """A database as it was at a moment."""

    state: MigrationState
    catalog: Catalog


@dataclass(frozen=True)
class Agreement:
    """What was found.

    Attributes:
        state: how the database and the code's revisions stand to each other.
        models: in what the models are not as the migrations up to the head make them.
        autogenerate: what Alembic would write where it sees more than that.
        database: in what the database is not as its own revisions make it; None if that cannot
            be told.
        fingerprint: of the database.
        expected_fingerprint: of what its revisions make; None if that cannot be told.
    """

    state: MigrationState
    models: tuple[Difference, ...]
    autogenerate: tuple[str, ...]
    database: tuple[Difference, ...] | None
    fingerprint: str
    expected_fingerprint: str | None

    @property
    def do_models_agree(self) -> bool:
        """Whether no revision is missing."""
        return not self.models and not self.autogenerate


def find_agreement(
    target: Target, settings: MigrationSettings, ini_file: Path, metadata: MetaData
) -> Agreement:
    """Compare the models with the migrations, and the migrations with a database.

    The database is only read. What it should be is made on a server of its own.

    Args:
        target: the database.
        settings: of its session.
        ini_file: names the migrations.
        metadata: the models.

    Raises:
        CommandError: The database does not answer, or the migrations do not run.
        EmbeddedServerError: There is no server to run them on.
    """
    scripts = load_scripts(ini_file)
    require_one_line(scripts)
    live = read_live(target, settings, scripts)
    state = live.state
    with replaying(ini_file) as replay:
        database, expected = None, None
        if state.verdict in COMPARABLE:
            expected = replay.migrate(state.current)
            actual = live.catalog
            if actual.version != expected.version:
                actual = reprint_views(replay.connection, actual)
                replay.connection.rollback()
            database = compare(expected, actual)
        models = compare_models(replay, replay.migrate(state.heads), metadata)
        autogenerate = () if models else tuple(replay.autogenerate(metadata))
    return Agreement(
        *(state, models, autogenerate, database, fingerprint(live.catalog)),
        fingerprint(expected) if expected else None,
    )


def read_live(target: Target, settings: MigrationSettings, scripts: ScriptDirectory) -> Live:
    """Return where a database stands and what is in it, in a transaction that can only read.

    Raises:
        CommandError: It does not answer, or somebody migrates it at this moment.
    """
    with connect(target, settings) as connection:
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")
        state = read_state(connection, scripts)
        catalog = read_catalog(connection)
        if read_heads(connection) != state.current:
            raise CommandError("the database is being migrated: run this again when that is done")
    return Live(state, catalog)


def compare_models(replay: Replay, migrated: Catalog, metadata: MetaData) -> tuple[Difference, ...]:
    """Return what a revision would have to do for the models, on a replay that is at the head."""
    models = read_models(replay.connection, metadata)
    replay.connection.rollback()
    return compare(catalog_of_models(migrated), models, "the models")
