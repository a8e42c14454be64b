"""What `env.py` does for each of Alembic's commands: online, offline, or about files only."""

import logging
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from pathlib import Path

from alembic import context
from alembic.util import CommandError
from sqlalchemy import MetaData
from sqlalchemy.exc import DBAPIError

import app.db.migrations.operations  # noqa: F401 adds to what `op` can do
from app.db.migrations.bookkeeping import Bookkeeper
from app.db.migrations.connection import Target
from app.db.migrations.failure import describe_failure
from app.db.migrations.headfile import require_one_line  # and the hook that alembic.ini names
from app.db.migrations.ledger import Recorder
from app.db.migrations.online import OnlineRun
from app.db.migrations.provenance import find_provenance
from app.db.migrations.revisions import clean_message, prepare_revision
from app.db.migrations.settings import MigrationSettings
from app.db.migrations.signals import ending_in_order


def run(
    metadata: MetaData,
    *,
    resolve: Callable[[], Target],
    variables: Callable[[], Mapping[str, str]] = lambda: os.environ,
    version: str | None = None,
) -> None:
    """Run the command that Alembic was called with.

    Args:
        metadata: what autogenerate compares the database with.
        resolve: finds the database, or raises ValueError; not called where none is needed.
        variables: returns the settings, of which MIGRATION_* count, or raises ValueError.
        version: of the application, for the ledger.

    Raises:
        CommandError: Anything that is no defect of this program, in one line.
        SystemExit: A command line was interrupted.
    """
    options = context.config.cmd_opts
    if options and _command() == "revision":
        clean_message(options.message)  # before anything is waited for
    if _needs_no_database():
        _run_unconnected()
        return
    require_one_line(context.script)
    try:
        settings = MigrationSettings.read(variables())
        target = resolve()
    except ValueError as error:
        raise CommandError(str(error)) from error
    if context.is_offline_mode():
        _run_offline(metadata, target, _recorder(settings, version))
        return
    with ending_in_order() if options else nullcontext():
        online = OnlineRun(target, settings, lambda: _recorder(settings, version))
        try:
            online.run(metadata, _command())
        except DBAPIError as error:
            raise CommandError(describe_failure(error)) from error


def _run_offline(metadata: MetaData, target: Target, recorder: Recorder) -> None:
    """Write the SQL of the revisions, each in a transaction of its own."""
    context.configure(
        url=target.url,
        target_metadata=metadata,
        literal_binds=True,
        dialect_opts={"paramstyle": "named"},
        transaction_per_migration=True,
        on_version_apply=Bookkeeper(context.script, recorder),
    )
    try:
        with context.begin_transaction():
            context.run_migrations()
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has seen enough, as in `alembic … --sql | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None


def _recorder(settings: MigrationSettings, version: str | None) -> Recorder:
    folder = Path(context.script.dir)
    return Recorder(find_provenance(folder, version, settings.git_commit))


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
