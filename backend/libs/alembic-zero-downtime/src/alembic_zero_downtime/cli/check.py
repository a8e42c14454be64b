"""Compare models, migrations and the database."""

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from itertools import groupby
from typing import Any

from alembic_zero_downtime.check.schema_check import SchemaCheck, check_schema
from alembic_zero_downtime.cli.context import CommandContext
from alembic_zero_downtime.cli.exit_codes import Exit
from alembic_zero_downtime.cli.output import print_json, stdout
from alembic_zero_downtime.database.connection import MigrationDatabase
from alembic_zero_downtime.database.url import DatabaseURL
from alembic_zero_downtime.schema.diff import Difference


def run(context: CommandContext, arguments: argparse.Namespace) -> int:
    """Compare models, migrations and the database.

    Runs upgrade() of all migrations on a disposable server of this machine, without the rights of a
    superuser. The database itself is only read.
    """
    result = check_schema(context.project, context.database, context.config)
    if arguments.json:
        print_json(as_json(context.database.address, result))
    else:
        print_schema_check(context.database, result)
        notify_next_steps(context, result)
    if not result.models_match or result.database:
        return Exit.DRIFTED
    return Exit.FAILED if result.database is None or result.unknown else Exit.OK


def print_schema_check(database: MigrationDatabase, result: SchemaCheck) -> None:
    """Print a line for each of the two comparisons, followed by its differences."""
    stdout().print(f"Database: {database}", soft_wrap=True)
    heads = ", ".join(result.state.heads) or "no revision"
    for each in result.unknown:
        stdout().print(f"Not known, as it needs a superuser: {each}", soft_wrap=True)
    count = len(result.models) + len(result.autogenerate)
    print_comparison("Models and migrations", count, f"up to {heads}")
    print_differences(result.models)
    for each in result.autogenerate:
        stdout().print(f"  autogenerate would write: {each}", soft_wrap=True)
    if result.database is None:
        reason = f"the database is at {result.state}; {result.state.next_step}"
        stdout().print(f"Migrations and database cannot be compared: {reason}", soft_wrap=True)
        return
    print_comparison("Migrations and database", len(result.database), f"at {result.state}")
    print_differences(result.database)


def print_comparison(sides: str, count: int, revision: str) -> None:
    """Print whether two sides agree at a revision, and in how many places they differ."""
    places = "1 place" if count == 1 else f"{count} places"
    outcome = f"differ in {places} {revision}:" if count else f"agree {revision}."
    stdout().print(f"{sides} {outcome}", style="yellow" if count else "green", soft_wrap=True)


def print_differences(differences: Sequence[Difference]) -> None:
    """Print each difference as a sentence and as SQL, table by table."""
    for title, group in groupby(differences, lambda each: each.item.table or each.item.name):
        stdout().print(f"  {title}", style="bold", soft_wrap=True)
        for each in group:
            lines = [each.description, *(f"  {line}" for line in each.sql.splitlines())]
            stdout().print("\n".join(f"    {line}" for line in lines), soft_wrap=True)


def notify_next_steps(context: CommandContext, result: SchemaCheck) -> None:
    """Print how to resolve the differences."""
    if not result.models_match:
        create = context.project.commands.create
        context.notify(f"the models differ from the migrations: {create}")
    if result.database:
        context.notify("manual changes: add a migration for them, or revert them")


def as_json(address: DatabaseURL, result: SchemaCheck) -> dict[str, Any]:
    """Return the result for JSON."""
    agrees = None if result.database is None else not result.database
    return {
        "database": {"url": address.masked, "source": address.source},
        "revision": {**asdict(result.state), "is_at_head": result.state.is_at_head},
        "models_and_migrations": {
            "agree": result.models_match,
            "differences": [difference_as_json(each) for each in result.models],
            "autogenerate": result.autogenerate,
        },
        "migrations_and_database": {
            "agree": agrees,
            "differences": [difference_as_json(each) for each in result.database or ()],
            "fingerprint": result.fingerprint,
            "expected_fingerprint": result.expected_fingerprint,
        },
        "unknown": result.unknown,
    }


def difference_as_json(difference: Difference) -> dict[str, str | None]:
    """Return a difference for JSON."""
    return {
        **difference.item._asdict(),
        "expected": difference.expected,
        "actual": difference.actual,
        "description": difference.description,
        "sql": difference.sql,
    }
