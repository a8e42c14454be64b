"""Try the SQL of differences in both directions, on a database that is at one of the sides."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from alembic_zero_downtime.embedded.sandbox import missing_role
from alembic_zero_downtime.errors import describe_failure
from alembic_zero_downtime.schema.alternatives import (
    write_alternatives,
    write_rename,
    write_sequences,
)
from alembic_zero_downtime.schema.catalog import Catalog, Item
from alembic_zero_downtime.schema.ddl import quote
from alembic_zero_downtime.schema.diff import Difference, compare
from alembic_zero_downtime.schema.losses import find_losses
from alembic_zero_downtime.sql import ends_transaction, split_statements

MAX_DIFFERENCES = 100  # of which each statement is tried
LIMIT = "SET LOCAL statement_timeout = '10s'"
# They follow the table or the column that they belong to.
KEY, FOREIGN = "constraint", "FOREIGN KEY"
ATTACHED = ("index", "constraint", "statistics")


class NotReachedError(Exception):
    """Statements ran, and did not make the change."""


@dataclass(frozen=True)
class Direction:
    """The statements for one difference in one direction.

    Attributes:
        sql: one per line; empty if the statements of another difference do it too.
        losses: the data that they lose.
        failure: why they could not be tried, or did not run; None if they ran.
    """

    sql: str
    losses: tuple[str, ...] = ()
    failure: str | None = None


@dataclass(frozen=True)
class Directions:
    """The statements for all differences in one direction.

    Attributes:
        by_item: those of each difference.
        order: the items in an order in which their statements run.
    """

    by_item: dict[Item, Direction]
    order: tuple[Item, ...]

    @property
    def script(self) -> str:
        """All statements, in an order that runs."""
        return "\n".join(sql for each in self.order if (sql := self.by_item[each].sql))


BothDirections = tuple[Directions, Directions]
NO_SQL: BothDirections = (Directions({}, ()), Directions({}, ()))


@dataclass(frozen=True)
class TrialDatabase:
    """A disposable database, in which statements are tried.

    Attributes:
        connection: not in autocommit; afterwards its transaction is open and has changed nothing.
        read: reads the catalog to compare.
        missing_schemas: schemas that it does not have and that are to be created.
    """

    connection: Connection
    read: Callable[[Connection], Catalog]
    missing_schemas: frozenset[str] = frozenset()


def try_directions(
    database: TrialDatabase,
    differences: Sequence[Difference],
    expected: Catalog,
    actual: Catalog,
) -> BothDirections:
    """Return the statements that make the differences, and those that undo them.

    Each is run, in a savepoint that is rolled back.

    Args:
        database: has the catalog `expected`.
        differences: between the two catalogs.
        expected: the catalog of the database.
        actual: the catalog to compare with it.
    """
    if not differences:
        return NO_SQL
    if len(differences) > MAX_DIFFERENCES:
        reason = f"not tried, as there are more than {MAX_DIFFERENCES} differences"
        return _untried(differences, reason), _untried(_reversed(differences), reason)
    with database.connection.begin_nested() as savepoint:
        database.connection.exec_driver_sql(LIMIT)
        done = _Trial(database, actual).run(differences)
        undoing = [each for each in _reversed(differences) if not done.by_item[each.item].failure]
        undone = _Trial(replace(database, missing_schemas=frozenset()), expected).run(undoing)
        savepoint.rollback()
    left = [each for each in _reversed(differences) if each.item not in undone.by_item]
    untried = _untried(left, "not tried, as the difference could not be made here")
    return done, Directions(untried.by_item | undone.by_item, undone.order)


def _reversed(differences: Sequence[Difference]) -> list[Difference]:
    """Return the differences as seen from the other side."""
    return [
        replace(each, expected=each.actual, actual=each.expected, sql=each.undo, undo=each.sql)
        for each in differences
    ]


def _untried(differences: Sequence[Difference], reason: str) -> Directions:
    by_item = {each.item: Direction(each.sql, failure=reason) for each in differences}
    return Directions(by_item, tuple(by_item))


class _Trial:
    """Changes a database until it has the catalog `target`."""

    def __init__(self, database: TrialDatabase, target: Catalog) -> None:
        self._connection = database.connection
        self._read = database.read
        self._missing_schemas = set(database.missing_schemas)
        self._target = target
        self._catalog = database.read(database.connection)

    def run(self, differences: Sequence[Difference]) -> Directions:
        """Run the statements of all differences in some order, the simplest ones first."""
        found: dict[Item, Direction] = {}
        pending = {each.item: each for each in differences}
        reasons: dict[Item, str] = {}
        self._rename(pending, found)
        ways = (self._plain, self._alternatives, self._without_dependents)
        level = 0
        while pending and level < len(ways):
            before = len(pending)
            for item, difference in list(pending.items()):
                try:
                    direction = self._solve(difference, ways[level])
                except (DBAPIError, NotReachedError) as error:
                    reasons[item] = _describe(error)
                    continue
                found[item] = direction
                del pending[item]
                if level:
                    break
            level = 0 if len(pending) < before else level + 1
        self._finish(found)
        failed = {
            item: Direction(each.sql, failure=reasons[item]) for item, each in pending.items()
        }
        return Directions(found | failed, tuple(found))

    def _finish(self, found: dict[Item, Direction]) -> None:
        """Add what two new tables need of each other to the last of them."""
        left = [each for each in compare(self._catalog, self._target) if each.item.kind == KEY]
        if found and left:
            with suppress(DBAPIError), self._savepoint():
                keys = self._in_any_order(left)
                last = next(reversed(found))
                found[last] = replace(found[last], sql="\n".join([found[last].sql, *keys]))
                self._catalog = self._read(self._connection)

    def _rename(self, pending: dict[Item, Difference], found: dict[Item, Direction]) -> None:
        """Give objects another name where the same object is missing under one and new under one.

        If there are several such pairs of names, it is not known which was renamed.
        """
        pairs = [
            (old, new)
            for old in pending
            for new in pending
            if old not in self._target and new not in self._catalog and self._is_alike(old, new)
        ]
        for old, new in pairs:
            if sum(old in each or new in each for each in pairs) > 1:
                continue
            sql = write_rename(old, new)
            if sql is None:
                continue
            try:
                with self._savepoint():
                    self._execute(sql)
                    self._catalog = self._read(self._connection)
                    self._require({old, new})
            except (DBAPIError, NotReachedError):
                continue
            found[new], found[old] = Direction(sql), Direction("")
            del pending[new], pending[old]

    def _is_alike(self, old: Item, new: Item) -> bool:
        if (old.kind, old.table, old.part) != (new.kind, new.table, None) or old.table != new.table:
            return False
        if old.kind in ("table", "foreign table"):
            return self._columns(self._catalog, old) == self._columns(self._target, new)
        return self._catalog[old].replace(old.name, new.name) == self._target[new]

    @staticmethod
    def _columns(catalog: Catalog, table: Item) -> list[tuple[str, str]]:
        return sorted(
            (each.name, text)
            for each, text in catalog.items()
            if (each.kind, each.table, each.part) == ("column", table.name, None)
        )

    def _solve(
        self, difference: Difference, way: Callable[[Difference], Iterator[list[str]]]
    ) -> Direction:
        """Run the first of several ways that makes a change.

        Raises:
            DBAPIError: None of them runs.
            NotReachedError: None of them makes the change.
        """
        item = difference.item
        if not self._differs({item}):
            return Direction("")  # the statements of another difference have made it
        new = item.schema if item.schema in self._missing_schemas else None
        first = [f"CREATE SCHEMA {quote(new)};"] if new else []
        error: Exception = NotReachedError("there is no other way")
        losses = tuple(find_losses(item, self._catalog, self._target))
        for scripts in way(difference):
            try:
                with self._savepoint():
                    before = self._catalog
                    for each in (*first, *scripts):
                        self._execute(each)
                    repairs = self._repair(before)
                    self._require({item})
            except (DBAPIError, NotReachedError) as failure:
                error = failure
            else:
                self._missing_schemas.discard(new or "")
                return Direction("\n".join([*first, *scripts, *repairs]), losses)
        raise error

    def _plain(self, difference: Difference) -> Iterator[list[str]]:
        """Yield the statements for what is left of a difference."""
        found = compare(self._catalog, self._target)
        yield from ([each.sql] for each in found if each.item == difference.item)

    def _alternatives(self, difference: Difference) -> Iterator[list[str]]:
        item = difference.item
        if sequences := write_sequences(item, self._target):
            create, own = sequences
            yield from ([*create, *each, *own] for each in self._plain(difference))
        if item in self._catalog and item in self._target:
            for each in write_alternatives(item, self._catalog, self._target):
                yield [each]
        elif item.kind == "table" and item in self._target:
            others = {
                each: text
                for each, text in self._target.items()
                if not (each.kind == KEY and each.table == item.name and FOREIGN in text)
            }
            without_keys = replace(self._target, definitions=others)
            found = compare(self._catalog, without_keys)
            yield from ([each.sql] for each in found if each.item == item)

    def _without_dependents(self, difference: Difference) -> Iterator[list[str]]:
        """Yield the ways in which the objects that depend on the item are dropped first."""
        dependents = self._find_dependents(difference.item)
        for kinds in ((), ATTACHED):
            chosen = [
                each for each in dependents if each.kind not in ATTACHED or each.kind in kinds
            ]
            with self._savepoint(keep=False):
                drops = self._in_any_order(self._drop(chosen))
            for way in (self._plain, self._alternatives):
                for each in way(difference):
                    yield [*drops, *each]

    def _find_dependents(self, item: Item) -> list[Item]:
        """Return the objects that the server would drop with an item."""
        owner = item.without_part
        (drop,) = (each.sql for each in self._drop([owner])) if owner in self._catalog else ("",)
        try:
            with self._savepoint(keep=False):
                self._execute(f"{drop.rstrip(';')} CASCADE;")
                left = self._read(self._connection)
        except DBAPIError:
            return []
        lost = [each for each in self._catalog if each not in left and each.part is None]
        return [each for each in lost if each != owner and self._is_separate(each, owner)]

    def _is_separate(self, item: Item, owner: Item) -> bool:
        """Whether an object is one that can be dropped and created again without losing data."""
        if owner.kind == "table" and item.table == owner.name:
            return False
        if item.kind == "column":
            return item._replace(part="generation") in self._catalog
        return item.kind not in ("table", "sequence")

    def _drop(self, items: Sequence[Item]) -> tuple[Difference, ...]:
        gone = {item for item in self._catalog if item.without_part in items}
        rest = {item: text for item, text in self._catalog.items() if item not in gone}
        return compare(self._catalog, replace(self._catalog, definitions=rest), among=gone)

    def _repair(self, before: Catalog) -> list[str]:
        """Create again what the statements have changed that was right before."""
        self._catalog = self._read(self._connection)
        broken = {
            item
            for item, text in self._target.items()
            if before.get(item) == text != self._catalog.get(item)
        }
        if not broken:
            return []
        definitions = {**self._catalog, **{item: self._target[item] for item in broken}}
        wanted = replace(self._catalog, definitions=definitions)
        repairs = self._in_any_order(compare(self._catalog, wanted, among=broken))
        self._catalog = self._read(self._connection)
        return repairs

    def _in_any_order(self, differences: Sequence[Difference]) -> list[str]:
        """Run the statements of differences in an order in which they run; return them in it.

        Raises:
            DBAPIError: One of them does not run.
        """
        pending, done = [each.sql for each in differences], list[str]()
        while pending:
            error: DBAPIError | None = None
            before = len(pending)
            for sql in list(pending):
                try:
                    with self._savepoint():
                        self._execute(sql)
                except DBAPIError as failure:
                    error = failure
                else:
                    pending.remove(sql)
                    done.append(sql)
            if error and len(pending) == before:
                raise error
        return done

    def _execute(self, sql: str) -> None:
        if ends_transaction(sql):
            raise NotReachedError("it would end the transaction of the trial")
        if any(split_statements(sql)):
            self._run(sql.replace(" CONCURRENTLY", ""))  # which cannot run in a transaction

    def _run(self, sql: str) -> None:
        """Run statements as they are written, after creating the roles that they need."""
        options = {"no_parameters": True}
        try:
            with self._connection.begin_nested():
                self._connection.exec_driver_sql(sql, execution_options=options)
        except DBAPIError as error:
            if (role := missing_role(error.orig)) is None:
                raise
            create = f"CREATE ROLE {quote(role)}"
            self._connection.exec_driver_sql(create, execution_options=options)
            self._run(sql)

    def _require(self, items: set[Item]) -> None:
        if self._differs(items):
            raise NotReachedError("it runs, and does not make this change")

    def _differs(self, items: set[Item]) -> bool:
        found = compare(self._catalog, self._target)
        return any(each.item in items for each in found)

    @contextmanager
    def _savepoint(self, *, keep: bool = True) -> Iterator[None]:
        """Undo what an exception leaves behind, or everything."""
        catalog = self._catalog
        with self._connection.begin_nested() as savepoint:
            try:
                yield
            except BaseException:
                self._catalog = catalog
                raise
            if not keep:
                savepoint.rollback()


def _describe(error: DBAPIError | NotReachedError) -> str:
    return describe_failure(error) if isinstance(error, DBAPIError) else str(error)
