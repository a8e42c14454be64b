"""Number new revisions and keep what goes into their files harmless.

This is Alembic's `process_revision_directives` hook (Alembic manual, "Customizing Revision
Generation"), so that `alembic revision` and `make migrate-create` number in the same way.
"""

import re
from collections.abc import Iterable

from alembic.operations.ops import MigrationScript
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError, messaging

LONGEST_MESSAGE = 80  # characters: it is the first line of a docstring and most of a file name


def prepare_revision(
    context: MigrationContext, _: object, directives: list[MigrationScript]
) -> None:
    """Give a new revision the next number, or drop it when it would change nothing.

    Raises:
        CommandError: The message is missing, too long, or has no letter or digit.
    """
    command_args = context.opts["revision_context"].command_args
    directive = directives[0]
    directive.message = clean_message(directive.message)
    if command_args["autogenerate"] and directive.upgrade_ops and directive.upgrade_ops.is_empty():
        directives.clear()
        messaging.msg(
            "No difference between the models and the database: no revision written. "
            'A blank one: alembic revision -m "what it does"'
        )
        return
    if command_args["rev_id"] is None:
        directive.rev_id = next_number(context.opts["script"])


def clean_message(message: str | None) -> str:
    """Return `message` on one line, without what could end the docstring it is put into.

    Raises:
        CommandError: It is missing, too long, or has no letter or digit.
    """
    text = " ".join(re.sub(r"[\"\\`$\x00-\x1f\x7f]", " ", message or "").split()).rstrip(".!?")
    if not re.search(r"[A-Za-z0-9]", text):
        raise CommandError(
            "a revision needs a message with letters or digits that says what it does: "
            'make migrate-create NAME="add company sector", or alembic revision -m "…"'
        )
    if len(text) > LONGEST_MESSAGE:
        raise CommandError(
            f"the message has {len(text)} characters and may have {LONGEST_MESSAGE}: "
            "put the details into the revision's docstring"
        )
    return text[0].upper() + text[1:]


def next_number(scripts: ScriptDirectory) -> str:
    """Return the number after the highest one that is taken, with three digits at least."""
    return f"{max(_numbers(s.revision for s in scripts.walk_revisions()), default=0) + 1:03d}"


def _numbers(revisions: Iterable[str]) -> Iterable[int]:
    return (int(revision) for revision in revisions if revision.isdecimal())
