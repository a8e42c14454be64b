"""The migration state of a database, compared with the revisions of the code."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, Text, column, select, text

from alembic_zero_downtime._alembic import find_script, parents_of
from alembic_zero_downtime.errors import MigrationError
from alembic_zero_downtime.history.declared_environment import means_production
from alembic_zero_downtime.history.ledger import Entry, read_ledger
from alembic_zero_downtime.project import Project
from alembic_zero_downtime.search_path import has_table
from alembic_zero_downtime.tables import NOT_FROM_EXTENSION

HAS_TABLES = text(f"""
    SELECT EXISTS (
        SELECT FROM pg_catalog.pg_class AS c
         WHERE c.relnamespace
               = pg_catalog.quote_ident(pg_catalog.current_schema())::regnamespace::oid
           AND c.relkind IN ('r', 'p')
           AND c.relname <> ALL (:migration_tables)
           AND {NOT_FROM_EXTENSION})
""")  # noqa: S608 constants


MAX_LISTED = 3  # ids of revisions in a message


class MigrationStatus(StrEnum):
    """The state of a database compared with the code."""

    AT_HEAD = "at head"
    BEHIND = "behind"
    AHEAD = "ahead"
    DIVERGED = "diverged"
    UNMANAGED = "unmanaged"
    EMPTY = "empty"


NEXT_STEPS = {
    MigrationStatus.AT_HEAD: "nothing to do",
    MigrationStatus.BEHIND: "run {upgrade}",
    MigrationStatus.AHEAD: (
        "a newer version of the code migrated this database: update the checkout, or downgrade "
        "with the newer code"
    ),
    MigrationStatus.DIVERGED: (
        "the code of another branch migrated this database: merge the branches{renumber}, "
        "and downgrade the unknown revision with the code that has it"
    ),
    MigrationStatus.UNMANAGED: (
        "it has tables that no migration created: if they match the schema of a revision, "
        "alembic stamp REVISION; else use an empty database"
    ),
    MigrationStatus.EMPTY: "run {upgrade}",
}


@dataclass(frozen=True)
class MigrationState:
    """The revisions of a database compared with those of the code.

    Attributes:
        status: the result of the comparison.
        current: the revisions in the version table.
        heads: the heads of the code.
        pending: the revisions that `upgrade head` would apply, oldest first.
        next_step: the recommended action.
        unknown: the current revisions that the code does not have.
        origins: the ledger entries of the unknown revisions, if any.
    """

    status: MigrationStatus
    current: tuple[str, ...]
    heads: tuple[str, ...]
    pending: tuple[str, ...]
    next_step: str
    unknown: tuple[str, ...] = ()
    origins: tuple[Entry, ...] = ()

    @property
    def is_at_head(self) -> bool:
        """Whether the database is at the heads of the code."""
        return self.status is MigrationStatus.AT_HEAD

    @property
    def is_compatible(self) -> bool:
        """Whether this code can use the database.

        During a deployment the new release migrates first while the previous release still runs.
        So a database that is ahead is compatible, if the ledger shows that no revision is missing.
        """
        return self.is_at_head or (self.status is MigrationStatus.AHEAD and bool(self.origins))

    def __str__(self) -> str:
        """Return a one-line summary for users."""
        at = ", ".join(self.current) or "no revision"
        if self.is_at_head:
            return f"{at} (head)"
        if self.unknown:
            details = f"{self.status}: {', '.join(self.unknown)} unknown to this code"
            details += f", whose head is {', '.join(self.heads)}"
            applied = "; ".join(f"{each.revision} applied {each}" for each in self.origins)
            return f"{at} ({details}{applied and f'; {applied}'})"
        if self.status is MigrationStatus.DIVERGED:
            return f"{at} (diverged: one of them is behind the other)"
        return f"{at} ({self.status}, {len(self.pending)} pending: {list_briefly(self.pending)})"


def list_briefly(revisions: Sequence[str]) -> str:
    """Return the ids, separated by commas; of many, only the first and the last."""
    if len(revisions) > MAX_LISTED:
        return f"{revisions[0]} to {revisions[-1]}"
    return ", ".join(revisions)


def list_some(revisions: Sequence[str]) -> str:
    """Return the first ids, and the number of the others; they need not follow each other."""
    first, others = ", ".join(revisions[:MAX_LISTED]), len(revisions) - MAX_LISTED
    return f"{first} and {others} more" if others > 0 else first


def list_revisions(scripts: ScriptDirectory) -> list[Script]:
    """Return all revisions, oldest first.

    In linear time: the order of Alembic's `walk_revisions` is quadratic in the number of merges.
    """
    ordered: dict[str, Script] = {}
    todo = list(scripts.get_heads())
    while todo:
        revision = todo[-1]
        missing = [each for each in parents_of(scripts, revision) if each not in ordered]
        if missing:
            todo += missing
        else:
            ordered.setdefault(todo.pop(), find_script(scripts, revision))
    return list(ordered.values())


def in_order(revisions: Collection[str], scripts: ScriptDirectory) -> tuple[str, ...]:
    """Return the ids, oldest first."""
    if not revisions:
        return ()
    return tuple(e.revision for e in list_revisions(scripts) if e.revision in revisions)


def ancestry(revisions: Iterable[str], scripts: ScriptDirectory) -> set[str]:
    """Return the revisions and all their ancestors."""
    found: set[str] = set()
    todo = list(revisions)
    while todo:
        revision = todo.pop()
        if revision not in found:
            found.add(revision)
            todo += parents_of(scripts, revision)
    return found


def read_heads(connection: Connection, project: Project) -> tuple[str, ...]:
    """Return the revisions in the version table, sorted."""
    versions = project.version_table
    if not has_table(connection, versions.name, versions.schema):
        return ()
    stamps = connection.scalars(select(column("version_num", Text)).select_from(versions))
    return tuple(sorted(stamps))


def read_state(
    connection: Connection, project: Project, scripts: ScriptDirectory | None = None
) -> MigrationState:
    """Return the state of a database.

    Other tables are read only if the version table contains no revision or an unknown one.

    Args:
        connection: to the database; a transaction that this begins stays open.
        project: the project.
        scripts: its revisions, if they are already loaded.
    """
    scripts = scripts or project.load_revisions()
    current = read_heads(connection, project)
    heads = tuple(sorted(scripts.get_heads()))
    revisions = ancestry(heads, scripts)
    unknown = tuple(sorted(set(current) - revisions))
    if unknown:
        ledger = read_ledger(connection)
        missing = in_order({e for e in revisions if ledger.exists and not ledger.last(e)}, scripts)
        status = MigrationStatus.DIVERGED if missing else MigrationStatus.AHEAD
        origins = tuple(entry for each in unknown if (entry := ledger.origin(each)))
        next_step = _next_step(status, project)
        if not means_production(ledger.environment or ""):
            next_step += f"; on a development database, {project.commands.reset}"
        return MigrationState(status, current, heads, missing, next_step, unknown, origins)
    applied = revisions if current == heads else ancestry(current, scripts)
    pending = in_order(revisions - applied, scripts)
    if _has_ancestor(current, applied, scripts):
        status = MigrationStatus.DIVERGED
        next_step = "find out which revision matches the schema, and alembic stamp --purge REVISION"
    else:
        status = _find_status(connection, project, current, pending)
        next_step = _next_step(status, project)
    return MigrationState(status, current, heads, pending, next_step)


def _has_ancestor(
    current: Collection[str], applied: Collection[str], scripts: ScriptDirectory
) -> bool:
    """Whether one of several current revisions is an ancestor of another."""
    if len(current) < 2:  # noqa: PLR2004 two
        return False
    parents = {parent for each in applied for parent in parents_of(scripts, each)}
    return not parents.isdisjoint(current)


def _next_step(status: MigrationStatus, project: Project) -> str:
    names = project.commands
    renumber = f", {names.renumber}" if project.sequential_ids else ""
    return NEXT_STEPS[status].format(upgrade=names.upgrade, renumber=renumber)


def find_legacy_revisions(project: Project, scripts: ScriptDirectory) -> set[str]:
    """Return the revisions that may end their transactions: `legacy_until` and its ancestors.

    Raises:
        MigrationError: There is no such revision.
    """
    last = project.legacy_until
    if last is None:
        return set()
    if last not in ancestry(scripts.get_heads(), scripts):
        raise MigrationError(f"there is no revision {last}: correct Project(legacy_until=…)")
    return ancestry([last], scripts)


def _find_status(
    connection: Connection,
    project: Project,
    current: Collection[str],
    pending: Collection[str],
) -> MigrationStatus:
    """Return the status of a database whose revisions are all known."""
    if not current and not pending:
        return MigrationStatus.AT_HEAD
    if not current and not connection.scalar(
        HAS_TABLES, {"migration_tables": project.migration_tables}
    ):
        return MigrationStatus.EMPTY
    if not current:
        is_at_base = read_ledger(connection).heads == frozenset()  # after a downgrade
        return MigrationStatus.BEHIND if is_at_base else MigrationStatus.UNMANAGED
    return MigrationStatus.BEHIND if pending else MigrationStatus.AT_HEAD
