"""Find out on the copy how much work a statement is for each row."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from psycopg2 import extensions

from alembic_zero_downtime.plan.conditions import SUBPLAN, is_computed
from alembic_zero_downtime.plan.effect import Effect, IndexBuild, WorkKind
from alembic_zero_downtime.plan.row_estimates import Estimate, estimate_rows
from alembic_zero_downtime.plan.samples import Sampler, undone
from alembic_zero_downtime.plan.snapshot import Snapshot
from alembic_zero_downtime.plan.statistics import Rows

NAME = "SELECT %s::pg_catalog.oid::pg_catalog.regclass::text"
# The default of a new column, or the expression of a generated one; an identity has none.
EXPRESSION = """
    SELECT pg_catalog.pg_get_expr(adbin, adrelid) FROM pg_catalog.pg_attrdef
     WHERE adrelid = %s AND adnum = %s
"""
CONVERSION = """
    SELECT pg_catalog.quote_ident(attname), pg_catalog.format_type(atttypid, atttypmod)
      FROM pg_catalog.pg_attribute WHERE attrelid = %s AND attnum = %s
"""
TYPE = "SELECT pg_catalog.format_type(%s, %s)"
# As the last part of an ALTER TABLE.
USING = re.compile(r"\bUSING\b(?P<expression>.*?);?\s*\Z", re.IGNORECASE | re.DOTALL)
CHECK = """
    SELECT pg_catalog.pg_get_expr(conbin, conrelid) FROM pg_catalog.pg_constraint
     WHERE oid = %s AND contype = 'c'
"""
# As PostgreSQL validates a foreign key: the rows without the one that they refer to.
UNMATCHED = """
    SELECT pg_catalog.format(
        'SELECT FROM %%s AS child LEFT JOIN %%s AS parent ON %%s WHERE parent.%%I IS NULL',
        f.conrelid::pg_catalog.regclass, f.confrelid::pg_catalog.regclass,
        pg_catalog.string_agg(
            pg_catalog.format('parent.%%I = child.%%I', p.attname, c.attname), ' AND '),
        pg_catalog.min(p.attname::text))
      FROM pg_catalog.pg_constraint AS f,
           ROWS FROM (pg_catalog.unnest(f.conkey), pg_catalog.unnest(f.confkey)) AS k (own, other)
      JOIN pg_catalog.pg_attribute AS c ON c.attnum = k.own
      JOIN pg_catalog.pg_attribute AS p ON p.attnum = k.other
     WHERE f.oid = %s AND f.contype = 'f' AND c.attrelid = f.conrelid AND p.attrelid = f.confrelid
     GROUP BY f.conrelid, f.confrelid
"""


class Details:
    """Adds to effects what the catalogs do not tell.

    Args:
        driver: the connection of psycopg2.
        rows: the rows of the target.
        data_directory: the folder of the copy's server.
    """

    def __init__(self, driver: Any, rows: Rows, data_directory: Path) -> None:
        self._driver = driver
        self._rows = rows
        self._data_directory = data_directory
        self._sampler = Sampler(driver, rows)

    def add(
        self,
        effect: Effect,
        sql: str,
        before: Snapshot,
        after: Snapshot,
        estimate: Estimate | None,
    ) -> Effect:
        """Add how long index builds and expressions take, as tried on a sample of the rows."""
        kinds = {each.kind for each in effect.work}
        if estimate:
            return self._with_set_values(effect, estimate) if WorkKind.CHANGE in kinds else effect
        if WorkKind.ANALYZE in kinds:
            seconds = self._sampler.time_analyze(self._oid_of(effect))
            return replace(effect, analyze_seconds=seconds)
        if not kinds & {WorkKind.REWRITE, WorkKind.INDEX, WorkKind.SCAN}:
            return effect
        oid = self._oid_of(effect)
        builds = tuple(self._with_rows(each, oid) for each in effect.builds)
        expressions = [*self._conditions(oid, before, after)]
        types: dict[int, str] = {}
        if WorkKind.REWRITE in kinds and after.relations[oid].kind == "r":
            types = dict(self._former_types(oid, before, after))
            expressions += self._new_values(oid, before, after)
            expressions += self._conversions(oid, types, sql)
        seconds = self._sampler.time_expressions(oid, expressions, types)
        return replace(effect, builds=builds, expression_seconds=seconds)

    def _with_set_values(self, effect: Effect, estimate: Estimate) -> Effect:
        """Add how long an UPDATE takes to compute the new values, if from its own table alone."""
        if estimate.operation != "Update" or len(estimate.aliases) > 1:
            return effect
        (alias,) = estimate.aliases
        expressions = [
            each for each in estimate.output if is_computed(each) and SUBPLAN not in each
        ]
        oid = self._oid_of(effect)
        seconds = self._sampler.time_expressions(oid, expressions, {}, alias)
        return replace(effect, expression_seconds=seconds)

    def validation_cost(
        self, effects: Sequence[Effect], before: Snapshot, after: Snapshot
    ) -> float | None:
        """Return the planner's cost of the foreign keys that are validated; None without any."""
        oids = [self._oid_of(each) for each in effects]
        keys = [
            constraint
            for oid in oids
            for constraint in before.validated_until(after, oid)
            if after.constraints[constraint].kind == "f"
        ]
        costs = []
        for key in keys:
            ((query,),) = self._run(UNMATCHED, key)
            found = estimate_rows(self._driver, query, self._rows, self._data_directory)
            costs += [found.cost] if found else []
        return sum(costs) if costs else None

    def _oid_of(self, effect: Effect) -> int:
        tables = self._rows.tables.items()
        return next(oid for oid, table in tables if table is effect.table)

    def _with_rows(self, build: IndexBuild, table: int) -> IndexBuild:
        """Let the planner estimate the rows of a partial index, and try the build."""
        seconds = self._sampler.time_build(table, build.index, build.method)
        if build.predicate is None:
            return replace(build, row_seconds=seconds)
        with undone(self._driver):
            ((name,),) = self._run(NAME, table)
            query = f"SELECT FROM {name} WHERE {build.predicate}"
            found = estimate_rows(self._driver, query, self._rows, self._data_directory)
        rows = int(found.rows) if found else build.rows
        return replace(build, rows=rows, row_seconds=seconds)

    def _conditions(self, table: int, before: Snapshot, after: Snapshot) -> Iterator[str]:
        """Yield the conditions of CHECK constraints that all rows are checked against."""
        for constraint in before.validated_until(after, table):
            for (expression,) in self._run(CHECK, constraint):
                yield expression

    def _new_values(self, table: int, before: Snapshot, after: Snapshot) -> Iterator[str]:
        """Yield the defaults and the expressions of new columns."""
        for key in after.columns.keys() - before.columns.keys():
            if key[0] == table:
                for (expression,) in self._run(EXPRESSION, *key):
                    yield expression

    def _former_types(
        self, table: int, before: Snapshot, after: Snapshot
    ) -> Iterator[tuple[int, str]]:
        """Yield the former type of each column that has another one, by its number."""
        for key, column in after.columns.items():
            was = before.columns.get(key)
            if key[0] == table and was and was[:2] != column[:2]:
                ((name,),) = self._run(TYPE, was.type, was.modifier)
                yield key[1], name

    def _conversions(self, table: int, types: dict[int, str], sql: str) -> Iterator[str]:
        """Yield the conversions of columns; an expression that the statement gives, if only one."""
        given = USING.search(sql) if len(types) == 1 else None
        for number in types:
            ((column, type_name),) = self._run(CONVERSION, table, number)
            yield given["expression"] if given else f"{column}::{type_name}"

    def _run(self, statement: str, *values: Any) -> list[Any]:
        with self._driver.cursor(cursor_factory=extensions.cursor) as cursor:
            cursor.execute(statement, values or None)
            return list(cursor.fetchall())
