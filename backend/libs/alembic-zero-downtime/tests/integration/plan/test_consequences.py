"""The plan tells what the server does besides a statement, and where it does not know how much."""

from alembic_zero_downtime.plan.effect import WorkKind
from alembic_zero_downtime.plan.risk import Risk
from support.planning import Planner


def test_cascade_to_a_large_table_is_not_known(planner: Planner) -> None:
    (delete,) = planner.assess('op.execute("DELETE FROM companies WHERE id = 1")')
    reason = "it deletes the rows of documents (~20,000,000) that refer to them"
    assert reason in (delete.statement.unknown or "")
    assert delete.risk is Risk.UNKNOWN


def test_reference_without_an_index_is_looked_for_in_all_rows(planner: Planner) -> None:
    (delete,) = planner.assess('op.execute("DELETE FROM kept")')
    (works,) = (each.work for each in delete.statement.effects if each.table.name == "keeping")
    assert [(work.kind, work.rows, work.count) for work in works] == [
        (WorkKind.LOOKUP, 30_000, 500)
    ]
    assert delete.seconds > 0.5


def test_trigger_that_runs_for_many_rows_is_not_known(planner: Planner) -> None:
    many, one = planner.assess(
        'op.execute("UPDATE keeping SET kept_id = kept_id")\n'
        'op.execute("UPDATE keeping SET kept_id = kept_id WHERE kept_id = 1")'
    )
    assert "trigger notes of keeping runs for each row" in (many.statement.unknown or "")
    assert many.risk is Risk.UNKNOWN
    assert (one.statement.unknown, one.risk) == (None, Risk.SAFE)


def test_rows_of_partitions_are_counted_once(planner: Planner) -> None:
    (update,) = planner.assess('op.execute("UPDATE parts SET id = id + 1")')
    changed = [
        (effect.table.name, work.rows)
        for effect in update.statement.effects
        for work in effect.work
        if work.kind is WorkKind.CHANGE
    ]
    assert changed == [("parts_2020", 9_000_000)]


def test_rows_that_a_query_deletes_and_inserts_are_both_counted(planner: Planner) -> None:
    (move,) = planner.assess(
        'op.execute("WITH d AS (DELETE FROM documents WHERE fiscal_year = 2005 RETURNING *)"\n'
        '           " INSERT INTO late SELECT id FROM d")'
    )
    works = {effect.table.name: effect.work for effect in move.statement.effects}
    assert WorkKind.CHANGE in [work.kind for work in works["documents"]]
    assert WorkKind.ADD in [work.kind for work in works["late"]]
