"""What `env.py` does for each of Alembic's commands: online, offline, or about files only."""

import logging
from collections.abc import Callable

from alembic import context
from alembic.util import CommandError
from sqlalchemy import Connection, MetaData
from sqlalchemy.exc import DBAPIError

from app.db.migrations.connection import Target, connect
from app.db.migrations.failure import describe_failure
from app.db.migrations.revisions import clean_message, prepare_revision
from app.db.migrations.state import MigrationState, compare

# Without the second, Alembic sees no CHECK that a model adds, drops or renames.
AUTOGENERATE = ["alembic.autogenerate.*", "alembic.ext.checkconstraint_byname"]

logger = logging.getLogger(__name__)


def run(metadata: MetaData, resolve: Callable[[], Target]) -> None:
    """Run the command that Alembic was called with.

    Args:
        metadata: what autogenerate compares the database with.
        resolve: finds the database, or raises ValueError; not called where none is needed.

    Raises:
        CommandError: Anything that is no defect of this program, in one line.
    """
    options = context.config.cmd_opts
    if options and _command() == "revision":
        clean_message(options.message)  # before anything is waited for
    if _needs_no_database():
        _run_unconnected()
        return
    try:
        target = resolve()
    except ValueError as error:
        raise CommandError(str(error)) from error
    if context.is_offline_mode():
        _run_offline(metadata, target)
    else:
        _run_online(metadata, target)


def _run_offline(metadata: MetaData, target: Target) -> None:
    """Write the SQL of the revisions, each in a transaction of its own."""
    context.configure(
        url=target.url,
        target_metadata=metadata,
        literal_binds=True,
        dialect_opts={"paramstyle": "named"},
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def _run_online(metadata: MetaData, target: Target) -> None:
    logger.info("Database: %s", target)
    with connect(target) as connection:
        _migrate(connection, metadata)


def _migrate(connection: Connection, metadata: MetaData) -> None:
    steps: list[object] = []
    context.configure(
        connection=connection,
        target_metadata=metadata,
        transaction_per_migration=True,
        compare_server_default=True,
        autogenerate_plugins=AUTOGENERATE,
        process_revision_directives=prepare_revision if _command() == "revision" else None,
        on_version_apply=lambda step, **_: steps.append(step),
    )
    if _command() in ("revision", "check"):
        _require_head(_read_state())
    try:
        with context.begin_transaction():
            context.run_migrations()
    except DBAPIError as error:
        raise CommandError(describe_failure(error)) from error
    if _command() in ("upgrade", "downgrade"):
        state = _read_state()
        logger.info("%s %s", "Now at" if steps else "Nothing to do: at", state)


def _require_head(state: MigrationState) -> None:
    if not state.is_at_head:
        raise CommandError(
            f"the database is at {state}: apply what is pending first (make migrate)"
        )


def _read_state() -> MigrationState:
    return compare(context.get_context().get_current_heads(), context.script)


def _command() -> str | None:
    """Return the name of Alembic's command; nothing when a program calls Alembic."""
    options = context.config.cmd_opts
    return options.cmd[0].__name__ if options else None


def _needs_no_database() -> bool:
    """Whether the command is about files only; Alembic calls env.py for it all the same."""
    options = context.config.cmd_opts
    match _command():
        case "merge":
            return True
        case "revision":
            return not getattr(options, "autogenerate", False)
        case "history":
            asks_where = getattr(options, "indicate_current", False)
            return not (asks_where or "current" in (getattr(options, "rev_range", None) or ""))
        case _:
            return False


def _run_unconnected() -> None:
    """Number a new file, or list the files there are."""
    logging.getLogger("alembic.runtime.migration").setLevel(logging.WARNING)  # nothing runs
    context.configure(
        dialect_name="postgresql",
        as_sql=True,
        process_revision_directives=prepare_revision,
    )
    context.run_migrations()
