"""Say what is not known because the copy has no rows of the target."""

import re
from collections.abc import Iterable, Mapping, Sequence

from psycopg2 import Error, errorcodes

from alembic_zero_downtime.plan.effect import Effect
from alembic_zero_downtime.plan.lock_modes import Lock
from alembic_zero_downtime.plan.row_estimates import Estimate
from alembic_zero_downtime.plan.statistics import Rows
from alembic_zero_downtime.plan.target import Table

# Errors that depend on values: SQLSTATE classes of data, cardinality and integrity, and the errors
# of PL/pgSQL such as no_data_found, assert_failure and RAISE (PostgreSQL manual, "Error Codes").
OF_VALUES = ("21", "22", "23", "P0")
DEPENDS = "it depends on what the revision has read before"
WITHOUT_STATISTICS = (
    "how many rows it reads and writes is not known: the copy runs on a PostgreSQL before 18, "
    "which cannot take over the target's statistics"
)
HOW_MANY = "how many rows it writes is not known"
CODE = f"{HOW_MANY}: the planner cannot estimate code on the server"
RUNS_CODE = re.compile(
    r"\s*(?:CALL|DELETE|DO|EXECUTE|INSERT|MERGE|SELECT|UPDATE|VALUES|WITH)\b", re.IGNORECASE
)
CONFLICTS = "how many of its rows are there already, and are updated instead, is not known"
MANY = 10_000  # rows of a table; fewer take no time that matters
FOREIGN_KEY = """
    SELECT confrelid FROM pg_catalog.pg_constraint
     WHERE conname = %s AND contype = 'f' AND connamespace = (
           SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = %s)
"""


def depends_on_values(error: Error) -> bool:
    """Whether an error of the server may depend on rows."""
    return str(error.pgcode).startswith(OF_VALUES)


def is_missing_parent(error: Error) -> bool:
    """Whether a foreign key is violated."""
    return bool(error.pgcode == errorcodes.FOREIGN_KEY_VIOLATION)


def reason_for_result(tables: Iterable[Table], held: Mapping[str, Lock]) -> str:
    """Return why it is not known what follows a statement whose result the revision uses."""
    return (
        f"the revision uses its result, which depends on {_rows_of(tables)}: how often the "
        f"following statements run, and with which values, is not known{_meanwhile(held)}"
    )


def reason_for_block(tables: Iterable[Table], held: Mapping[str, Lock]) -> str:
    """Return why the effects of code on the server are not known."""
    return f"what it does depends on {_rows_of(tables)}{_meanwhile(held)}"


def reason_for_failure(message: str, tables: Iterable[Table]) -> str:
    """Return why the effects of a statement that fails on the copy are not known."""
    return f"it cannot be run on the copy, as it depends on {_rows_of(tables)}: {message}"


def reason_for_work(
    sql: str,
    estimate: Estimate | None,
    effects: Sequence[Effect],
    consequences: Sequence[str],
    rows: Rows,
) -> str | None:
    """Return why not all of a statement's work is known; None if it is."""
    return (
        reason_for_rows(sql, estimate, effects, rows)
        or reason_for_filled(effects, rows)
        or reason_for_consequences(consequences)
    )


def reason_for_consequences(consequences: Sequence[str]) -> str | None:
    """Return why further effects of a statement are not known; None without any."""
    if not consequences:
        return None
    return f"{'; '.join(consequences)}: how much that is, the plan does not know"


def reason_for_rows(
    sql: str, estimate: Estimate | None, effects: Sequence[Effect], rows: Rows
) -> str | None:
    """Return why the number of rows is not known that a statement writes; None if it is."""
    if estimate is None:
        large = [each for each in effects if each.table.rows >= MANY]
        writes = any(each.lock is Lock.ROW_EXCLUSIVE for each in large)
        return CODE if writes and RUNS_CODE.match(sql) else None
    if estimate.is_blind:
        return WITHOUT_STATISTICS
    is_large = any(rows.tables[oid].rows >= MANY for oid in estimate.reads & rows.tables.keys())
    writes = any(estimate.changed.values()) or (is_large and estimate.is_write)
    if estimate.guessed and writes:
        names = " and ".join(estimate.guessed)
        return f"{HOW_MANY}: there are no statistics for its use of {names}"
    if estimate.may_conflict and any(each >= MANY for each in estimate.added.values()):
        return CONFLICTS
    return None


def reason_for_filled(effects: Iterable[Effect], rows: Rows) -> str | None:
    """Return why the work on tables is not known that the plan itself has filled."""
    filled = [rows.tables[oid] for oid in rows.uncounted if oid in rows.tables]
    names = sorted(each.table.name for each in effects if each.work and each.table in filled)
    if not names:
        return None
    return f"how many rows {' and '.join(names)} will have by then is not known"


def _rows_of(tables: Iterable[Table]) -> str:
    names = [
        f"{table.name} (~{table.rows:,})" if table.rows else table.name
        for table in sorted(tables, key=lambda each: each.name)
    ]
    return f"rows of {' and '.join(names)}, which the copy does not have"


def _meanwhile(held: Mapping[str, Lock]) -> str:
    blocking = {name: lock for name, lock in held.items() if lock.blocks_dml}
    if not blocking:
        return ""
    strongest = max(blocking.values())
    names = " and ".join(sorted(name for name, lock in blocking.items() if lock is strongest))
    return f". Meanwhile {strongest.blocks} of {names} wait ({strongest})"
