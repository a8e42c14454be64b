"""Lint new revisions for unsafe changes."""

import argparse

from alembic_zero_downtime.cli.context import CommandContext
from alembic_zero_downtime.cli.exit_codes import Exit
from alembic_zero_downtime.cli.lint_report import as_annotations, as_json, print_report
from alembic_zero_downtime.cli.output import print_json, results
from alembic_zero_downtime.lint.linter import lint
from alembic_zero_downtime.migration_environment import MigrationEnvironment


def run(context: CommandContext, arguments: argparse.Namespace) -> int:
    """Lint new migrations for unsafe changes.

    Calls upgrade() and downgrade() of each of them, without a database, to write their SQL. A call
    that would change a file, run a program or connect elsewhere is refused.
    """
    environment = MigrationEnvironment(context.project, context.config)
    report = lint(environment, everything=arguments.all)
    match "json" if arguments.json else arguments.format:
        case "json":
            print_json(as_json(report))
        case "github":
            results().write(as_annotations(report))
        case _:
            print_report(report)
    results().flush()  # raise BrokenPipeError here, and not at exit
    return Exit.FLAGGED if report.has_errors else Exit.OK
