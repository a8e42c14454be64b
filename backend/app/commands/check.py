"""Compare the models, the migrations and the database with one another."""

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from itertools import groupby
from typing import Any

from app.commands import INI_FILE
from app.commands.output import Exit, add_json_option, complain, print_json, stdout
from app.commands.target import find_target
from app.db.agreement import Agreement, find_agreement
from app.db.migrations.drift.comparison import Difference
from app.db.url import DatabaseURL


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options that this command takes."""
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Tell whether models, migrations and database agree, and show each difference as SQL."""
    # In the middle of a merge a model may be no Python, and the other commands must run.
    import app.db.models  # noqa: F401, PLC0415 declares every table
    from app.db.base import Base  # noqa: PLC0415

    database, settings = find_target()
    found = find_agreement(database, settings, INI_FILE, Base.metadata)
    if arguments.json:
        print_json(as_json(database, found))
    else:
        print_agreement(database, found)
        advise(found)
    if not found.do_models_agree or found.database:
        return Exit.DRIFTED
    return Exit.FAILED if found.database is None else Exit.FINE


def print_agreement(database: DatabaseURL, found: Agreement) -> None:
    """Print a line for each of the two comparisons, and below it what differs."""
    stdout().print(f"Database: {database}", soft_wrap=True)
    heads = ", ".join(found.state.heads) or "no revision"
    count = len(found.models) + len(found.autogenerate)
    print_verdict("Models and migrations", count, f"up to {heads}")
    print_differences(found.models)
    for each in found.autogenerate:
        stdout().print(f"  alembic would write: {each}", soft_wrap=True)
    if found.database is None:
        words = f"cannot be compared: the database is at {found.state}; {found.state.next_step}"
        stdout().print(f"Migrations and database {words}", soft_wrap=True)
        return
    print_verdict("Migrations and database", len(found.database), f"at {found.state}")
    print_differences(found.database)


def print_verdict(which: str, count: int, where: str) -> None:
    """Print whether two of the three agree, and where in the line of the revisions."""
    places = "1 place" if count == 1 else f"{count} places"
    verdict = f"differ in {places} {where}:" if count else f"agree {where}."
    stdout().print(f"{which} {verdict}", style="yellow" if count else "green", soft_wrap=True)


def print_differences(differences: Sequence[Difference]) -> None:
    """Print each difference in words and in SQL, table by table."""
    for title, group in groupby(differences, lambda each: each.item.table or each.item.name):
        stdout().print(f"  {title}", style="bold", soft_wrap=True)
        for each in group:
            lines = [each.words, *(f"  {line}" for line in each.sql.splitlines())]
            stdout().print("\n".join(f"    {line}" for line in lines), soft_wrap=True)


def advise(found: Agreement) -> None:
    """Say what can be done about what differs."""
    if not found.do_models_agree:
        complain('the models are not as the migrations make them: make migrate-create NAME="…"')
    if found.database:
        complain("what was done by hand: write a migration that does it too, or take it back")


def as_json(database: DatabaseURL, found: Agreement) -> dict[str, Any]:
    """Return everything for a script."""
    agrees = None if found.database is None else not found.database
    return {
        "database": {"url": database.masked, "source": database.source},
        "revision": {**asdict(found.state), "is_at_head": found.state.is_at_head},
        "models_and_migrations": {
            "agree": found.do_models_agree,
            "differences": [difference_as_json(each) for each in found.models],
            "autogenerate": found.autogenerate,
        },
        "migrations_and_database": {
            "agree": agrees,
            "differences": [difference_as_json(each) for each in found.database or ()],
            "fingerprint": found.fingerprint,
            "expected_fingerprint": found.expected_fingerprint,
        },
    }


def difference_as_json(difference: Difference) -> dict[str, str | None]:
    """Return a difference for a script."""
    return {
        **difference.item._asdict(),
        "expected": difference.expected,
        "actual": difference.actual,
        "words": difference.words,
        "sql": difference.sql,
    }
