"""Compare what was applied with the code."""

import argparse
from dataclasses import asdict

from app.commands.output import Exit, add_json_option, complain, print_json, stdout
from app.commands.target import read_standing
from app.db.migrations.verify import verify


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options that this command takes."""
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Tell whether every applied revision is the one that this code has."""
    database, scripts, state, ledger = read_standing()
    findings = verify(state, ledger, scripts)
    if arguments.json:
        print_json({"findings": [asdict(each) for each in findings], "has_ledger": ledger.exists})
    else:
        for each in findings:
            stdout().print(each.words, soft_wrap=True)
        if not findings:
            stdout().print(f"Database: {database}", soft_wrap=True)
            stdout().print("Every applied revision is as it was.")
    if not ledger.exists and state.current:
        complain("the database has no ledger yet: the next make migrate adopts what is applied")
    return Exit.UNVERIFIED if findings else Exit.FINE
