"""Insert a row into each table of a disposable database, so that a revision meets rows.

The values are simple ones that the type of a column accepts, and the constants of its CHECKs. Where
none fit, the table stays empty, and the result says why.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from alembic_zero_downtime.errors import describe_failure, sqlstate
from alembic_zero_downtime.sql import string_literals
from alembic_zero_downtime.verbatim import VERBATIM

CHECK_VIOLATION = "23514"
MOST_ATTEMPTS = 40
LONGEST_TEXT = 1000  # characters, of a value whose length a CHECK names
# One of these is a value of each type that PostgreSQL has, and of many extensions.
VALUES = (
    *("1", "a", "0", "true", "2000-01-01", "2000-01-01 00:00:00+00", "00:00", "{1}", "{a}", "{}"),
    *("[1,2)", "[2000-01-01,2000-01-02)", "empty", "{[1,2)}", "{[2000-01-01,2000-01-02)}", "[]"),
    *("10.0.0.1", "10.0.0.0/8", "08:00:2b:01:02:03", "08:00:2b:01:02:03:04:05", "0/0", "$"),
    *("00000000-0000-4000-8000-000000000001", "(0,0)", "(0,0),(1,1)", "<(0,0),1>", "{1,1,1}"),
    *("pg_class", "[1,2,3]", "POINT(0 0)", "1.0", "a=>1", "{00:00}", "1 day", "'{}'", "a@b.c", ""),
)
IS_VALID = r"""
    CREATE OR REPLACE FUNCTION pg_temp.is_valid(value text, type text) RETURNS boolean
    LANGUAGE plpgsql AS $$ BEGIN
        EXECUTE pg_catalog.format('SELECT CAST($1 AS %s)', type) USING value;
        RETURN true;
    EXCEPTION WHEN others THEN
        RETURN false;
    END $$
"""
VALID = text("""
    SELECT value FROM unnest(CAST(:values AS text[])) WITH ORDINALITY AS given (value, number)
     WHERE pg_temp.is_valid(value, :type) ORDER BY number
""")
TABLES = text("""
    SELECT c.oid, c.oid::regclass::text AS name, c.relname
      FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
       AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
       AND NOT EXISTS (SELECT FROM pg_depend AS d
                        WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                          AND d.deptype = 'e')
     ORDER BY 2
""")
COLUMNS = text("""
    SELECT a.attnum AS number, quote_ident(a.attname) AS name, a.attnotnull AS is_not_null,
           format_type(a.atttypid, a.atttypmod) AS type,
           ARRAY(SELECT enumlabel::text FROM pg_enum
                  WHERE enumtypid IN (t.oid, t.typbasetype) ORDER BY enumsortorder) AS labels,
           (SELECT relnatts FROM pg_class WHERE oid = t.typrelid) AS attributes
      FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid
     WHERE a.attrelid = :oid AND a.attnum > 0 AND NOT a.attisdropped
       AND a.attgenerated = '' AND a.attidentity = '' AND NOT a.atthasdef
     ORDER BY a.attnum
""")
CONSTRAINTS = text("""
    SELECT contype::text AS kind, conname AS name, conkey AS columns,
           pg_get_constraintdef(oid) AS definition, confrelid AS referred,
           confrelid::regclass::text AS referred_name,
           ARRAY(SELECT quote_ident(attname) FROM unnest(confkey) WITH ORDINALITY AS k (key, n)
                   JOIN pg_attribute ON attrelid = confrelid AND attnum = key ORDER BY n) AS keys
      FROM pg_constraint WHERE conrelid = :oid AND contype IN ('c', 'f') AND conkey IS NOT NULL
     ORDER BY conname
""")


@dataclass
class _Value:
    """The value of a column: the first of its candidates that has not been refused.

    Attributes:
        name: the quoted name of the column.
        candidates: SQL expressions.
    """

    name: str
    candidates: list[str]
    chosen: int = 0

    @property
    def sql(self) -> str:
        return self.candidates[self.chosen]

    def has_another(self) -> bool:
        return self.chosen + 1 < len(self.candidates)


@dataclass
class SampleRows:
    """The tables that have a row, and those that have none.

    Attributes:
        filled: the names of the tables with a row.
        empty: the names of the others, each with the reason.
    """

    filled: set[str] = field(default_factory=set)
    empty: dict[str, str] = field(default_factory=dict)

    def insert(self, connection: Connection, left_out: Collection[str]) -> None:
        """Insert a row into each table that has none, parents first, and commit.

        Args:
            connection: to a disposable database.
            left_out: names of tables without their schemas.
        """
        connection.exec_driver_sql(IS_VALID, execution_options=VERBATIM)
        tables = [
            _Table(connection, row.oid, row.name)
            for row in connection.execute(TABLES).all()
            if row.relname not in left_out
        ]
        self.filled &= {table.name for table in tables}
        self.empty = {}
        for table in _parents_first(tables):
            if reason := table.fill():
                self.empty[table.name] = reason
            else:
                self.filled.add(table.name)
        connection.commit()


class _Table:
    """A table of the database."""

    def __init__(self, connection: Connection, oid: int, name: str) -> None:
        self._connection = connection
        self.oid = oid
        self.name = name

    @cached_property
    def _constraints(self) -> Sequence[Any]:
        return self._connection.execute(CONSTRAINTS, {"oid": self.oid}).all()

    @property
    def parents(self) -> set[int]:
        """The tables that it refers to."""
        return {each.referred for each in self._constraints if each.kind == "f"} - {self.oid}

    def fill(self) -> str | None:
        """Insert a row, unless there is one; return the reason if none can be inserted."""
        if self._has_row(self.name):
            return None
        values = {}
        for column in self._connection.execute(COLUMNS, {"oid": self.oid}).all():
            candidates = list(self._candidates(column))
            if not candidates:
                return f"no value is known for {column.name} {column.type}"
            values[column.number] = _Value(column.name, candidates)
        if reason := self._refer_to_parents(values):
            return reason
        return self._insert(values)

    def _has_row(self, name: str) -> bool:
        result = self._connection.exec_driver_sql(
            f"SELECT FROM {name} LIMIT 1", execution_options=VERBATIM
        )
        return result.first() is not None

    def _insert(self, values: dict[int, _Value]) -> str | None:
        """Insert a row; try another value in a column whose CHECK refuses it."""
        for _ in range(MOST_ATTEMPTS):
            names = ", ".join(value.name for value in values.values())
            expressions = ", ".join(value.sql for value in values.values())
            row = f"({names}) VALUES ({expressions})" if values else "DEFAULT VALUES"
            try:
                with self._connection.begin_nested():
                    self._connection.exec_driver_sql(
                        f"INSERT INTO {self.name} {row}", execution_options=VERBATIM
                    )
            except DBAPIError as error:
                if not self._choose_another(values, error):
                    return describe_failure(error)
            else:
                return None
        return "no values are known that its CHECKs accept"

    def _choose_another(self, values: dict[int, _Value], error: DBAPIError) -> bool:
        """Choose another value for a column of the CHECK that was violated."""
        if sqlstate(error) != CHECK_VIOLATION or error.orig is None:
            return False
        name = error.orig.diag.constraint_name  # type: ignore[attr-defined]
        columns = [n for each in self._constraints if each.name == name for n in each.columns]
        found = [values[n] for n in columns or values if n in values and values[n].has_another()]
        if not found:
            return False
        min(found, key=lambda value: value.chosen).chosen += 1
        return True

    def _candidates(self, column: Any) -> Iterator[str]:
        """Yield values of the type of a column as SQL, and NULL last if it is allowed."""
        values = [*column.labels, *VALUES]
        if column.attributes:
            values.insert(0, f"({',' * (column.attributes - 1)})")
        checks = [
            each.definition
            for each in self._constraints
            if each.kind == "c" and column.number in each.columns
        ]
        for check in checks:
            values += _constants(check)
        parameters = {"values": list(dict.fromkeys(values)), "type": column.type}
        for value in self._connection.scalars(VALID, parameters):
            quoted = value.replace("'", "''")
            yield f"CAST('{quoted}' AS {column.type})"
        if not column.is_not_null:
            yield "NULL"

    def _refer_to_parents(self, values: dict[int, _Value]) -> str | None:
        """Take the values of foreign keys from rows of the parents; return what is missing."""
        for key in (each for each in self._constraints if each.kind == "f"):
            own = [values[number] for number in key.columns if number in values]
            if key.referred != self.oid and self._has_row(key.referred_name):
                for number, referred in zip(key.columns, key.keys, strict=True):
                    if number in values:
                        row = f"FROM {key.referred_name} ORDER BY ctid LIMIT 1"
                        values[number].candidates = [f"(SELECT {referred} {row})"]
                        values[number].chosen = 0
            elif optional := [value for value in own if value.candidates[-1] == "NULL"]:
                for value in optional:
                    value.candidates, value.chosen = ["NULL"], 0
            elif own:
                return f"{key.referred_name}, which {key.name} refers to, has no row"
        return None


def _parents_first(tables: Sequence[_Table]) -> Iterator[_Table]:
    """Yield each table after those that it refers to; in a cycle, in any order."""
    waiting = list(tables)
    while waiting:
        oids = {table.oid for table in waiting}
        found = next((each for each in waiting if not each.parents & oids), waiting[0])
        waiting.remove(found)
        yield found


def _constants(check: str) -> Iterator[str]:
    """Yield constants of a CHECK, and values beside or of the length of its numbers."""
    for literal in string_literals(check):
        yield literal.strip("eE").strip("'").replace("''", "'")
    for number in re.findall(r"(?<![\w.$'])-?\d+(?:\.\d+)?", check):
        yield from (number, str(float(number) + 1), str(float(number) - 1))
        if number.isdigit() and int(number) < LONGEST_TEXT:
            yield from (str(int(number) + 1), str(int(number) - 1))
            yield from ("a" * int(number), "1" * int(number), "a" * (int(number) + 1))
