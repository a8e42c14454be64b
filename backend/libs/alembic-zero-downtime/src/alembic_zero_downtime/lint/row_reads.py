"""Find the queries that may return every row of a table, and the loops over their rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from alembic_zero_downtime.sql import Statement, StatementKind, split_statements

UNKNOWN = "unknown_value"
"""The text of a stand-in in SQL: an identifier, so that the rest of the statement can be read."""

# By convention, `id` is the primary key: a list of its values is as long as the rows it selects.
# A value may be a stand-in, or a parameter.
KEY_VALUE = rf"(?:\d+|''|{UNKNOWN}|:\w+)(?: ?:: ?\w+)?"
KEY_ARRAY = rf"ANY ?\((?:ARRAY ?\[[\d, ']*\]|{KEY_VALUE})(?: ?:: ?\w+\[\])?\)"
KEY = rf"(?:[\w$]+\.)?id ?(?:= ?(?:{KEY_VALUE}|{KEY_ARRAY})|IN ?\([\d, ']*\))"
TAIL = r"(?: (?:FOR|LIMIT|ORDER BY|RETURNING)\b[^()]*)?$"
BY_KEY = rf"\bWHERE (?:(?!.*\bOR\b).* AND )?{KEY}(?: AND (?!.*\bOR\b).*)?{TAIL}"

QUERY = r"^\(?(?:SELECT|TABLE|WITH)\b"
READS_TABLE = (
    r"\b(?:FROM|JOIN|^TABLE) (?:ONLY )?(?P<schema>(?:[\w$]+\.)*)(?P<table>[\w$]+)\b(?! ?\()"
)
CATALOGS = {"information_schema.", "pg_catalog."}
IS_LIMITED = r"\b(?:LIMIT (?!ALL\b|NULL\b)|FETCH (?:FIRST|NEXT)\b)[^()]*$"
IS_ONE_ROW = (
    r"^SELECT (?:coalesce ?\( ?)?(?:avg|bool_and|bool_or|count|every|exists|max|min|sum) ?\("
    r"(?!.*\bGROUP BY\b)"
)


@dataclass(frozen=True)
class Rows:
    """The rows that a query returns.

    Attributes:
        query: the query.
        is_limited: whether it has a LIMIT.
    """

    query: Statement
    is_limited: bool = False


def find_rows(sql: str) -> Rows | None:
    """Return the rows of a query that reads a table; None if it returns a row, or by keys."""
    statement = next(split_statements(sql), None)
    if (
        statement is None
        or statement.kind is not StatementKind.NOTHING
        or not statement.matches(QUERY)
        or statement.matches(IS_ONE_ROW)
        or statement.matches(BY_KEY)
        or not tables_of(statement)
    ):
        return None
    return Rows(statement, statement.matches(IS_LIMITED))


def tables_of(query: Statement) -> set[str]:
    """Return the tables that a query reads, in lower case, without those of PostgreSQL."""
    found = query.find_all(READS_TABLE)
    names = {(match["schema"].lower(), match["table"].lower()) for match in found}
    return {
        f"{schema.removeprefix('public.')}{table}"
        for schema, table in names
        if schema not in CATALOGS and not (schema == "" and table.startswith("pg_"))
    }


@dataclass(eq=False)
class _Loop:
    rows: Rows | None
    is_while: bool


class RowLoops:
    """The loops over rows that a run of a function is in.

    A `while` loop is one if it reads, or fetches from a result.
    """

    def __init__(self) -> None:
        self._entered: list[_Loop] = []

    @property
    def current(self) -> Rows | None:
        """The rows of the innermost loop over rows."""
        return next((each.rows for each in reversed(self._entered) if each.rows), None)

    @contextmanager
    def over(self, rows: Rows | None, *, is_while: bool = False) -> Iterator[None]:
        """Enter a loop until the block ends.

        Args:
            rows: those that it is over, if any.
            is_while: whether it is over the rows that it reads.
        """
        loop = _Loop(rows, is_while)
        self._entered.append(loop)
        try:
            yield
        finally:  # also of a generator, which may end after a loop that began later
            if loop in self._entered:
                self._entered.remove(loop)

    @property
    def depth(self) -> int:
        """The number of loops that are entered."""
        return len(self._entered)

    def leave(self, depth: int) -> None:
        """Leave the loops that were entered after the first ones."""
        del self._entered[depth:]

    def read(self, rows: Rows | None) -> Rows | None:
        """Return the rows that are read here, if there may be many."""
        repeated = next((each for each in reversed(self._entered) if each.is_while), None)
        if rows and repeated:
            repeated.rows = rows
        return rows if rows and (repeated or not rows.is_limited) else None
