"""Estimate how long statements take, at a measured throughput."""

from alembic_zero_downtime.plan.effect import Effect, IndexBuild, Work, WorkKind
from alembic_zero_downtime.plan.target import Table
from alembic_zero_downtime.plan.throughput import Throughput
from alembic_zero_downtime.plan.traced import TracedStatement

# Of what the second index of a table costs in an UPDATE; measured with PostgreSQL 18.
FURTHER_INDEX = 0.5
TWO = 2


def estimate_seconds(statement: TracedStatement, throughput: Throughput) -> float:
    """Return the estimated duration of a statement's work at this throughput."""
    works = ((work, effect) for effect in statement.effects for work in effect.work)
    is_estimated = statement.cost is not None
    return (
        statement.seconds
        + sum(effect.analyze_seconds for effect in statement.effects)
        + (statement.cost or 0.0) / throughput.read
        + sum(
            _seconds(work, effect, throughput)
            for work, effect in works
            if not (is_estimated and work.kind is WorkKind.SCAN)  # part of the planner's cost
        )
    )


def _seconds(work: Work, effect: Effect, throughput: Throughput) -> float:
    table = effect.table
    match work.kind:
        case WorkKind.REWRITE | WorkKind.FILL:
            return table.size / throughput.rewrite + work.rows * effect.expression_seconds
        case WorkKind.INDEX:
            return sum(_build_seconds(each, effect, throughput) for each in effect.builds)
        case WorkKind.SCAN:
            seconds = work.count * _scan_seconds(table, throughput)
            return seconds + work.rows * effect.expression_seconds
        case WorkKind.LOOKUP:
            return work.count * _scan_seconds(table, throughput)
        case WorkKind.CHANGE | WorkKind.ADD:
            seconds = row_seconds(work, effect, throughput)
            return work.rows * (seconds + effect.expression_seconds)
        case _:
            return 0.0


def row_seconds(work: Work, effect: Effect, throughput: Throughput) -> float:
    """Return how long it takes to write a row."""
    if work.kind is WorkKind.ADD:
        return _insert_seconds(effect, throughput)
    if effect.is_deletion:
        return 1 / throughput.delete
    with_key, with_two = 1 / throughput.key_write, 1 / throughput.write
    second = max(with_two - with_key, 0.0)
    if effect.indexes < TWO:
        return with_key
    return with_key + second * (1 + FURTHER_INDEX * (effect.indexes - TWO))


def _insert_seconds(effect: Effect, throughput: Throughput) -> float:
    """Return how long it takes to insert a row, its index entries, and to check its keys."""
    numbers = effect.indexes - effect.text_indexes
    return (
        1 / throughput.insert
        + effect.width / throughput.rewrite
        + numbers / throughput.entry
        + effect.text_indexes / throughput.text_entry
        + effect.references / throughput.reference
    )


def _scan_seconds(table: Table, throughput: Throughput) -> float:
    return table.size / throughput.scan + table.rows / throughput.scan_rows


def _build_seconds(build: IndexBuild, effect: Effect, throughput: Throughput) -> float:
    if build.row_seconds is None:
        other = 1 / (throughput.text_index if build.is_text else throughput.index)
        return build.rows * other + _scan_seconds(effect.table, throughput)
    others = effect.table.rows - build.rows  # the sample has all rows in the index
    scan = effect.table.size / throughput.scan + others / throughput.scan_rows
    return build.rows * build.row_seconds + scan
