"""The data loss of a downgrade is estimated exactly, and the estimate changes nothing."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from alembic_zero_downtime.data_loss.estimate import DataLoss, Loss, estimate_data_loss
from alembic_zero_downtime.database.reset import drop_everything
from support.data_loss_cases import AGAIN, CASES, COMPANY, DOCUMENT, FILLED, XYY, Case
from support.databases import execute
from support.dry_runs import do_nothing, downgrade, estimate, run, upgrade


@pytest.mark.parametrize("each", CASES.values(), ids=CASES)
def test_the_estimate_lists_what_is_lost(each: Case, empty: Engine) -> None:
    execute(empty, each.before)
    found = estimate(empty, run(each.destroy), run(each.restore))
    assert (tuple(found.lines()), found.unknown_because) == (each.lines, None)


@pytest.mark.parametrize(
    ("destroy", "is_loss"),
    [
        ("TRUNCATE t; ALTER TABLE t ALTER b TYPE text", False),
        ("DELETE FROM t WHERE b = 1", True),
        ("ALTER TABLE t DROP id", True),
        ("ALTER TABLE t DROP c", False),
        ("DROP TABLE u", False),
    ],
)
def test_restored_or_empty_objects_are_no_loss(
    destroy: str,
    is_loss: bool,
    empty: Engine,
) -> None:
    execute(empty, FILLED + "ALTER TABLE t ADD c int; CREATE TABLE u ()")
    restore = XYY if "TRUNCATE" in destroy else ""
    assert estimate(empty, run(destroy), run(restore)).is_loss is is_loss


def test_the_estimate_is_text_and_json() -> None:
    rows = Loss("t", column=None, is_dropped=True, count=7, restored=6)
    found = DataLoss((rows, Loss("t", "b", is_dropped=True, count=1, restored=0)), "because")
    assert str(found).splitlines() == [
        f"t: dropped with 7 rows, 6 of {AGAIN}",
        "t.b: dropped with 1 value",
        "the rows that the upgrade restores are unknown: because",
    ]
    first = {"table": "t", "column": None, "is_dropped": True, "count": 7, "restored": 6}
    assert json.loads(json.dumps(asdict(found)))["losses"][0] == first
    assert str(DataLoss(())) == "no data loss"


def test_earlier_changes_of_the_session_do_not_count(empty: Engine) -> None:
    execute(empty, FILLED + "CREATE TABLE u AS SELECT * FROM t")
    with empty.connect() as connection:
        run("DELETE FROM u WHERE a = 'x'; INSERT INTO t (a) VALUES ('z')")(connection)
        connection.commit()
        found = estimate_data_loss(connection, run("DELETE FROM t WHERE a = 'z'"), do_nothing)
        assert found.lines() == ["t: 1 row deleted"]
        execute(empty, "DELETE FROM t WHERE a = 'z'")  # in a separate session again
        connection.rollback()
        run("DROP TABLE u")(connection)
        connection.commit()


def test_the_counters_of_the_server_may_be_disabled(empty: Engine) -> None:
    execute(empty, FILLED + "CREATE TABLE u AS SELECT * FROM t")
    with empty.connect() as connection:
        run("SET track_counts = off")(connection)
        connection.commit()
        found = estimate_data_loss(connection, run("DELETE FROM t WHERE b = 1"), do_nothing)
        assert found.lines() == ["t: 1 row deleted"]
        assert not estimate_data_loss(connection, run(XYY), do_nothing).losses


def test_migration_tables_and_extensions_do_not_count(empty: Engine) -> None:
    tables = ("alembic_version", "migration_ledger", "of_an_extension")
    copies = "".join(f"CREATE TABLE {name} AS SELECT * FROM t;" for name in tables)
    execute(empty, FILLED + copies + "ALTER EXTENSION plpgsql ADD TABLE of_an_extension")
    destroy = "DROP TABLE t, alembic_version; DELETE FROM migration_ledger;"
    destroy += "DELETE FROM of_an_extension"
    assert estimate(empty, run(destroy)).lines() == ["t: dropped with 3 rows"]


@pytest.mark.parametrize(
    ("destroy", "line"),
    [
        (f"{XYY} TRUNCATE t", "t: 3 rows deleted"),
        ("UPDATE t SET b = b + 1; DELETE FROM t WHERE a = 'x'", "t: 1 row deleted"),
    ],
)
def test_new_and_changed_rows_do_not_count_as_deleted(
    destroy: str, line: str, empty: Engine
) -> None:
    execute(empty, FILLED)
    assert estimate(empty, run(destroy)).lines() == [line]


def test_a_timestamp_restored_with_another_value_is_lost(empty: Engine) -> None:
    column = "ALTER TABLE t ADD n timestamptz DEFAULT now()"
    execute(empty, FILLED + column)
    found = estimate(empty, run("ALTER TABLE t DROP n"), run(column))
    assert found.lines() == ["t.n: dropped with 3 values"]


def test_too_many_new_rows_count_as_not_restored(
    empty: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alembic_zero_downtime.data_loss.estimate.MAX_NEW_ROWS", 2)
    execute(empty, FILLED)
    two_seeds = run(FILLED + "DELETE FROM t WHERE b = 1")
    assert estimate(empty, run("DROP TABLE t"), two_seeds).losses[0].restored == 2
    assert estimate(empty, run("DROP TABLE t"), run(FILLED)).losses[0].restored == 0
    one = "INSERT INTO t (a, b) VALUES ('x', 1)"
    assert estimate(empty, run("DELETE FROM t WHERE b = 1"), run(one)).losses[0].restored == 1


@pytest.mark.parametrize(
    ("done", "deleted", "dropped"),
    [
        ("", f"6 rows deleted, all of {AGAIN}", f"dropped with 6 rows, all of {AGAIN}"),
        (COMPANY, f"6 rows deleted, all of {AGAIN}", f"dropped with 7 rows, 6 of {AGAIN}"),
        (
            "UPDATE companies SET ir_url = 'https://new.example' WHERE name = 'SAP SE'",
            f"5 rows deleted, all of {AGAIN}",
            f"dropped with 6 rows, 5 of {AGAIN}",
        ),
    ],
    ids=["untouched", "a company of a user", "a changed seed"],
)
def test_seeds_are_distinguished_from_rows_of_users(
    done: str, deleted: str, dropped: str, migrated: Engine
) -> None:
    execute(migrated, done or "SELECT")
    found = estimate(migrated, downgrade("001"), upgrade())
    assert f"companies: {deleted}" in found.lines()
    for destroy in (downgrade("base"), drop_everything):
        found = estimate(migrated, destroy, upgrade())
        assert f"companies: {dropped}" in found.lines()
        assert found.is_loss is ("all of" not in dropped)


def test_a_downgrade_to_base_counts_dependent_rows(migrated: Engine) -> None:
    execute(migrated, COMPANY + ";" + DOCUMENT.format("Novo Nordisk"))
    found = estimate(migrated, downgrade("base"), upgrade())
    assert {"documents: dropped with 1 row", "extractions: dropped, empty"} < {*found.lines()}
    assert found.is_loss


def test_the_error_of_a_downgrade_is_raised(migrated: Engine) -> None:
    with pytest.raises(DBAPIError, match="not reversible"):
        estimate(migrated, run("DO $$ BEGIN RAISE EXCEPTION 'not reversible'; END $$"), upgrade())


def test_a_failed_upgrade_restores_nothing(empty: Engine) -> None:
    execute(empty, FILLED)
    found = estimate(empty, run("DROP TABLE t"), run(FILLED + "SELECT 1 / 0"))
    assert found.lines() == [
        "t: dropped with 3 rows",
        "the rows that the upgrade restores are unknown: division by zero",
    ]
    found = estimate(empty, run("DROP TABLE t"), lambda _: Path("/nowhere").read_text("utf-8"))
    assert (
        found.unknown_because
        == "FileNotFoundError: [Errno 2] No such file or directory: '/nowhere'"
    )
