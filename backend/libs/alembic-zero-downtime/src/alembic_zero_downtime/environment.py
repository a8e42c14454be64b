"""The entry point for `env.py`: runs Alembic's commands with a connection, offline, or on files."""

import logging
import os
import sys
from contextlib import nullcontext, redirect_stdout
from functools import partial
from typing import Any

from alembic import context
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError, to_tuple
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

import alembic_zero_downtime.operations
import alembic_zero_downtime.revisions.head_file  # noqa: F401 registers the write hook `head`
from alembic_zero_downtime._alembic import (
    command_name,
    resetting_settings,
    version_locations,
)
from alembic_zero_downtime._exits import exits_refused
from alembic_zero_downtime.database.connection import MigrationDatabase
from alembic_zero_downtime.database.url import DatabaseURL
from alembic_zero_downtime.errors import MigrationError, describe_error, describe_failure
from alembic_zero_downtime.history.recorder import LedgerRecorder
from alembic_zero_downtime.migration_environment import (
    ALL_HEADS,
    CONNECTION,
    MigrationEnvironment,
    configure_arguments,
    write_version_schema,
)
from alembic_zero_downtime.project import Project
from alembic_zero_downtime.revisions.files import require_distinct_ids
from alembic_zero_downtime.revisions.left_out import FAILED, fail_after_writing
from alembic_zero_downtime.revisions.numbering import check_message, prepare_revision
from alembic_zero_downtime.runtime.command import MigrationCommand
from alembic_zero_downtime.signals import graceful_exit

PROJECT_CALLBACK = "alembic_zero_downtime.project_callback"
"""The key in `Config.attributes` of the function that `load_project` gets the project with."""


def run(project: Project) -> None:
    """Run Alembic's current command; called by `env.py`.

    On Alembic's command line, a failure is one line on standard error and exit code 255. Alembic
    itself would print it twice, there and on standard output.

    Raises:
        CommandError: The command failed for a reason that the user can fix; to a calling program.
        SystemExit: The command failed or was interrupted; on the command line.
    """
    try:
        _run(project)
    except CommandError as error:
        if not context.config.cmd_opts:
            raise
        sys.stderr.write(f"FAILED: {error}\n")
        raise SystemExit(FAILED) from error


def _run(project: Project) -> None:
    config = context.config
    if callback := config.attributes.get(PROJECT_CALLBACK):
        callback(project)
        return
    options = config.cmd_opts
    if options and _command() == "revision":
        check_message(project, options.message)  # before any wait
        _require_writable_folder()
    if _is_file_command():
        with exits_refused():
            _run_file_command(project)
        return
    if context.is_offline_mode():
        _run_offline(project, project.resolve_database(config))
        return
    logging.getLogger("alembic.runtime.migration").addFilter(_is_news)
    with graceful_exit() if options else nullcontext(), exits_refused():
        require_distinct_ids(context.script, project)
        try:
            _run_connected(project, config)
            _try_new_revisions(project, config)
        except DBAPIError as error:
            raise MigrationError(describe_failure(error)) from error


def _is_news(record: logging.LogRecord) -> bool:
    """Whether a line of Alembic's log depends on the run; two are the same in every run."""
    return not str(record.msg).startswith(("Context impl", "Will assume"))


def load_project(config: Config) -> Project:
    """Return the project that `env.py` passes to `run`.

    Raises:
        MigrationError: `env.py` fails, or does not call `run`.
    """
    projects: list[Project] = []
    scripts = ScriptDirectory.from_config(config)
    config.attributes[PROJECT_CALLBACK] = projects.append
    try:
        with EnvironmentContext(config, scripts, destination_rev=ALL_HEADS):
            scripts.run_env()
    except CommandError:
        raise
    except Exception as error:  # the project's own code raises anything
        raise MigrationError(f"{scripts.env_py_location} fails: {describe_error(error)}") from error
    finally:
        del config.attributes[PROJECT_CALLBACK]
    if not projects:
        raise MigrationError(
            f"{scripts.env_py_location} does not call alembic_zero_downtime.run(Project(…))"
        )
    return projects[0]


def _run_connected(project: Project, config: Config) -> None:
    """Run on the connection or the engine of the calling program, else on a new connection."""
    bind: Any = config.attributes.get(CONNECTION)
    if bind is None:
        MigrationCommand(project, project.migration_database(config)).run()
        return
    address = DatabaseURL(bind.engine.url, 'config.attributes["connection"]')
    database = MigrationDatabase(
        *(address, project.read_settings(), bind.engine), version_table=project.version_table
    )
    match bind:
        case Engine():
            MigrationCommand(project, database).run()
        case Connection():
            MigrationCommand(project, database, bind).run()
        case _:  # stands for one open connection, as the wrapper of pytest-alembic does
            with bind.connect() as connection:
                MigrationCommand(project, database, connection).run()


def _try_new_revisions(project: Project, config: Config) -> None:
    """Try the revisions that Alembic is about to write, when no connection is open any more."""
    migrations = context.get_context()
    if command_name(migrations) != "revision":
        return
    # Every command imports this module, but only autogenerate needs this.
    from alembic_zero_downtime.trial.command import try_new_revisions  # noqa: PLC0415

    environment = MigrationEnvironment(project, config, context.script)
    try_new_revisions(environment, migrations.opts["revision_context"])
    fail_after_writing(migrations, is_command_line=bool(config.cmd_opts))


def _run_offline(project: Project, database: DatabaseURL) -> None:
    """Write the SQL of the revisions, each in a separate transaction (offline mode)."""
    recorder = LedgerRecorder(project, context.script, project.read_settings())
    arguments = _without_directives(project)
    own: Any = to_tuple(arguments.get("on_version_apply", ()))
    context.configure(
        url=database.url,
        target_metadata=project.load_metadata(),
        **{**arguments, "on_version_apply": (recorder, *own)},
    )
    migrations: Any = context.get_context()
    resetting_settings(migrations, migrations.impl.reset_settings)
    try:
        # What a revision prints is no SQL.
        with exits_refused(), redirect_stdout(sys.stderr):
            require_distinct_ids(context.script, project)
            write_version_schema(context, project)
            with context.begin_transaction():
                context.run_migrations(**project.run_arguments)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader closed the pipe, as `alembic … --sql | head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    except CommandError:
        raise
    except Exception as error:  # a revision's code may raise anything
        raise MigrationError(f"{describe_error(error)}. The script is incomplete") from error


def _command() -> str | None:
    """Return the name of Alembic's command; None when a program calls Alembic."""
    options = context.config.cmd_opts
    command = getattr(options, "cmd", None)
    return command[0].__name__ if command else None


def _require_writable_folder() -> None:
    """Refuse to write a revision where no folder of revisions is writable.

    Raises:
        MigrationError: All are read-only.
    """
    folders = version_locations(context.script)
    if not any(os.access(folder, os.W_OK) for folder in folders if folder.exists()):
        raise MigrationError(f"cannot write a revision: {folders[0]} is read-only")


def _is_file_command() -> bool:
    """Whether the command needs no database; Alembic runs env.py for it all the same."""
    options = context.config.cmd_opts
    match _command():
        case "merge":
            return True
        case "revision":
            return not getattr(options, "autogenerate", False)
        case "history":
            shows_current = getattr(options, "indicate_current", False)
            return not (shows_current or "current" in (getattr(options, "rev_range", None) or ""))
        case _:
            return False


def _run_file_command(project: Project) -> None:
    """Number a new revision, or list the revisions."""
    logging.getLogger("alembic.runtime.migration").setLevel(logging.WARNING)  # nothing runs
    context.configure(
        dialect_name="postgresql",
        as_sql=True,
        process_revision_directives=partial(prepare_revision, project),
        **_without_directives(project),
    )
    context.run_migrations()


def _without_directives(project: Project) -> dict[str, Any]:
    """Return the arguments without the project's hook, which `prepare_revision` calls."""
    options = configure_arguments(project, as_sql=True)
    options.pop("process_revision_directives", None)
    return options
