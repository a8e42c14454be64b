"""Estimate with PostgreSQL's planner how many rows a statement reads and writes in the target.

The planner takes the rows per page from the catalog, and the number of pages from the size of the
data file. Therefore, during an EXPLAIN, the data files of the tables that the statement uses are
extended to the size of the target's: they are sparse, use no disk space, and are truncated again
before a statement reads them.
"""

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import psycopg2
from psycopg2 import extensions

from alembic_zero_downtime.plan.conditions import find_computed, find_guessed
from alembic_zero_downtime.plan.statistics import Rows
from alembic_zero_downtime.sql import split_statements, without_quoted

EXPLAINED = re.compile(
    r"""\s* (?: WITH | INSERT | UPDATE | DELETE | MERGE | SELECT | VALUES
              | CREATE \s+ (?: (?:GLOBAL|LOCAL) \s+)? (?: (?:TEMP|TEMPORARY|UNLOGGED) \s+)?
                (?: MATERIALIZED \s+ VIEW | TABLE ) \b .* \b AS ) \b""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
CREATES = re.compile(r"\s*CREATE\b", re.IGNORECASE)
MAX_PAGES = 131_071  # of one data file; with one more page, the table has a second file
PAGE_SIZE = 8_192  # bytes, of the embedded server
SAVEPOINT = "before_the_estimate"
# The target's planner assumes a disk; how long a statement takes depends on memory.
MEMORY_COSTS = {"seq_page_cost": 0.1, "random_page_cost": 0.1}
# In a session with code of the target: each name is qualified.
FILES = """
    SELECT c.oid, n.nspname, c.relname, pg_catalog.pg_relation_filepath(c.oid)
      FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.oid = ANY (%s::oid[]) AND c.relkind IN ('r', 'm')
"""
INDEX_FILES = """
    SELECT indrelid, pg_catalog.pg_relation_filepath(indexrelid)
      FROM pg_catalog.pg_index WHERE indrelid = ANY (%s::oid[])
"""
BYTES_OF_AN_ENTRY = 24  # of an index on a number
RELATIONS = """
    SELECT CASE n.oid WHEN pg_catalog.pg_my_temp_schema() THEN 'pg_temp' ELSE n.nspname::text END,
           c.relname::text, c.oid, pg_catalog.pg_partition_root(c.oid)::oid
      FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.relname = ANY (%s::name[])
"""
SET_SIZE = """
    SELECT pg_catalog.pg_restore_relation_stats(
        'schemaname', %s::text, 'relname', %s::text,
        'relpages', %s::int4, 'reltuples', %s::float4)
"""
FILE = re.compile(r"base/\d+/(?:t\d+_)?\d+")  # also of a temporary table


@dataclass(frozen=True)
class Estimate:
    """The planner's estimate for a statement, by the oid of the table.

    Attributes:
        scans: the number of sequential scans.
        changed: the rows that are updated or deleted.
        added: the rows that are inserted.
        deleted: the tables whose rows are deleted.
        reads: the tables that it reads.
        cost: of all that it reads, in the planner's units.
        rows: the number of rows of the result, or that are written.
        width: the bytes of such a row.
        output: the expressions of such a row.
        conditions: all of them, as text.
        guessed: the columns whose values the planner does not know, but which the number of
            rows depends on.
        is_blind: whether nothing is known of the rows that it reads.
        may_conflict: whether rows that are there already are updated instead of inserted.
        creates: whether it creates a table with the rows of the result.
    """

    scans: Mapping[int, int]
    changed: Mapping[int, int]
    added: Mapping[int, int]
    deleted: frozenset[int] = frozenset()
    reads: frozenset[int] = frozenset()
    cost: float = 0.0
    rows: float = 0.0
    width: int = 0
    output: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    aliases: Mapping[str, int] = field(default_factory=dict)
    operation: str = "Select"
    guessed: tuple[str, ...] = ()
    is_blind: bool = False
    may_conflict: bool = False
    creates: bool = False

    @property
    def is_limit(self) -> bool:
        """Whether the rows that are written are an upper limit."""
        return bool(self.guessed) or self.is_blind or self.may_conflict

    @property
    def expressions(self) -> tuple[str, ...]:
        """The expressions that are computed for its rows."""
        return (*self.output, *self.conditions)

    @property
    def is_write(self) -> bool:
        """Whether it inserts rows, or creates a table with them."""
        return self.creates or any(self.added.values())

    def with_statement(self, other: "Estimate") -> "Estimate":
        """Return the estimate of both, as a statement whose values are not known."""
        return replace(
            self,
            scans=Counter(self.scans) + Counter(other.scans),
            changed=Counter(self.changed) + Counter(other.changed),
            added=Counter(self.added) + Counter(other.added),
            deleted=self.deleted | other.deleted,
            reads=self.reads | other.reads,
            cost=self.cost + other.cost,
            guessed=self.guessed + other.guessed,
            is_blind=self.is_blind or other.is_blind,
            may_conflict=self.may_conflict or other.may_conflict,
        )

    def repeated(self, times: int) -> "Estimate":
        """Return the estimate of as many executions."""
        scans, changed, added = (
            {oid: number * times for oid, number in numbers.items()}
            for numbers in (self.scans, self.changed, self.added)
        )
        return replace(
            self,
            scans=scans,
            changed=changed,
            added=added,
            cost=self.cost * times,
            rows=self.rows * times,
        )


class Explained(NamedTuple):
    """A plan of the planner, with the oid of each relation that it names.

    Attributes:
        plan: the plan, as JSON.
        relations: the oids, by schema and name.
        roots: the uppermost table of each partition, by oid.
    """

    plan: Any
    relations: Mapping[tuple[str, str], int]
    roots: Mapping[int, int]

    def oid_of(self, node: Any) -> int | None:
        """Return the relation of a node, if it has one."""
        return self.relations.get((node.get("Schema", ""), node.get("Relation Name", "")))

    def used(self) -> Iterator[int]:
        """Yield the relations that the number of rows depends on: not one only inserted into."""
        for node in _nodes(self.plan):
            oid = self.oid_of(node)
            if oid is not None and node.get("Operation") != "Insert":
                yield oid

    def written_rows(self, node: Any) -> Iterator[tuple[int, int]]:
        """Yield the tables that a ModifyTable writes to, and the number of rows.

        Those that an UPDATE or a DELETE finds in partitions are written there.
        """
        oid = self.oid_of(node)
        source = node["Plans"][0]
        partitions = [
            (part, int(each["Plan Rows"]))
            for each in _nodes(source)
            if (part := self.oid_of(each)) and part != oid and self.roots.get(part) == oid
        ]
        if partitions and node["Operation"] != "Insert":
            yield from partitions
        elif oid is not None:
            yield oid, int(source["Plan Rows"])


def estimate_rows(driver: Any, statement: str, rows: Rows, data_directory: Path) -> Estimate | None:
    """Return the planner's estimate of a single statement; None if it cannot be explained.

    Args:
        driver: the connection of psycopg2, in a transaction.
        statement: with its values.
        rows: the rows that the tables have in the target.
        data_directory: the folder of the copy's server.
    """
    bare = without_quoted(statement)
    if not EXPLAINED.match(bare) or ";" in bare.rstrip().rstrip(";"):
        return None
    with driver.cursor(cursor_factory=extensions.cursor) as cursor:
        cursor.execute(f"SAVEPOINT {SAVEPOINT}")
        try:
            explained = _explain(cursor, statement)
            cost = 0.0
            used = {oid for oid in explained.used() if rows.is_large(oid)}
            if used and not rows.is_blind:
                with _with_target_sizes(cursor, used, rows, data_directory):
                    explained = _explain(cursor, statement, explained)
                    cost = _cost_in_memory(cursor, statement, explained)
            creates = bool(CREATES.match(bare))
            return replace(_read_plan(explained, rows, cost), creates=creates)
        except psycopg2.Error:
            return None  # the statement itself will fail with the same error
        finally:
            cursor.execute(f"ROLLBACK TO SAVEPOINT {SAVEPOINT}")
            cursor.execute(f"RELEASE SAVEPOINT {SAVEPOINT}")


def estimate_code(driver: Any, sql: str, rows: Rows, data_directory: Path) -> Estimate | None:
    """Return the estimate of several statements, also in a DO block; None if there is none.

    Its statements are estimated one by one, as long as none reads what another one has written.
    """
    nested = [
        each.text
        for statement in split_statements(sql)
        for each in (statement.nested or (statement,))
        if each.text and not each.matches(r"^END\b")
    ]
    whole = Estimate({}, {}, {}, operation="Merge")
    for text in nested:
        found = estimate_rows(driver, text, rows, data_directory)
        if found is None or found.reads & (whole.changed.keys() | whole.added.keys()):
            return None
        whole = whole.with_statement(found)
    return whole if nested else None


def _explain(
    cursor: Any, statement: str, known: Explained | None = None, before: str = ""
) -> Explained:
    """Return the plan of a statement.

    Args:
        cursor: of psycopg2.
        statement: with its values.
        known: another plan of the same statement, whose relations are not looked up again.
        before: what is executed before, in the same request.
    """
    cursor.execute(f"{before} EXPLAIN (FORMAT JSON, VERBOSE) {statement}")
    ((answer,),) = cursor.fetchone()
    plan = answer["Plan"]
    names = {
        (node["Schema"], node["Relation Name"])
        for node in _nodes(plan)
        if "Relation Name" in node and "Schema" in node
    }
    if known and names <= known.relations.keys():
        return known._replace(plan=plan)
    found = []
    if names:
        cursor.execute(RELATIONS, [[name for _, name in names]])
        found = [row for row in cursor.fetchall() if row[:2] in names]
    relations = {(schema, name): oid for schema, name, oid, _ in found}
    roots = {oid: root for *_, oid, root in found if root is not None}
    return Explained(plan, relations, roots)


@contextmanager
def _with_target_sizes(
    cursor: Any, used: set[int], rows: Rows, data_directory: Path
) -> Iterator[None]:
    """Give the tables the sizes of the target; beyond one file, more rows per page instead."""
    cursor.execute(FILES, [list(used)])
    sizes: dict[Path, int] = {}
    for oid, schema, name, path in cursor.fetchall():
        table = rows.tables[oid]
        if not FILE.fullmatch(path):
            continue
        pages = max(min(table.pages, MAX_PAGES), 1)
        cursor.execute(SET_SIZE, [schema, name, pages, table.rows])
        rows.prepare(cursor, oid)
        sizes[data_directory / path] = pages * PAGE_SIZE
    cursor.execute(INDEX_FILES, [list(used)])
    for oid, path in cursor.fetchall():
        if path and FILE.fullmatch(path):
            pages = rows.tables[oid].rows * BYTES_OF_AN_ENTRY // PAGE_SIZE
            sizes[data_directory / path] = min(pages, MAX_PAGES) * PAGE_SIZE
    before = {path: path.stat().st_size for path in sizes}
    try:
        for path, size in sizes.items():
            os.truncate(path, max(before[path], size))
        yield
    finally:
        for path, size in before.items():
            os.truncate(path, size)


def _cost_in_memory(cursor: Any, statement: str, explained: Explained) -> float:
    """Return the planner's cost of all that a statement reads, if that is in memory."""
    costs = " ".join(f"SET LOCAL {name} = {cost};" for name, cost in MEMORY_COSTS.items())
    plan = _explain(cursor, statement, explained, before=costs).plan
    is_write = plan["Node Type"] == "ModifyTable"
    return float((plan["Plans"][0] if is_write else plan)["Total Cost"])


def _read_plan(explained: Explained, known: Rows, cost: float) -> Estimate:
    scans: Counter[int] = Counter()
    changed: Counter[int] = Counter()
    added: Counter[int] = Counter()
    reads: set[int] = set()
    deleted: set[int] = set()
    aliases: dict[str, int] = {}
    conditions: list[str] = []
    computed: dict[str, None] = {}
    may_conflict = False
    result, operation = explained.plan, "Select"
    for node in _nodes(explained.plan):
        conditions += _conditions(node)
        computed |= dict.fromkeys(find_computed(node))
        oid = explained.oid_of(node)
        if oid is None:
            continue
        aliases.setdefault(node.get("Alias", node["Relation Name"]), oid)
        if node["Node Type"] == "ModifyTable":
            if operation == "Select":  # the outermost one
                result, operation = node["Plans"][0], node["Operation"]
            numbers = added if node["Operation"] == "Insert" else changed
            for written, number in explained.written_rows(node):
                numbers[written] += number
                deleted |= {written} if node["Operation"] == "Delete" else set()
            if "Conflict Resolution" in node:
                reads.add(oid)
                may_conflict |= node["Conflict Resolution"] == "UPDATE"
            continue
        reads.add(oid)
        scans[oid] += node["Node Type"] == "Seq Scan"
    is_blind = known.is_blind and any(map(known.is_large, reads))
    guessed = () if is_blind else find_guessed(conditions, aliases, known)
    if any(map(known.is_large, reads)) and not is_blind:
        guessed = tuple(dict.fromkeys((*guessed, *computed)))
    if guessed or is_blind:  # at most all rows
        changed = Counter({oid: known.tables[oid].rows for oid in changed if oid in known.tables})
    return Estimate(
        scans={oid: number for oid, number in scans.items() if number},
        changed=changed,
        added=added,
        deleted=frozenset(deleted),
        reads=frozenset(reads),
        cost=cost,
        rows=result["Plan Rows"],
        width=result["Plan Width"],
        output=tuple(result.get("Output", ())),
        conditions=tuple(conditions),
        aliases=aliases,
        operation=operation,
        guessed=guessed,
        is_blind=is_blind,
        may_conflict=may_conflict,
    )


def _conditions(node: Any) -> Iterator[str]:
    """Yield the conditions of a node, whose keys end alike."""
    for key, value in node.items():
        if key == "Filter" or key.endswith((" Cond", " Filter")):
            yield value


def _nodes(plan: Any) -> Iterator[Any]:
    yield plan
    for each in plan.get("Plans", ()):
        yield from _nodes(each)
