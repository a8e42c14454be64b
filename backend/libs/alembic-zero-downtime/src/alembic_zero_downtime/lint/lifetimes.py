"""Find the statements of a revision whose object no release uses: it is new, or goes as well.

An object that the revision creates is not in use yet, also under another name. Of an index that
goes with its table, a release misses the table. If this holds in one path of a revision, it holds
for all.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from re import Match

from alembic_zero_downtime.lint.objects import DROPS_COLUMN, find_lifetime_of_names
from alembic_zero_downtime.lint.offline_sql import (
    RenderedStatement,
    Rendering,
    StatementKey,
    expand_do_blocks,
)
from alembic_zero_downtime.sql import ALTER_TABLE, CREATE_TABLE, IF, Statement, table_name

QUALIFIED = r"(?P<schema>(?:[\w$]+\.)*)(?P<table>[\w$]+)"
NAMES = r"(?P<names>[\w$.]+(?:, ?[\w$.]+)*)"

CREATES_TABLE = (
    CREATE_TABLE,
    rf"^CREATE (?:MATERIALIZED VIEW|FOREIGN TABLE) {IF}{QUALIFIED}",
    rf"^(?:SELECT|WITH)\b.*? INTO (?:TEMP(?:ORARY)? |UNLOGGED )?(?:TABLE )?{QUALIFIED} FROM\b",
)
USES_VIEW = (
    rf"^(?:ALTER|DROP) MATERIALIZED VIEW {IF}{QUALIFIED}",
    rf"^REFRESH MATERIALIZED VIEW (?:CONCURRENTLY )?{QUALIFIED}",
)
RENAMES_TABLE = rf"^ALTER (?:TABLE|MATERIALIZED VIEW) {IF}{QUALIFIED} RENAME TO (?P<new>[\w$]+)"
DROPS_TABLE = rf"^DROP (?:TABLE|MATERIALIZED VIEW) {IF}{NAMES}"
CREATES_INDEX = (
    rf"^CREATE (?:UNIQUE )?INDEX (?:CONCURRENTLY )?{IF}(?P<name>[\w$]+) ON (?:ONLY )?{QUALIFIED} "
    r"?(?:USING \w+ )?\((?P<columns>[^()]*)"
)
DROPS_SCHEMA = r"^DROP SCHEMA (?:IF EXISTS )?(?P<names>[\w$]+(?:, ?[\w$]+)*) CASCADE"
DROPS_INDEX = rf"^DROP INDEX (?:CONCURRENTLY )?{IF}{NAMES}"


@dataclass(frozen=True)
class Lifetimes:
    """Statements whose object no release uses.

    Attributes:
        on_unused: on tables that are new, or go as well.
        of_unused_names: of columns, views and other objects that are new, or are replaced.
    """

    on_unused: frozenset[StatementKey] = frozenset()
    of_unused_names: frozenset[StatementKey] = frozenset()


@dataclass(frozen=True)
class Index:
    """The table of an index, and the names of its columns."""

    table: str
    columns: frozenset[str]


def find_lifetimes(
    upgrade: Rendering, downgrade: Rendering, before: Sequence[RenderedStatement] = ()
) -> Lifetimes:
    """Return the statements of an upgrade whose object no release uses.

    Args:
        upgrade: the rendered `upgrade`.
        downgrade: the rendered `downgrade`, which creates the dropped objects again.
        before: the statements of other revisions, which may have created it.
    """
    restored = expand_do_blocks([*before, *downgrade.statements])
    on_unused: set[StatementKey] = set()
    of_unused_names: set[StatementKey] = set()
    for path in upgrade.paths:
        statements = expand_do_blocks(path)
        indexes = {**dict(_indexes(restored)), **dict(_indexes(statements))}
        on_unused.update(_on_new_tables(statements, indexes))
        on_unused.update(_on_dropped_tables(statements, indexes))
        of_unused_names.update(find_lifetime_of_names(statements))
    return Lifetimes(frozenset(on_unused), frozenset(of_unused_names))


def find_unknown_indexes(upgrade: Rendering, downgrade: Rendering) -> set[str]:
    """Return the indexes that are dropped before a table is, and whose table is not known."""
    statements = expand_do_blocks(upgrade.statements)
    if not any(each.statement.matches(DROPS_TABLE) for each in statements):
        return set()
    known = dict(_indexes([*statements, *expand_do_blocks(downgrade.statements)]))
    return {
        name
        for each in statements
        if each.table is None and (match := each.statement.find(DROPS_INDEX))
        for name in (part.rpartition(".")[2] for part in _split(match["names"]))
        if name not in known
    }


def _indexes(statements: Sequence[RenderedStatement]) -> Iterator[tuple[str, Index]]:
    """Yield the indexes that are created, by their names."""
    for rendered in statements:
        if match := rendered.statement.find(CREATES_INDEX):
            columns = {
                each.split()[0] for each in match["columns"].lower().split(",") if each.strip()
            }
            yield match["name"].lower(), Index(table_name(match), frozenset(columns))


def _tables(rendered: RenderedStatement, indexes: Mapping[str, Index]) -> set[str]:
    """Return the tables that a statement works on; none if one of them is not known."""
    statement = rendered.statement
    if match := statement.find(DROPS_INDEX):
        if rendered.table:
            return {rendered.table}
        found = [indexes.get(name.rpartition(".")[2]) for name in _split(match["names"])]
        return {each.table for each in found if each} if all(found) else set()
    if match := statement.find(DROPS_TABLE):
        return set(_split(match["names"]))
    for pattern in USES_VIEW:
        if match := statement.find(pattern):
            return {table_name(match)}
    return {statement.qualified_table} if statement.qualified_table else set()


def _on_new_tables(
    statements: Sequence[RenderedStatement], indexes: Mapping[str, Index]
) -> Iterator[StatementKey]:
    """Yield the statements on tables that were created, and on indexes that went, before."""
    new: set[str] = set()
    gone: set[str] = set()
    columns: set[tuple[str, str]] = set()
    for rendered in statements:
        statement = rendered.statement
        if created := next(created_tables(statement), None):
            new.add(created)
            gone.discard(created)
            yield rendered.key
            continue
        tables = _tables(rendered, indexes)
        if statement.matches(DROPS_INDEX) and (
            (tables and tables <= gone) or _are_of_columns(statement, columns, indexes)
        ):
            yield rendered.key
        columns |= _dropped_columns(statement)
        if statement.matches(DROPS_TABLE):
            gone |= tables
        if not tables or not tables <= new:
            continue
        yield rendered.key
        if match := statement.find(RENAMES_TABLE):
            new -= tables
            new.add(_renamed(match))
        elif statement.matches(DROPS_TABLE):
            new -= tables


def _on_dropped_tables(
    statements: Sequence[RenderedStatement], indexes: Mapping[str, Index]
) -> Iterator[StatementKey]:
    """Yield the statements on tables, and indexes of columns, that are dropped after them."""
    dropped: set[str] = set()
    schemas: set[str] = set()
    columns: set[tuple[str, str]] = set()
    for rendered in reversed(statements):
        statement = rendered.statement
        dropped.difference_update(created_tables(statement))
        if match := statement.find(DROPS_TABLE):
            dropped.update(_split(match["names"]))
            continue
        if (match := statement.find(RENAMES_TABLE)) and _renamed(match) in dropped:
            dropped.add(table_name(match))
        if match := statement.find(DROPS_SCHEMA):
            schemas.update(_split(match["names"]))
        tables = _tables(rendered, indexes)
        if (
            (tables and tables <= dropped)
            or _are_in_schemas(statement, tables, schemas)
            or _are_of_columns(statement, columns, indexes)
        ):
            yield rendered.key
        columns |= _dropped_columns(statement)


def _dropped_columns(statement: Statement) -> set[tuple[str, str]]:
    """Return the columns that a statement drops, with their tables."""
    if not statement.matches(ALTER_TABLE):
        return set()
    table = statement.qualified_table or ""
    return {(table, each["name"].lower()) for each in statement.find_all(DROPS_COLUMN)}


def _are_of_columns(
    statement: Statement, columns: Collection[tuple[str, str]], indexes: Mapping[str, Index]
) -> bool:
    """Whether a statement drops indexes that go with one of their columns."""
    match = statement.find(DROPS_INDEX)
    if match is None or not columns:
        return False
    found = [indexes.get(name.rpartition(".")[2]) for name in _split(match["names"])]
    return all(
        each and any((each.table, name) in columns for name in each.columns) for each in found
    )


def _are_in_schemas(
    statement: Statement, tables: Collection[str], schemas: Collection[str]
) -> bool:
    """Whether a statement works on tables or indexes in these schemas only."""
    match = statement.find(DROPS_INDEX)
    names = _split(match["names"]) if match else tables
    return bool(names) and all(name.rpartition(".")[0] in schemas for name in names)


def created_tables(statement: Statement) -> Iterator[str]:
    """Yield the table, or the materialized view, that a statement creates."""
    for pattern in CREATES_TABLE:
        if match := statement.find(pattern):
            yield table_name(match)


def _renamed(match: Match[str]) -> str:
    """Return the new name of a table, in the schema that it is in."""
    schema = table_name(match).rpartition(".")[0]
    return f"{schema}.{match['new'].lower()}" if schema else match["new"].lower()


def _split(names: str) -> list[str]:
    return [each.strip().lower().removeprefix("public.") for each in names.split(",")]
