"""Follow how statements change the rows and the values of the target's tables."""

import re
from collections.abc import Iterator
from itertools import cycle
from typing import Any

from psycopg2 import extensions

from alembic_zero_downtime.plan.effect import Effect, Work, WorkKind
from alembic_zero_downtime.plan.lock_modes import Lock
from alembic_zero_downtime.plan.row_estimates import Estimate
from alembic_zero_downtime.plan.snapshot import Snapshot
from alembic_zero_downtime.plan.statistics import ALL_NULL, ColumnStatistics, Rows
from alembic_zero_downtime.sql import TOKEN, split_statements
from alembic_zero_downtime.tables import MIGRATION_TABLES

NAMES = """
    SELECT c.oid, CASE n.nspname WHEN pg_catalog.current_schema() THEN c.relname::text
                       ELSE pg_catalog.format('%%s.%%s', n.nspname, c.relname) END
      FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.oid = ANY (%s::oid[]) AND c.relkind IN ('r', 'm', 'p')
"""
PARTITIONS = """
    SELECT relid::pg_catalog.oid FROM pg_catalog.pg_partition_tree(%s) WHERE level > 0
"""
# A default that is the same for all existing rows is stored for them (`attmissingval`), unless the
# statement rewrites the table; the array has that value.
NEW_COLUMN = """
    SELECT a.attmissingval::text, a.atthasdef OR a.attidentity <> '' OR a.attgenerated <> '',
           a.attidentity <> '', t.typlen
      FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
     WHERE a.attrelid = %s AND a.attnum = %s
"""
CONSTANT = re.compile(
    r"""\(? (?: '(?P<text>(?:''|[^'])*)' :: [\w\s]+ (?:\([\d,]+\))? (?:\[\])?
              | (?P<number> -?[\d.]+ | true | false ) ) \)?""",
    re.VERBOSE,
)
NULL = re.compile(r"NULL::[\w\s]+")
COLUMN = re.compile(
    r"""(?:(?P<alias>"[^"]+"|[A-Za-z_][\w$]*)\.)?(?P<name>"[^"]+"|[A-Za-z_][\w$]*)"""
)
MOST = 0.99  # of the rows: as good as all
SOME = 0.1
AVERAGE_WIDTH = 16  # bytes of a value of variable length


class RowChanges:
    """Applies the effects of each statement to the known rows."""

    def __init__(self, rows: Rows, driver: Any) -> None:
        self._rows = rows
        self._driver = driver

    def apply(
        self,
        sql: str,
        before: Snapshot,
        after: Snapshot,
        effects: tuple[Effect, ...],
        estimate: Estimate | None,
    ) -> list[Effect]:
        """Apply the effects of a statement; return those on the tables that it fills."""
        oids = {table.name: oid for oid, table in self._rows.tables.items()} if effects else {}
        numbered = [(oids[effect.table.name], effect) for effect in effects]
        with self._driver.cursor(cursor_factory=extensions.cursor) as cursor:
            if after.relations is not before.relations:
                self._add_tables(cursor, before, after, estimate)
            if after.columns is not before.columns:
                self._change_columns(cursor, before, after, sql)
            if estimate:
                self._insert(cursor, estimate, after)
                self._change(sql, estimate)
        for oid, effect in numbered:
            self._apply(oid, effect, estimate)
        new = after.relations.keys() - before.relations.keys()
        filled = [self._rows.tables[oid] for oid in new if self._rows.is_large(oid)]
        return [
            Effect(each, None, Lock.ACCESS_SHARE, (Work(WorkKind.FILL, each.rows),), frozenset())
            for each in filled
        ]

    def _add_tables(
        self, cursor: Any, before: Snapshot, after: Snapshot, estimate: Estimate | None
    ) -> None:
        """Add the tables that a statement has created, with the rows of its query."""
        new = [
            oid
            for oid, each in after.relations.items()
            if oid not in before.relations and each.kind in ("r", "m", "p")
        ]
        if not new:
            return
        cursor.execute(NAMES, [new])
        for oid, name in cursor.fetchall():
            if name in MIGRATION_TABLES:
                continue
            self._rows.add_table(oid, name)
            if estimate and len(new) == 1 and estimate.operation == "Select":
                self._fill(oid, int(estimate.rows), estimate)

    def _change_columns(self, cursor: Any, before: Snapshot, after: Snapshot, sql: str) -> None:
        for key, column in after.columns.items():
            previous = before.columns.get(key)
            if not self._rows.is_large(key[0]) or key[0] not in before.relations:
                continue
            if previous is None:
                self._rows.set_statistics(key, _read_new_column(cursor, key))
            elif previous.type != column.type:
                # A conversion by an expression may return anything.
                is_converted = re.search(r"\bUSING\b", sql, re.IGNORECASE)
                known = None if is_converted else self._rows.statistics.get(key)
                self._rows.set_statistics(key, known)

    def _insert(self, cursor: Any, estimate: Estimate, now: Snapshot) -> None:
        for oid, added in estimate.added.items():
            if oid not in self._rows.tables:
                continue
            self._fill(oid, added, estimate)
            if now.relations[oid].kind != "p":
                continue
            # To which partition a row belongs, the planner does not say.
            cursor.execute(PARTITIONS, [oid])
            self._rows.uncounted |= {
                part
                for (part,) in cursor.fetchall()
                if part in self._rows.tables and added >= SOME * self._rows.tables[part].rows
            }

    def _fill(self, oid: int, rows: int, estimate: Estimate) -> None:
        """Add the rows of a query to a table; the statistics of its columns become theirs."""
        is_read = any(self._rows.is_large(each) for each in estimate.reads)
        if not is_read:  # the copy has them itself
            return
        known = self._rows.tables[oid].rows
        self._rows.add_rows(oid, rows, estimate.width)
        if estimate.is_limit:
            self._rows.uncounted.add(oid)
        if known and rows < SOME * known:
            return
        for number, expression in enumerate(estimate.output, start=1):
            found = None if known else self._find_statistics(expression, estimate)
            self._rows.set_statistics((oid, number), found)

    def _find_statistics(self, expression: str, estimate: Estimate) -> ColumnStatistics | None:
        """Return the statistics of an expression that is a constant or a column."""
        if constant := _as_constant(expression):
            return constant
        match = COLUMN.fullmatch(expression)
        names = list(estimate.aliases)
        if not match or not (match["alias"] or len(names) == 1):
            return None
        table = estimate.aliases.get(match["alias"] or names[0])
        return self._rows.find(table, match["name"].strip('"')) if table else None

    def _change(self, sql: str, estimate: Estimate) -> None:
        """Note the values that an UPDATE sets; of a MERGE, they are not known."""
        if estimate.operation not in ("Update", "Merge"):
            return
        for oid, changed in estimate.changed.items():
            if not self._rows.is_large(oid):
                continue
            names = [
                name
                for statement in split_statements(sql)
                for each in (statement, *statement.nested)
                for name in set_columns(each.text)
            ]
            numbers = self._rows.numbers(oid, names)
            # Of a block, the values are not known.
            for number, expression in zip(numbers, estimate.output or cycle([""]), strict=False):
                key = (oid, number)
                self._rows.set_statistics(key, self._updated(key, changed, expression, estimate))

    def _updated(
        self, key: tuple[int, int], changed: int, expression: str, estimate: Estimate
    ) -> ColumnStatistics | None:
        """Return the statistics of a column after an UPDATE; None if they are not known."""
        name = self._rows.name_of(key)
        match = COLUMN.fullmatch(expression)
        if (
            match
            and match["name"].strip('"') == name
            and estimate.aliases.get(match["alias"], key[0]) == key[0]
        ):
            return self._rows.statistics.get(key)  # set to itself
        constant = _as_constant(expression)
        if estimate.guessed or estimate.operation == "Merge" or constant is None:
            return None
        if changed >= MOST * self._rows.tables[key[0]].rows:
            return constant
        was = self._rows.statistics.get(key)
        filled = re.compile(rf'\(\w+\."?{re.escape(name)}"? IS NULL\)')
        if was and constant.null_share == 0 and any(map(filled.fullmatch, estimate.conditions)):
            return was._replace(null_share=0.0, is_known=False)
        return None

    def _apply(self, oid: int, effect: Effect, estimate: Estimate | None) -> None:
        table = effect.table
        for work in effect.work:
            if work.kind is WorkKind.DROP:
                del self._rows.tables[oid]
            elif work.kind is WorkKind.EMPTY:
                self._rows.set_rows(oid, 0, 0)
            elif work.kind is WorkKind.CHANGE and table.rows:
                is_deletion = estimate is not None and oid in estimate.deleted
                self._rows.leave_dead(oid, work.rows, is_deletion=is_deletion and not work.is_limit)
                if estimate is None:  # by a function, which may set any column
                    self._rows.forget_values(oid)


def _read_new_column(cursor: Any, key: tuple[int, int]) -> ColumnStatistics:
    cursor.execute(NEW_COLUMN, key)
    values, has_default, is_identity, length = cursor.fetchone()
    width = length if length > 0 else AVERAGE_WIDTH
    if not has_default:
        return ALL_NULL
    if values is not None:
        return ColumnStatistics(0.0, 1.0, width, common=values, shares="{1}")
    if is_identity:  # each row has another value
        return ColumnStatistics(0.0, -1.0, width)
    return ColumnStatistics(0.0, 0.0, width, is_known=False)


def _as_constant(expression: str) -> ColumnStatistics | None:
    """Return the statistics of a column with that constant everywhere; None for others."""
    if NULL.fullmatch(expression):
        return ALL_NULL
    match = CONSTANT.fullmatch(expression)
    if not match:
        return None
    text = match["number"] if match["text"] is None else match["text"].replace("''", "'")
    element = text.replace("\\", "\\\\").replace('"', '\\"')
    return ColumnStatistics(0.0, 1.0, len(text) + 1, common=f'{{"{element}"}}', shares="{1}")


def set_columns(sql: str) -> list[str]:
    """Return the names of the columns that an UPDATE sets."""
    return list(dict.fromkeys(_set_columns(sql)))


def _set_columns(sql: str) -> Iterator[str]:
    depth, is_list, is_value, names = 0, False, False, list[str]()
    for token in TOKEN.finditer(sql):
        text = token[0]
        word = text.upper()
        depth += {"(": 1, ")": -1}.get(text, 0)
        if token.lastgroup not in ("word", "name"):
            continue
        if depth == 0 and word == "SET":
            is_list, is_value = True, False
        elif depth == 0 and word in ("FROM", "WHERE", "RETURNING"):
            is_list = False
        elif depth == 0 and text == ",":
            is_value = False
        elif is_list and not is_value and text == "=":
            yield from names
            is_value, names = True, []
        elif is_list and not is_value and depth <= 1 and re.match(r'["\w]', text):
            names.append(text[1:-1].replace('""', '"') if text.startswith('"') else text.lower())
