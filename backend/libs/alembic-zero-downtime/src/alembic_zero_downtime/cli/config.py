"""Show the settings in force and where each is set."""

import argparse
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

from rich.table import Table

from alembic_zero_downtime.cli.context import CommandContext
from alembic_zero_downtime.cli.exit_codes import Exit
from alembic_zero_downtime.cli.output import print_json, stdout
from alembic_zero_downtime.errors import MigrationError
from alembic_zero_downtime.settings import PARSERS, MigrationSettings

SHOWN_LIBPQ_VARIABLES = {"PGHOST", "PGPORT", "PGUSER", "PGDATABASE", "PGSSLMODE"}
HIDDEN = "***"
DEFAULT, ENVIRONMENT = "default", "environment"


@dataclass(frozen=True)
class Setting:
    """A setting, its value in force and its source; `problem` says why there is no value."""

    name: str
    value: str | None
    source: str
    problem: str | None = None


def run(context: CommandContext, arguments: argparse.Namespace) -> int:
    """Show each setting in force and where it is set, without passwords."""
    settings = list(read_settings(context))
    if arguments.json:
        print_json({"settings": [asdict(each) for each in settings]})
    else:
        table = Table("Setting", "Value", "Source")
        for each in settings:
            table.add_row(each.name, each.problem or each.value or "not set", each.source)
        stdout().print(table)
    problems = [each.problem for each in settings if each.problem]
    for problem in problems:
        context.notify(problem)
    return Exit.FAILED if problems else Exit.OK


def read_settings(context: CommandContext) -> Iterator[Setting]:
    """Yield the database, the settings of migrations, and what libpq reads by itself."""
    yield Setting("alembic.ini", context.config.config_file_name, "project")
    try:
        address = context.project.resolve_database(context.config)
    except MigrationError as error:
        yield Setting("database", None, "not known", str(error))
    else:
        yield Setting("database", address.masked, address.source)
    try:
        variables = context.project.variables()
    except ValueError as error:
        yield Setting("MIGRATION_*", None, context.project.variables_file, str(error))
        variables = os.environ
    for field in [*PARSERS, "allow_data_loss"]:
        yield _read_setting(field, variables, context.project.variables_file)
    for name in sorted(os.environ):
        if name.startswith("PG") and os.environ[name]:
            is_shown = name in SHOWN_LIBPQ_VARIABLES
            yield Setting(name, os.environ[name] if is_shown else HIDDEN, ENVIRONMENT)


def _read_setting(field: str, variables: Mapping[str, str], file: str) -> Setting:
    name = "ALLOW_DATA_LOSS" if field == "allow_data_loss" else f"MIGRATION_{field.upper()}"
    source = ENVIRONMENT if name in os.environ else file
    try:
        given = {name: variables[name]} if name in variables else {}
        value = getattr(MigrationSettings.read(given), field)
        value = int(value) if isinstance(value, bool) else value
    except ValueError as error:
        return Setting(name, None, source, str(error))
    text = None if value is None else f"{value:g}" if isinstance(value, float) else str(value)
    return Setting(name, text, source if given else DEFAULT)
