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

DESCRIPTIONS = "descriptions"
"""What `alembic/script.py.mako` finds in `config.attributes`: docstrings by revision."""
LONGEST_MESSAGE = 80  # characters: it is the first line of a docstring and most of a file name


def prepare_revision(
    context: MigrationContext, _: object, directives: list[MigrationScript]
) -> None:
    """Number new revisions, and with `--autogenerate` write what is safe on a live table.

    That may be several revisions: what commits by itself has one of its own. None is written
    where there is nothing to change. What each one does and locks goes to its template through
    `config.attributes`.

    Raises:
        CommandError: The message is missing, too long, or has no letter or digit; or a change
            cannot be made safely in revisions alone.
    """
    command_args = context.opts["revision_context"].command_args
    first = directives[0]
    first.message = clean_message(first.message)
    descriptions: list[str] = []
    if command_args["autogenerate"]:
        directives[:], descriptions = _write(context, first)
    number = command_args["rev_id"] or next_number(context.opts["script"])
    for directive in directives:
        directive.rev_id = number
        number = _after(number) if directive is not directives[-1] else number
    numbers = (directive.rev_id for directive in directives)
    if context.config:
        context.config.attributes[DESCRIPTIONS] = dict(zip(numbers, descriptions, strict=False))


def _write(
    context: MigrationContext, first: MigrationScript
) -> tuple[list[MigrationScript], list[str]]:
    """Return the revisions that make the database what the models say, and what each one says."""
    # Every command imports this module, and no other one needs that.
    from app.db.migrations.autogenerate.write import (  # noqa: PLC0415
        find_changes,
        write_scripts,
    )

    proposed = first.upgrade_ops.ops if first.upgrade_ops else []
    changes = find_changes(context, context.opts["target_metadata"], proposed)
    if not changes:
        messaging.msg(
            "No difference between the models and the database: no revision written. "
            'A blank one: alembic revision -m "what it does"'
        )
    return write_scripts(first, changes)


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


def _after(number: str) -> str:
    """Return the number of the next revision.

    Raises:
        CommandError: `--rev-id` gave a name, and there are several revisions to name.
    """
    if not number.isdecimal():
        raise CommandError(
            "this change needs several revisions: give --rev-id a number, or leave it out"
        )
    return f"{int(number) + 1:03d}"


def _numbers(revisions: Iterable[str]) -> Iterable[int]:
    return (int(revision) for revision in revisions if revision.isdecimal())
