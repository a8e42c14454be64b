"""Check what a migration needs: the environment, the server, the schema and the disk."""

import argparse
import os
import platform
import re
import shutil
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

from alembic.util import CommandError
from rich.filesize import decimal
from sqlalchemy import Connection, Row, text

from alembic_zero_downtime import embedded
from alembic_zero_downtime._git import run_git
from alembic_zero_downtime.cli.context import CommandContext
from alembic_zero_downtime.cli.exit_codes import Exit
from alembic_zero_downtime.cli.output import print_json, stdout
from alembic_zero_downtime.database.client import find_programs
from alembic_zero_downtime.database.connection import MigrationDatabase
from alembic_zero_downtime.errors import describe_error
from alembic_zero_downtime.history.ledger import read_ledger
from alembic_zero_downtime.history.state import MigrationStatus, list_some, read_state
from alembic_zero_downtime.history.verification import edited_revisions
from alembic_zero_downtime.settings import parse_duration

OLDEST_SERVER = 15  # the oldest major version that the tests run on
LIMIT_SECONDS = 60.0  # for all questions to the server; the first start of an embedded one takes 10
STATEMENT_TIMEOUT = "5s"
NEEDED_CONNECTIONS = 5
NEEDED_BYTES = 1_000_000_000  # for WAL and a dump
REQUIREMENT = re.compile(r"(?P<name>[\w-]+)>=(?P<least>[\d.]+)(?P<extra>; extra == .*)?$")
# Parameters of a role or a database that end other sessions than those of this library.
TIMEOUTS = ("idle_session_timeout", "transaction_timeout", "statement_timeout")
SERVER = text("""
    SELECT current_setting('server_version') AS version,
           current_setting('server_version_num')::int / 10000 AS major,
           current_user AS role, current_schema() AS schema, pg_is_in_recovery() AS is_standby,
           current_setting('transaction_read_only') = 'on' AS is_read_only,
           coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS may_create,
           (SELECT count(*) FROM pg_class
             WHERE relnamespace = to_regnamespace(quote_ident(current_schema()))
               AND relkind IN ('r', 'p') AND NOT pg_has_role(relowner, 'USAGE')) AS foreign_tables,
           current_setting('server_encoding') AS encoding,
           current_setting('lock_timeout') AS lock_timeout,
           current_setting('max_connections')::int
           - (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS free
""")
PARAMETERS = text("""
    SELECT split_part(setting, '=', 1) AS name, split_part(setting, '=', 2) AS value,
           CASE WHEN setrole = 0 THEN format('DATABASE %I', current_database())
                ELSE format('ROLE %I', current_user) END AS owner
      FROM pg_db_role_setting AS s, unnest(setconfig) AS setting
     WHERE setrole IN (0, (SELECT oid FROM pg_roles WHERE rolname = current_user))
       AND setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
""")


class Level(StrEnum):
    """The result of a check."""

    OK = "ok"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True)
class Check:
    """The result of a check, on one line, with the fix unless all is well."""

    area: str
    level: Level
    message: str
    fix: str = ""


def run(context: CommandContext, arguments: argparse.Namespace) -> int:
    """Check the environment, the server, the schema and the disk."""
    checks = [*check_environment(context)]
    try:
        database = context.database.without_waiting()
    except CommandError as error:
        checks.append(Check("environment", Level.FAILURE, str(error), "correct the setting"))
    else:
        checks += check_server_in_time(context, database)
        checks += check_disk(context, database)
    if arguments.json:
        print_json({"checks": [asdict(each) for each in checks]})
    else:
        with stdout() as console:
            for each in checks:
                fix = f": {each.fix}" if each.fix else ""
                console.print(f"{each.level:8} {each.area}: {each.message}{fix}", soft_wrap=True)
    has_failed = any(each.level is Level.FAILURE for each in checks)
    return Exit.FAILED if has_failed else Exit.OK


def check_environment(context: CommandContext) -> Iterator[Check]:
    """Check Python, the packages, the settings, git and the programs of PostgreSQL."""
    area = "environment"
    yield Check(area, Level.OK, f"Python {platform.python_version()}")
    wrong = list(_wrong_packages())
    if wrong:
        fix = context.project.commands.install
        yield Check(area, Level.FAILURE, f"packages: {', '.join(wrong)}", fix)
    else:
        yield Check(area, Level.OK, "packages: the required versions")
    try:
        context.project.variables()
    except ValueError as error:
        yield Check(area, Level.FAILURE, str(error), "correct the file")
    else:
        yield Check(area, Level.OK, "settings: readable")
        yield from _check_programs(context)
    folder = Path(context.config.config_file_name or ".").resolve().parent
    if run_git(folder, "rev-parse", "HEAD"):
        yield Check(area, Level.OK, "git: available")
    else:
        yield Check(
            area,
            Level.WARNING,
            "git: not available here, so the ledger gets no commit",
            "set MIGRATION_GIT_COMMIT, or install git",
        )


def _check_programs(context: CommandContext) -> Iterator[Check]:
    """Check the PostgreSQL of disposable servers, if another one than the wheel's is set."""
    try:
        folder = context.project.read_settings().shadow_bin
        found = embedded.read_version(Path(folder)) if folder else None
    except CommandError:
        return  # an invalid setting, which is reported with the database
    except embedded.ProgramsError as error:
        yield Check("environment", Level.FAILURE, str(error), "correct the setting")
        return
    if found:
        yield Check("environment", Level.OK, f"disposable servers: PostgreSQL {found} in {folder}")


def _wrong_packages() -> Iterator[str]:
    """Yield the packages that this library requires and that are missing or too old."""
    for requirement in requires("alembic-zero-downtime") or ():
        found = REQUIREMENT.match(requirement)
        if not found:
            continue
        try:
            installed = version(found["name"])
        except PackageNotFoundError:
            if not found["extra"]:
                yield f"{found['name']} is not installed"
            continue
        if _numbers(installed) < _numbers(found["least"]):
            yield f"{found['name']} {installed} is older than {found['least']}"


def _numbers(release: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", release)]


def check_server_in_time(context: CommandContext, database: MigrationDatabase) -> list[Check]:
    """Return the checks of the server and the schema, in bounded time.

    The driver blocks in C: a thread that gets no answer is left behind.
    """
    checks: list[Check] = []

    def collect() -> None:
        checks.extend(check_server(context, database))

    thread = threading.Thread(target=collect, name="doctor", daemon=True)
    thread.start()
    thread.join(LIMIT_SECONDS)
    if thread.is_alive():
        message = f"{database}: no answer within {LIMIT_SECONDS:.0f} s"
        checks.append(Check("server", Level.FAILURE, message, "check the network and the server"))
    return list(checks)


def check_server(context: CommandContext, database: MigrationDatabase) -> Iterator[Check]:
    """Connect, and check the server, the role, harmful parameters and the schema."""
    try:
        with database.connect() as connection:
            connection.exec_driver_sql(f"SET LOCAL statement_timeout = '{STATEMENT_TIMEOUT}'")
            facts = connection.execute(SERVER).one()
            yield Check("server", Level.OK, f"{database}: PostgreSQL {facts.version}")
            yield from _check_facts(facts, database)
            yield from _check_parameters(connection)
            yield from _check_schema(context, connection)
    except CommandError as error:
        fix = f"start the server, or correct {database.url_setting}"
        yield Check("server", Level.FAILURE, str(error), fix)
    except Exception as error:  # noqa: BLE001 in a thread of its own, any other would be lost
        fix = "correct the rights of the role, or the server"
        yield Check("server", Level.FAILURE, describe_error(error), fix)


def _check_facts(facts: Row[Any], database: MigrationDatabase) -> Iterator[Check]:
    area = "server"
    yield from _find_faults(facts, database)
    if facts.may_create:
        yield Check(area, Level.OK, f"role {facts.role} may create tables in {facts.schema}")
    if not find_programs("pg_dump", database.address):
        yield Check(area, Level.WARNING, "pg_dump is not installed", "install it: a reset dumps")


def _find_faults(facts: Row[Any], database: MigrationDatabase) -> Iterator[Check]:
    asked = database.settings.lock_timeout
    for is_wrong, level, message, fix in (
        (
            facts.major < OLDEST_SERVER,
            Level.WARNING,
            f"PostgreSQL {facts.major} is not tested",
            f"use {OLDEST_SERVER} or newer",
        ),
        (
            facts.is_standby,
            Level.FAILURE,
            "it is a standby, which is read-only",
            "use the address of the primary",
        ),
        (
            facts.is_read_only and not facts.is_standby,
            Level.FAILURE,
            "its transactions are read-only",
            "reset default_transaction_read_only",
        ),
        (
            facts.schema is None,
            Level.FAILURE,
            f"role {facts.role}: no schema of its search_path exists",
            "create one, or set search_path",
        ),
        (
            facts.schema is not None and not facts.may_create,
            Level.FAILURE,
            f"role {facts.role} may not create tables in schema {facts.schema}",
            f"GRANT CREATE ON SCHEMA {facts.schema} TO {facts.role}",
        ),
        (
            facts.foreign_tables > 0,
            Level.WARNING,
            f"role {facts.role} does not own {facts.foreign_tables} tables, and cannot alter them",
            "migrate as their owner, or grant that role",
        ),
        (
            facts.encoding != "UTF8",
            Level.WARNING,
            f"the encoding of the database is {facts.encoding}",
            "create it with UTF8",
        ),
        (
            parse_duration(facts.lock_timeout) != parse_duration(asked),
            Level.WARNING,
            f"lock_timeout is {facts.lock_timeout}, not {asked}: a pooler ignores startup options",
            f"set {database.url_setting} to the server itself",
        ),
        (
            facts.free < NEEDED_CONNECTIONS,
            Level.WARNING,
            f"only {facts.free} more connections are possible",
            "close some, or raise max_connections",
        ),
    ):
        if is_wrong:
            yield Check("server", level, message, fix)


def _check_parameters(connection: Connection) -> Iterator[Check]:
    """Check the parameters of the role and the database; the library's own sessions override them.

    A script of `--sql` in psql has them.
    """
    for row in connection.execute(PARAMETERS):
        if row.name in TIMEOUTS and row.value not in ("0", ""):
            yield Check(
                "server",
                Level.WARNING,
                f"{row.name} is {row.value}: it ends a script of alembic --sql in psql",
                f"ALTER {row.owner} RESET {row.name}, or set it to 0 in the script",
            )


def _check_schema(context: CommandContext, connection: Connection) -> Iterator[Check]:
    area, project = "schema", context.project
    try:
        scripts = context.scripts
    except CommandError as error:
        yield Check(area, Level.FAILURE, str(error), "correct the revision")
        return
    state = read_state(connection, project, scripts)
    level = {
        MigrationStatus.AT_HEAD: Level.OK,
        MigrationStatus.BEHIND: Level.WARNING,
        MigrationStatus.EMPTY: Level.WARNING,
    }.get(state.status, Level.FAILURE)
    yield Check(area, level, f"at {state}", "" if state.is_at_head else state.next_step)
    if edited := edited_revisions(state, read_ledger(connection), scripts):
        message = f"edited since they were applied: {list_some(edited)}"
        yield Check(area, Level.WARNING, message, project.commands.verify)


def check_disk(context: CommandContext, database: MigrationDatabase) -> Iterator[Check]:
    """Check the space for the dumps of a reset and for the embedded server."""
    folders: dict[str, Path] = {"dumps": context.project.backups}
    if database.address.is_embedded:
        folders["embedded server"] = Path(str(database.address.url.query["directory"]))
        if not embedded.is_installed():
            fix = context.project.commands.install
            yield Check("disk", Level.FAILURE, "the embedded server is not installed", fix)
    for use, folder in folders.items():
        place = folder.resolve()
        existing = next(each for each in (place, *place.parents) if each.exists())
        free = shutil.disk_usage(existing).free
        message = f"{use} in {folder}: {decimal(free)} free"
        if not os.access(existing, os.W_OK):
            yield Check("disk", Level.WARNING, f"{message}, not writable", "choose another folder")
        elif free < NEEDED_BYTES:
            yield Check("disk", Level.WARNING, message, f"keep {decimal(NEEDED_BYTES)} free")
        else:
            yield Check("disk", Level.OK, message)
