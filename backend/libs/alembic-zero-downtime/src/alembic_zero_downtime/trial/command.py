"""Try the revisions of `alembic revision --autogenerate` before Alembic writes them."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from alembic.util import messaging

from alembic_zero_downtime.autogenerate.change import WRITE_MANUALLY, CannotWriteError, Comment
from alembic_zero_downtime.check.shadow_database import ShadowDatabase, shadow_database
from alembic_zero_downtime.errors import EmbeddedServerError, MigrationError
from alembic_zero_downtime.lint.finding import Finding
from alembic_zero_downtime.lint.linter import check_files
from alembic_zero_downtime.migration_environment import MigrationEnvironment
from alembic_zero_downtime.trial.draft import Drafts
from alembic_zero_downtime.trial.trial import TrialResult, try_drafts

TRIED = {
    "changing-column-type": "PostgreSQL reads no row for it, as autogenerate has tried",
}
"""Rules whose question autogenerate has answered, with the reason for a suppression."""
RUN = {"syntax-error": "PostgreSQL has run it on a disposable server"}
"""Those that a trial answers."""


def try_new_revisions(environment: MigrationEnvironment, revision_context: Any) -> None:
    """Run the new revisions up, down and up again on a disposable server, and lint them.

    If no server can be had, a line says that they were not tried, and why.

    Args:
        environment: the project's.
        revision_context: that of Alembic's command, with the revisions that it is about to write.

    Raises:
        CannotWriteError: They do not run, do not lead to the models or back, or the lint has a
            finding.
    """
    drafts = Drafts(revision_context, environment.scripts)
    if not drafts.directives:
        return
    with TemporaryDirectory(prefix="alembic-zero-downtime-") as folder:
        messaging.msg("Trying on a disposable server: up, down and up again …")
        try:
            with shadow_database(environment) as shadow:
                text, has_run = _try(shadow, environment, drafts, Path(folder))
        except EmbeddedServerError as error:
            drafts.write(Path(folder))
            text, has_run = f"Not tried: {error}", False
        messaging.msg(text)
        answered = TRIED | RUN if has_run else TRIED
        for line in lint_drafts(environment, drafts, Path(folder), answered):
            messaging.msg(line)


def _try(
    shadow: ShadowDatabase, environment: MigrationEnvironment, drafts: Drafts, folder: Path
) -> tuple[str, bool]:
    """Return what was tried, as a sentence, and whether the drafts have run.

    Raises:
        CannotWriteError: The drafts do not run, or do not lead to the models or back.
    """
    drafts.write(folder)
    try:
        shadow.migrate(environment.scripts.get_heads())
    except MigrationError as error:
        return f"Not tried: {error}", False
    shadow.connection.close()
    try:
        while True:
            result = try_drafts(_with_drafts(environment, drafts), shadow.sandbox, drafts)
            if not result.restoring:
                return describe(result), True
            for number, statements in result.restoring.items():
                drafts.complete_downgrade(number, statements)
            drafts.write(folder)
    except CannotWriteError as error:
        if shadow.unknown:
            lacks = "; ".join(each.text for each in shadow.unknown)
            text = f"Not tried, since the server lacks a part of the schema: {lacks}."
            return f"{text} There it fails: {error}", False
        raise


def _with_drafts(environment: MigrationEnvironment, drafts: Drafts) -> MigrationEnvironment:
    return MigrationEnvironment(environment.project, environment.config, drafts.scripts)


def lint_drafts(
    environment: MigrationEnvironment, drafts: Drafts, folder: Path, answered: Mapping[str, str]
) -> list[str]:
    """Lint the drafts; return a line for each finding that needs the author (see `Rule`).

    Args:
        environment: the project's.
        drafts: the new revisions.
        folder: in which they are.
        answered: the rules that are suppressed, each with the reason.

    Raises:
        CannotWriteError: There is another finding.
    """
    try:
        found = _lint(environment, drafts)
        for number, path in enumerate(drafts.paths):
            rules = {each.rule.name for each in found if each.path == path} & answered.keys()
            reasons = (f"migrate-lint: allow {rule}: {answered[rule]}" for rule in sorted(rules))
            drafts.add_comments(number, [Comment(each) for each in reasons])
        if any(each.rule.name in answered for each in found):
            drafts.write(folder)
            found = _lint(environment, drafts)
    except CannotWriteError:
        raise
    except MigrationError as error:
        return [f"Not linted: {error}"]
    for each in found:
        if not (each.rule.needs_author or each.rule.severity == "warning"):
            raise CannotWriteError(
                f"the lint would refuse it: {each.rule.name}, {each.message}. "
                f"{each.rule.why.removesuffix('.')}",
                f"Instead: {each.rule.fix}",
                WRITE_MANUALLY,
            )
    return [
        f"{each.path.name}:{each.line}: {each.rule.name}: {each.rule.fix}"
        for each in found
        if each.rule.severity != "warning"
    ]


def _lint(environment: MigrationEnvironment, drafts: Drafts) -> tuple[Finding, ...]:
    return check_files(_with_drafts(environment, drafts), drafts.paths)


def describe(result: TrialResult) -> str:
    """Return what was tried, and which tables had no row, as a sentence."""
    filled, empty = len(result.rows.filled), {**result.rows.empty, **result.refused_rows}
    total = filled + len(empty)
    text = f"Tried: up, down and up again, with a row in {filled} of {total} tables"
    reasons = (f"{table} ({reason})" for table, reason in sorted(empty.items()))
    return f"{text}; none in {', '.join(reasons)}" if empty else text
