"""Compare models, migrations and the database."""

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from itertools import groupby
from typing import Any

from alembic_zero_downtime.check.directions import BothDirections, Direction
from alembic_zero_downtime.check.schema_check import SchemaCheck, check_schema
from alembic_zero_downtime.cli.context import CommandContext
from alembic_zero_downtime.cli.exit_codes import Exit
from alembic_zero_downtime.cli.output import print_json, stdout
from alembic_zero_downtime.database.connection import MigrationDatabase
from alembic_zero_downtime.database.url import DatabaseURL
from alembic_zero_downtime.embedded.lacks import explain_lack, ways_out
from alembic_zero_downtime.schema.diff import Difference

DONE, UNDOES = "was done by hand", "undoes it"


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
    is_partial = result.database is None or result.unknown or result.left_out
    return Exit.FAILED if is_partial else Exit.OK


def print_schema_check(database: MigrationDatabase, result: SchemaCheck) -> None:
    """Print a line for each of the two comparisons, followed by its differences."""
    stdout().print(f"Database: {database}", soft_wrap=True)
    heads = ", ".join(result.state.heads) or "no revision"
    for left_out in result.unknown:
        reason = ", as it needs a superuser" if left_out.needs_superuser else ""
        stdout().print(f"Not known{reason}: {left_out.text}", soft_wrap=True)
    for each in result.left_out:
        stdout().print(f"Left out: {each}", soft_wrap=True)
    count = len(result.models) + len(result.autogenerate)
    print_comparison("Models and migrations", count, f"up to {heads}")
    print_differences(result.models, result.models_sql, "a new migration does")
    for each in result.autogenerate:
        stdout().print(f"  autogenerate would write: {each}", soft_wrap=True)
    if result.database is None:
        reason = f"the database is at {result.state}; {result.state.next_step}"
        stdout().print(f"Migrations and database cannot be compared: {reason}", soft_wrap=True)
        return
    print_comparison("Migrations and database", len(result.database), f"at {result.state}")
    print_differences(result.database, result.database_sql, DONE)


def print_comparison(sides: str, count: int, revision: str) -> None:
    """Print whether two sides agree at a revision, and in how many places they differ."""
    places = "1 place" if count == 1 else f"{count} places"
    outcome = f"differ in {places} {revision}:" if count else f"agree {revision}."
    stdout().print(f"{sides} {outcome}", style="yellow" if count else "green", soft_wrap=True)


def print_differences(
    differences: Sequence[Difference], directions: BothDirections, done: str
) -> None:
    """Print each difference as a sentence and as SQL in both directions, table by table.

    Args:
        differences: between the migrations and another side.
        directions: the SQL that leads to the other side, and the SQL that leads back.
        done: the words for the first of them.
    """
    titled = tuple(zip((done, UNDOES), directions, strict=True))
    for title, group in groupby(differences, lambda each: each.item.table or each.item.name):
        stdout().print(f"  {title}", style="bold", soft_wrap=True)
        for each in group:
            _print_lines(each.description, indent=4)
            for words, direction in titled:
                _print_direction(words, direction.by_item[each.item])
    listed = tuple(each.item for each in differences)
    for words, direction in titled:
        if direction.order != listed and len(direction.order) > 1:
            stdout().print(f"  {words}, in an order that runs:", soft_wrap=True)
            _print_lines(direction.script, indent=4)


def _print_direction(words: str, direction: Direction) -> None:
    """Print the SQL of a difference in one direction, and what to know before running it."""
    if not direction.sql:
        _print_lines(f"{words}: the SQL of another difference", indent=6)
        return
    notes = [f"loses {' and '.join(direction.losses)}"] if direction.losses else []
    notes += [direction.failure] if direction.failure else []
    noted = f" ({'; '.join(notes)})" if notes else ""
    _print_lines(f"{words}{noted}:", indent=6)
    _print_lines(direction.sql, indent=8)


def _print_lines(text: str, indent: int) -> None:
    lines = (f"{' ' * indent}{line}" for line in text.splitlines())
    stdout().print("\n".join(lines), soft_wrap=True)


def notify_next_steps(context: CommandContext, result: SchemaCheck) -> None:
    """Print how to resolve the differences, and which models were not compared."""
    for each in result.unimported:
        context.notify(str(each))
    if not result.models_match:
        create = context.project.commands.create
        context.notify(f"the models differ from the migrations: {create}")
    if result.database:
        context.notify(
            f'manual changes: write a migration that does what "{DONE}" shows, or run the SQL of '
            f'"{UNDOES}"'
        )
    found = [*ways_out(each.text for each in result.unknown), *map(explain_lack, result.left_out)]
    for sentence in filter(None, dict.fromkeys(found)):
        context.notify(f"not everything was compared: {sentence}")


def as_json(address: DatabaseURL, result: SchemaCheck) -> dict[str, Any]:
    """Return the result for JSON."""
    agrees = None if result.database is None else not result.database
    return {
        "database": {"url": address.masked, "source": address.source},
        "revision": {**asdict(result.state), "is_at_head": result.state.is_at_head},
        "models_and_migrations": {
            "agree": result.models_match,
            **differences_as_json(result.models, result.models_sql),
            "autogenerate": result.autogenerate,
        },
        "migrations_and_database": {
            "agree": agrees,
            **differences_as_json(result.database or (), result.database_sql),
            "fingerprint": result.fingerprint,
            "expected_fingerprint": result.expected_fingerprint,
        },
        "unknown": [each.text for each in result.unknown],
        "unimported": [
            {"path": str(each.path), "module": each.module, "models": each.models}
            for each in result.unimported
        ],
        "left_out": result.left_out,
    }


def differences_as_json(
    differences: Sequence[Difference], directions: BothDirections
) -> dict[str, Any]:
    """Return the differences of one comparison for JSON, and all SQL in an order that runs."""
    done, undone = directions
    return {
        "differences": [
            {
                **each.item._asdict(),
                "expected": each.expected,
                "actual": each.actual,
                "description": each.description,
                **_direction_as_json("sql", done.by_item[each.item]),
                **_direction_as_json("undo", undone.by_item[each.item]),
            }
            for each in differences
        ],
        "sql": done.script,
        "undo": undone.script,
    }


def _direction_as_json(name: str, direction: Direction) -> dict[str, Any]:
    return {
        name: direction.sql,
        f"{name}_losses": direction.losses,
        f"{name}_failure": direction.failure,
    }
