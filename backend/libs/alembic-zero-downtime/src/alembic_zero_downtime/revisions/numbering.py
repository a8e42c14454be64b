"""Assign sequential ids to new revisions and sanitize their messages.

This is Alembic's `process_revision_directives` hook (Alembic manual, "Customizing Revision
Generation"), so that `alembic revision` and `make migrate-create` assign the same ids.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from alembic.operations.ops import DowngradeOps, MigrationScript, UpgradeOps
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import messaging, rev_id

from alembic_zero_downtime._alembic import command_name
from alembic_zero_downtime.errors import MigrationError
from alembic_zero_downtime.project import Project

DESCRIPTIONS = "descriptions"
"""The key in `config.attributes` with docstrings by revision, for `alembic/script.py.mako`."""
LONGEST_MESSAGE = 80  # characters: it becomes the first line of a docstring, and a file name


def prepare_revision(
    project: Project, context: MigrationContext, heads: object, directives: list[MigrationScript]
) -> None:
    """Assign ids to new revisions; with `--autogenerate`, make them safe for tables in use.

    Autogenerate may write several revisions: an operation that commits needs its own. It writes
    none if there is no difference. The description of each revision and its locks is passed to
    the template in `config.attributes`. The project's own hook runs last.

    Raises:
        MigrationError: The message is invalid; or revisions alone cannot make a change safely.
    """
    first = directives[0]
    if command_name(context) == "check":
        _list_differences(context, first)
    else:
        _prepare(project, context, directives)
    if hook := project.context_options.get("process_revision_directives"):
        with _blank_for_no_difference(first, directives):
            hook(context, heads, directives)


@contextmanager
def _blank_for_no_difference(
    first: MigrationScript, directives: list[MigrationScript]
) -> Iterator[None]:
    """If there is no revision, let a hook have a blank one, as Alembic passes it.

    It is written if the hook adds operations.
    """
    is_blank = not directives
    if is_blank:
        first.upgrade_ops, first.downgrade_ops = UpgradeOps([]), DowngradeOps([])
        directives.append(first)
    yield
    if is_blank and first in directives and first.upgrade_ops and first.upgrade_ops.is_empty():
        directives.remove(first)


def _list_differences(context: MigrationContext, script: MigrationScript) -> None:
    """Add the differences to those that `alembic check` counts and lists."""
    from alembic_zero_downtime.autogenerate.proposals import list_differences  # noqa: PLC0415

    assert script.upgrade_ops is not None  # noqa: S101 autogenerate fills them
    script.upgrade_ops.ops += list_differences(context, context.opts["target_metadata"])


def _prepare(
    project: Project, context: MigrationContext, directives: list[MigrationScript]
) -> None:
    command_args = context.opts["revision_context"].command_args
    first = directives[0]
    first.message = check_message(project, first.message)
    descriptions: list[str] = []
    if command_args["autogenerate"]:
        directives[:], descriptions = _compose(context, first)
    ids = list(
        _new_ids(project, context.opts["script"], command_args["rev_id"], len(directives) or 1)
    )
    for directive, revision in zip(directives or [first], ids, strict=True):
        directive.rev_id = revision
    if context.config:
        context.config.attributes[DESCRIPTIONS] = dict(zip(ids, descriptions, strict=False))


def check_message(project: Project, message: str | None) -> str | None:
    """Return the message as it is written into a revision; Alembic itself requires none.

    Raises:
        MigrationError: It is too long, has no letter or digit, or is missing although ids are
            sequential.
    """
    return clean_message(message) if message or project.sequential_ids else message


def _new_ids(
    project: Project, scripts: ScriptDirectory, requested: str | None, count: int
) -> Iterator[str]:
    """Yield the ids of new revisions.

    Raises:
        MigrationError: `--rev-id` is not a number, and there are several revisions.
    """
    if requested and not requested.isdecimal() and count > 1:
        raise MigrationError(
            "this change needs several revisions: --rev-id has to be a number, or left out"
        )
    if requested and count == 1:
        yield requested
    elif requested or project.sequential_ids:
        first = int(requested or next_sequential_id(scripts))
        yield from (f"{first + n:03d}" for n in range(count))
    else:
        yield from (rev_id() for _ in range(count))


def _compose(
    context: MigrationContext, first: MigrationScript
) -> tuple[list[MigrationScript], list[str]]:
    """Return the revisions that change the database to match the models, and their descriptions."""
    # Every command imports this module, but only autogenerate needs these.
    from alembic_zero_downtime.autogenerate.change import LEFT_OUT  # noqa: PLC0415
    from alembic_zero_downtime.autogenerate.compose import (  # noqa: PLC0415
        compose_revisions,
        find_changes,
    )
    from alembic_zero_downtime.autogenerate.rendering import ItemRenderer  # noqa: PLC0415
    from alembic_zero_downtime.autogenerate.unimported import find_unimported  # noqa: PLC0415

    metadata = context.opts["target_metadata"]
    for each in find_unimported(metadata):
        messaging.msg(str(each))
    proposed = first.upgrade_ops.ops if first.upgrade_ops else []
    changes = find_changes(context, metadata, proposed)
    context.opts["render_item"] = ItemRenderer(context, metadata)
    if not changes and not context.opts.get(LEFT_OUT):
        messaging.msg(
            "No difference between the models and the database: no revision written. "
            'A blank one: alembic revision -m "message"'
        )
    return compose_revisions(first, changes)


def clean_message(message: str | None) -> str:
    """Return `message` on one line, without characters that could end its docstring.

    Raises:
        CommandError: It is missing, too long, or has no letter or digit.
    """
    text = " ".join(re.sub(r"[\"\\`$\x00-\x1f\x7f]", " ", message or "").split()).rstrip(".!?")
    if not re.search(r"[A-Za-z0-9]", text):
        raise MigrationError(
            "a revision needs a message with letters or digits that describes it: "
            'alembic revision -m "add company sector"'
        )
    if len(text) > LONGEST_MESSAGE:
        raise MigrationError(
            f"the message has {len(text)} characters, at most {LONGEST_MESSAGE} are allowed: "
            "put the details into the revision's docstring"
        )
    return text[0].upper() + text[1:]


def next_sequential_id(scripts: ScriptDirectory) -> str:
    """Return the sequential id after the highest one, with at least three digits."""
    return f"{max(_as_numbers(s.revision for s in scripts.walk_revisions()), default=0) + 1:03d}"


def _as_numbers(revisions: Iterable[str]) -> Iterable[int]:
    return (int(revision) for revision in revisions if revision.isdecimal())
