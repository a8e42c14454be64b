"""Tell where a database stands against the revisions that this code has."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection


@dataclass(frozen=True)
class MigrationState:
    """A database's revisions beside the code's.

    Attributes:
        current: what the database is stamped with; empty for none.
        heads: the newest revisions of the code.
        pending: what `upgrade head` would apply, oldest first.
        unknown: what the database is stamped with and the code does not have.
    """

    current: tuple[str, ...]
    heads: tuple[str, ...]
    pending: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def is_at_head(self) -> bool:
        """Whether the database has exactly the schema that the code expects."""
        return set(self.current) == set(self.heads)

    def __str__(self) -> str:
        """Say it in a line for people."""
        at = ", ".join(self.current) or "no revision"
        if self.is_at_head:
            return f"{at} (head)"
        if self.unknown:
            return f"{at} (unknown to this code, whose head is {', '.join(self.heads)})"
        return f"{at} ({len(self.pending)} pending: {', '.join(self.pending)})"


def load_scripts(ini_file: Path) -> ScriptDirectory:
    """Return the revisions that `ini_file` points to.

    Raises:
        alembic.util.CommandError: The revisions cannot be read.
    """
    return ScriptDirectory.from_config(Config(ini_file))


def list_revisions(scripts: ScriptDirectory) -> list[Script]:
    """Return all revisions, oldest first."""
    return list(scripts.walk_revisions())[::-1]


def read_state(connection: Connection, scripts: ScriptDirectory) -> MigrationState:
    """Return where the database of `connection` stands."""
    return compare(MigrationContext.configure(connection).get_current_heads(), scripts)


def compare(current: Sequence[str], scripts: ScriptDirectory) -> MigrationState:
    """Return how `current` revisions stand against those of the code."""
    revisions = list_revisions(scripts)
    known = {revision.revision for revision in revisions}
    unknown = tuple(sorted(set(current) - known))
    applied = _with_ancestors(set(current) & known, scripts)
    return MigrationState(
        current=tuple(sorted(current)),
        heads=tuple(sorted(scripts.get_heads())),
        pending=tuple(r.revision for r in revisions if r.revision not in applied),
        unknown=unknown,
    )


def applied_revisions(state: MigrationState, scripts: ScriptDirectory) -> set[str]:
    """Return every revision that the database of `state` has behind it."""
    return _with_ancestors(set(state.current) - set(state.unknown), scripts)


def _with_ancestors(revisions: set[str], scripts: ScriptDirectory) -> set[str]:
    if not revisions:
        return set()
    return {script.revision for script in scripts.iterate_revisions(tuple(revisions), "base")}
