"""Tell how a database and this code stand to each other, and what to do about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from alembic.config import Config
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, Text, column, inspect, select, table, text

from app.db.migrations import BOOKKEEPING, VERSION_TABLE
from app.db.migrations.ledger import Entry, read_ledger

HAS_TABLES = text("""
    SELECT EXISTS (
        SELECT FROM pg_class c
         WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
           AND c.relname <> ALL (:bookkeeping)
           AND NOT EXISTS (SELECT FROM pg_depend d
                            WHERE d.classid = c.tableoid AND d.objid = c.oid AND d.deptype = 'e'))
""")


class Verdict(StrEnum):
    """How database and code stand to each other."""

    AT_HEAD = "at head"
    BEHIND = "behind"
    AHEAD = "ahead"
    DIVERGED = "diverged"
    UNMANAGED = "unmanaged"
    EMPTY = "empty"


NEXT_STEPS = {
    Verdict.AT_HEAD: "nothing to do",
    Verdict.BEHIND: "run make migrate",
    Verdict.AHEAD: (
        "newer code migrated it: update the code; or, where the older code must stay, take the "
        "revision back with the code that has it"
    ),
    Verdict.DIVERGED: (
        "it was migrated by code of another branch: merge the branches, make migrate-renumber, "
        "and take the foreign revision back with the code that has it"
    ),
    Verdict.UNMANAGED: (
        "it has tables that no migration made: if they are this schema, alembic stamp REVISION "
        "says at which revision; else use an empty database"
    ),
    Verdict.EMPTY: "run make migrate",
}


@dataclass(frozen=True)
class MigrationState:
    """A database's revisions beside the code's.

    Attributes:
        verdict: how the two stand to each other.
        current: what the database is stamped with; empty for none.
        heads: the newest revisions of the code.
        pending: what `upgrade head` would apply, oldest first.
        unknown: what the database is stamped with and the code does not have.
        origins: how the unknown ones came in, as far as the ledger knows.
    """

    verdict: Verdict
    current: tuple[str, ...]
    heads: tuple[str, ...]
    pending: tuple[str, ...]
    unknown: tuple[str, ...] = ()
    origins: tuple[Entry, ...] = ()

    @property
    def is_at_head(self) -> bool:
        """Whether the database has exactly the schema that the code expects."""
        return self.verdict is Verdict.AT_HEAD

    @property
    def serves_this_code(self) -> bool:
        """Whether this code can work on it.

        During a deployment the new code migrates first, while the old one still serves. That is
        why a database that is ahead will do, if the ledger says that nothing is missing.
        """
        return self.is_at_head or (self.verdict is Verdict.AHEAD and bool(self.origins))

    @property
    def next_step(self) -> str:
        """What somebody can do about it, in words."""
        if self.verdict is Verdict.DIVERGED and not self.unknown:
            return "find out which of them is true, and alembic stamp --purge REVISION"
        return NEXT_STEPS[self.verdict]

    def __str__(self) -> str:
        """Say it in a line for people."""
        at = ", ".join(self.current) or "no revision"
        if self.is_at_head:
            return f"{at} (head)"
        if self.unknown:
            words = f"{self.verdict}: {', '.join(self.unknown)} unknown to this code"
            words += f", whose head is {', '.join(self.heads)}"
            applied = "; ".join(f"{each.revision} applied {each}" for each in self.origins)
            return f"{at} ({words}{applied and f'; {applied}'})"
        if self.verdict is Verdict.DIVERGED:
            return f"{at} (diverged: one of them is behind the other)"
        return f"{at} ({self.verdict}, {len(self.pending)} pending: {', '.join(self.pending)})"


def load_scripts(ini_file: Path) -> ScriptDirectory:
    """Return the revisions that `ini_file` points to.

    Raises:
        alembic.util.CommandError: The revisions cannot be read.
    """
    return ScriptDirectory.from_config(Config(ini_file))


def list_revisions(scripts: ScriptDirectory) -> list[Script]:
    """Return all revisions, oldest first."""
    return list(scripts.walk_revisions())[::-1]


def read_heads(connection: Connection) -> tuple[str, ...]:
    """Return the revisions that a database is stamped with, sorted."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return ()
    stamps = connection.scalars(
        select(column("version_num", Text)).select_from(table(VERSION_TABLE))
    )
    return tuple(sorted(stamps))


def read_state(connection: Connection, scripts: ScriptDirectory) -> MigrationState:
    """Return how the database of `connection` stands to `scripts`.

    It looks further than the version table only where that names no revision, or an unknown one.
    """
    current = read_heads(connection)
    revisions = [each.revision for each in list_revisions(scripts)]
    unknown = tuple(sorted(set(current) - set(revisions)))
    stamped = current, tuple(sorted(scripts.get_heads()))
    if unknown:
        ledger = read_ledger(connection)
        missing = [each for each in revisions if ledger.exists and not ledger.last(each)]
        verdict = Verdict.DIVERGED if missing else Verdict.AHEAD
        origins = tuple(entry for each in unknown if (entry := ledger.origin(each)))
        return MigrationState(verdict, *stamped, tuple(missing), unknown, origins)
    applied = ancestry(set(current), scripts)
    pending = tuple(each for each in revisions if each not in applied)
    return MigrationState(_verdict(connection, current, scripts), *stamped, pending)


def ancestry(revisions: set[str], scripts: ScriptDirectory) -> set[str]:
    """Return the revisions with all that come before them."""
    return {
        script.revision
        for each in revisions  # one by one: Alembic refuses those of which one follows another
        for script in scripts.iterate_revisions(each, "base")
    }


def _verdict(connection: Connection, current: Sequence[str], scripts: ScriptDirectory) -> Verdict:
    """Return the verdict on revisions that the code knows."""
    if not current and not scripts.get_heads():
        return Verdict.AT_HEAD
    if not current and not connection.scalar(HAS_TABLES, {"bookkeeping": list(BOOKKEEPING)}):
        return Verdict.EMPTY
    if not current:
        is_at_base = read_ledger(connection).heads == frozenset()  # by a downgrade
        return Verdict.BEHIND if is_at_base else Verdict.UNMANAGED
    for each in current:
        if set(current) & (ancestry({each}, scripts) - {each}):
            return Verdict.DIVERGED
    return Verdict.AT_HEAD if set(current) == set(scripts.get_heads()) else Verdict.BEHIND
