"""Report the code that the lint could not run, or has not looked at."""

from collections.abc import Iterator
from pathlib import Path

from alembic_zero_downtime.errors import describe_error
from alembic_zero_downtime.lint.effects import EffectError
from alembic_zero_downtime.lint.failure import Cause, Failure
from alembic_zero_downtime.lint.finding import Finding
from alembic_zero_downtime.lint.rendering import RenderedRevision
from alembic_zero_downtime.lint.resumption import UnseenCallError
from alembic_zero_downtime.lint.rules import RULES


def check_rendering(path: Path, revision: RenderedRevision) -> Iterator[Finding]:
    """Yield the errors of a revision, and the code that was not looked at.

    Args:
        path: the revision's file.
        revision: without a database.
    """
    failures = [
        *revision.failures,
        *revision.upgrade.failures,
        *([revision.upgrade.refusal] if revision.upgrade.refusal else []),
        *revision.downgrade.failures,
    ]
    yield from (_finding(path, failure) for failure in failures)
    for unseen in (*revision.upgrade.unseen, *revision.downgrade.unseen):
        message = f"not looked at from this line on: {unseen.reason}"
        yield Finding(path, unseen.line, RULES["unseen-code"], message)


def _finding(path: Path, failure: Failure) -> Finding:
    """Return the finding of an error."""
    error, rule = failure.error, RULES["offline-sql"]
    match failure.cause:
        case _ if isinstance(error, EffectError):
            message = f"not rendered, as it {error}, which lint does not run"
        case Cause.IMPORT if isinstance(error, UnseenCallError):
            rule = RULES["unseen-code"]
            message = f"not looked at: it calls {error}, which cannot be imported"
        case Cause.IMPORT:
            message = f"it cannot be loaded: {describe_error(error)}"
        case Cause.STAND_IN:
            rule = RULES["unseen-code"]
            message = f"not looked at: it needs a value of the database ({describe_error(error)})"
        case Cause.REVISION:
            message = f"it fails: {describe_error(error)}"
    return Finding(path, failure.line, rule, message)
