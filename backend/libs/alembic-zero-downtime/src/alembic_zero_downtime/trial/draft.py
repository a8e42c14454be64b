"""Write drafts of new revisions into a temporary folder, without the hooks of the project."""

from collections.abc import Sequence
from copy import copy
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from alembic.operations import ops
from alembic.operations.ops import MigrationScript
from alembic.script import Script, ScriptDirectory

from alembic_zero_downtime._alembic import generate_drafts, version_locations
from alembic_zero_downtime.verbatim import escape


class Drafts:
    """New revisions that Alembic is about to write.

    Attributes:
        directives: the revisions, which Alembic writes.
        scripts: the revisions of the project, and the drafts.
        revisions: the drafts.
    """

    def __init__(self, revision_context: Any, scripts: ScriptDirectory) -> None:
        self.directives: list[MigrationScript] = revision_context.generated_revisions
        self.scripts = scripts
        self.revisions: list[Script] = []
        self._revision_context = revision_context
        self._original = scripts
        self._completed: set[int] = set()

    def write(self, parent: Path) -> None:
        """Write the drafts into a new folder.

        Raises:
            SyntaxError: The template, or what a project renders, is not valid Python.
        """
        folder = Path(mkdtemp(dir=parent))
        self.scripts = _with_folder(self._original, folder)
        directives = [_in_folder(each, folder) for each in self.directives]
        self.revisions = generate_drafts(self._revision_context, directives, self.scripts)

    @property
    def paths(self) -> list[Path]:
        """The files of the drafts."""
        return [Path(each.path) for each in self.revisions]

    def complete_downgrade(self, number: int, statements: str) -> None:
        """Let the downgrade of a revision run further statements at its end."""
        downgrade = self.directives[number].downgrade_ops
        assert downgrade is not None  # noqa: S101 this library makes them
        downgrade.ops.append(ops.ExecuteSQLOp(escape(statements)))
        self._completed.add(number)

    def was_completed(self, number: int) -> bool:
        """Whether the downgrade of a revision has such statements."""
        return number in self._completed

    def add_comments(self, number: int, comments: Sequence[ops.MigrateOperation]) -> None:
        """Begin the upgrade of a revision with comments."""
        upgrade = self.directives[number].upgrade_ops
        assert upgrade is not None  # noqa: S101 this library makes them
        upgrade.ops[:0] = comments


def _in_folder(directive: MigrationScript, folder: Path) -> MigrationScript:
    draft = copy(directive)
    draft.version_path = str(folder)
    return draft


def _with_folder(scripts: ScriptDirectory, folder: Path) -> ScriptDirectory:
    """Return the same revisions with one more folder, and without the hooks that follow a write."""
    return ScriptDirectory(
        scripts.dir,
        file_template=scripts.file_template,
        truncate_slug_length=scripts.truncate_slug_length,
        version_locations=[*map(str, version_locations(scripts)), str(folder)],
        sourceless=scripts.sourceless,
        output_encoding=scripts.output_encoding,
        timezone=scripts.timezone,
        recursive_version_locations=scripts.recursive_version_locations,
        messaging_opts={"quiet": True},
    )
