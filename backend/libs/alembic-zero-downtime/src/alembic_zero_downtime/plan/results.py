"""Pass each statement of a session to the tracer, and notice which results its code looks at.

The copy has no rows of the target: a result that is computed from such rows is another one there,
and so may be all that the revision does after it has looked at the result.
"""

import dis
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from psycopg2 import extensions
from sqlalchemy import Engine
from sqlalchemy.dialects.postgresql.psycopg2 import PGExecutionContext_psycopg2

from alembic_zero_downtime.errors import is_of_revision
from alembic_zero_downtime.plan.target import Table
from alembic_zero_downtime.sql import without_quoted

# The text form of a value for each kind of type (PostgreSQL manual, "pg_type": typcategory).
STAND_INS: Mapping[str, str] = {
    "A": "{}",
    "B": "t",
    "D": "2000-01-01",
    "N": "1",
    "S": "a",
    "T": "1 day",
    "V": "1",
}
STAND_INS_OF_TYPES: Mapping[str, str] = {
    "bytea": "\\x00",
    "json": "{}",
    "jsonb": "{}",
    "time": "00:00",
    "timetz": "00:00+00",
    "timestamp": "2000-01-01 00:00:00",
    "timestamptz": "2000-01-01 00:00:00+00",
    "uuid": "00000000-0000-0000-0000-000000000001",
}
COPIED = re.compile(r"\bTO\s+STDOUT\b", re.IGNORECASE)
PACKAGES = ("alembic", "sqlalchemy")
TYPES = "SELECT oid, typname::text, typcategory::text FROM pg_catalog.pg_type"


@dataclass(eq=False)
class Execution:
    """The execution of a statement by a cursor.

    Attributes:
        cursor: the cursor, which has the result afterwards.
        sql: the statement, with the values of its first execution.
        run: executes it.
        times: how often it is executed.
        lacking: the tables that it reads whose rows the copy has not.
        place: among the statements of the revision that are shown.
        seconds: how long it took on the copy.
    """

    cursor: "TracedCursor"
    sql: str
    run: Callable[[], object]
    times: int = 1
    lacking: Sequence[Table] = ()
    place: int | None = None
    seconds: float = 0.0


class Observer(Protocol):
    """Executes the statements, and is told which results are used."""

    uses_stand_ins: bool

    def execute(self, execution: Execution) -> None:
        """Execute a statement."""

    def see(self, execution: Execution) -> bool:
        """Note that the revision uses a result; return whether it lacks rows of the target."""

    def forget_snapshot(self) -> None:
        """Note that the transaction is rolled back."""


class TracedCursor(extensions.cursor):  # type: ignore[misc]  # psycopg2 declares no types
    """A cursor of psycopg2 whose statements are executed by an observer."""

    def __init__(self, connection: Any, name: str | None = None, *, observer: Observer) -> None:
        super().__init__(connection, name)
        self._observer = observer
        self._execution: Execution | None = None
        self._is_missing = False

    def execute(self, query: Any, vars: Any = None) -> None:  # noqa: A002 psycopg2's name
        """Execute a statement."""
        sql = self.mogrify(query, vars).decode()
        self._execute(sql, partial(super().execute, query, vars))

    def executemany(self, query: Any, vars_list: Iterable[Any]) -> None:
        """Execute a statement with several sets of values."""
        sets = list(vars_list)
        if sets:
            sql = self.mogrify(query, sets[0]).decode()
            self._execute(sql, partial(super().executemany, query, sets), len(sets))

    def copy_expert(self, sql: Any, file: Any, size: int = 8192) -> None:
        """Copy rows between a table and a file of the client."""
        text = sql.as_string(self) if hasattr(sql, "as_string") else sql
        self._execute(text, partial(super().copy_expert, sql, file, size))
        self._see_copied(text)

    def copy_to(self, file: Any, table: str, *arguments: Any, **options: Any) -> None:
        """Copy the rows of a table to a file of the client."""
        run = partial(super().copy_to, file, table, *arguments, **options)
        text = f"COPY {extensions.quote_ident(table, self)} TO STDOUT"
        self._execute(text, run)
        self._see_copied(text)

    def copy_from(self, file: Any, table: str, *arguments: Any, **options: Any) -> None:
        """Copy rows from a file of the client to a table."""
        run = partial(super().copy_from, file, table, *arguments, **options)
        self._execute(f"COPY {extensions.quote_ident(table, self)} FROM STDIN", run)

    def fetchone(self) -> Any:
        """Return the next row of the result."""
        self._see()
        row = super().fetchone()
        return next(iter(self._complete([] if row is None else [row])), None)

    def fetchmany(self, size: int | None = None) -> list[Any]:
        """Return the next rows of the result."""
        self._see()
        return self._complete(super().fetchmany(size or self.arraysize))

    def fetchall(self) -> list[Any]:
        """Return the remaining rows of the result."""
        self._see()
        return self._complete(super().fetchall())

    def __next__(self) -> Any:
        """Return the next row of the result."""
        row = self.fetchone()
        if row is None:
            raise StopIteration
        return row

    @property
    def rowcount(self) -> int:
        """The number of rows; SQLAlchemy reads it after each statement, which tells nothing."""
        number = int(super().rowcount)
        is_used = is_of_revision(sys._getframe(1))  # noqa: SLF001 documented for CPython
        return self.see_count(number) if is_used else number

    def see_count(self, number: int) -> int:
        """Note that the revision uses the number of rows; return it, or that of a stand-in."""
        self._see()
        if self._is_missing and self._observer.uses_stand_ins:
            self._is_missing = False
            return max(number, 1)
        return number

    def _execute(self, sql: str, run: Callable[[], object], times: int = 1) -> None:
        self._execution, self._is_missing = Execution(self, sql, run, times), False
        self._observer.execute(self._execution)

    def _see_copied(self, sql: str) -> None:
        """Note that the revision uses the rows that are copied to its file."""
        if COPIED.search(without_quoted(sql)):
            self._see()

    def _see(self) -> None:
        if self._execution is not None:
            execution, self._execution = self._execution, None
            self._is_missing = self._observer.see(execution)

    def _complete(self, rows: list[Any]) -> list[Any]:
        """Return the rows; if those of the target lack, once a row with some value everywhere.

        Without rows, `count(*)` is 0 and `max(id)` is NULL.
        """
        if not (self._is_missing and self._observer.uses_stand_ins and self.description):
            return rows
        self._is_missing = False
        stand_in = self._make_stand_in()
        if not rows:
            return [stand_in]
        return [tuple(own or other for own, other in zip(r, stand_in, strict=True)) for r in rows]

    def _make_stand_in(self) -> tuple[Any, ...]:
        with self.connection.cursor(cursor_factory=extensions.cursor) as cursor:
            cursor.execute(TYPES)
            types = {oid: STAND_INS_OF_TYPES.get(n, STAND_INS.get(c)) for oid, n, c in cursor}
        codes = [column.type_code for column in self.description]
        return tuple(self.cast(code, types.get(code)) for code in codes)


class TracedConnection(extensions.connection):  # type: ignore[misc]  # as above
    """A connection that traces the cursors of every class, such as psycopg2's `DictCursor`.

    Attributes:
        observer: executes the statements; None before `observe`.
    """

    observer: Observer | None = None

    def cursor(self, *arguments: Any, cursor_factory: Any = None, **options: Any) -> Any:
        """Return a cursor; the plan's own ones are of psycopg2's class."""
        factory = cursor_factory
        if self.observer and factory not in (None, extensions.cursor):
            traced = type(TracedCursor.__name__, (TracedCursor, factory), {})
            factory = partial(traced, observer=self.observer)
        return super().cursor(*arguments, cursor_factory=factory, **options)

    def rollback(self) -> None:
        """Roll the transaction back."""
        super().rollback()
        if self.observer:
            self.observer.forget_snapshot()


class _Context(PGExecutionContext_psycopg2):
    """SQLAlchemy's context of an execution: only code that uses the result reads `rowcount`."""

    @property
    def rowcount(self) -> int:
        number = int(super().rowcount)
        if isinstance(self.cursor, TracedCursor) and not _is_discarded():
            return self.cursor.see_count(number)
        return number


def _is_discarded() -> bool:
    """Whether the code that has called SQLAlchemy ignores the value of that call.

    `Query.update()` returns the number of rows in any case.
    """
    frame = sys._getframe(2)  # noqa: SLF001 documented for CPython
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] in PACKAGES:
        frame = frame.f_back
    instructions = dis.get_instructions(frame.f_code)
    following = (each.opname for each in instructions if each.offset > frame.f_lasti)
    return next(following, "") == "POP_TOP"


def observe(engine: Engine, driver: Any, observer: Observer) -> None:
    """Let an observer execute the statements of a session, and tell it which results are used."""
    engine.dialect.execution_ctx_cls = _Context
    driver.observer = observer
    driver.cursor_factory = partial(TracedCursor, observer=observer)
