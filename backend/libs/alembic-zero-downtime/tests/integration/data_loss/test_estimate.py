"""The data loss of a downgrade is estimated exactly, and the estimate changes nothing."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from alembic_zero_downtime.data_loss.estimate import estimate_data_loss
from alembic_zero_downtime.data_loss.loss import DataLoss, Loss
from support.data_loss_cases import (
    AGAIN,
    CASES,
    COMPANY,
    DOCUMENT,
    FILLED,
    ON_OLDER_SERVERS,
    XYY,
    Case,
)
from support.databases import as_role, drop_everything, execute, new_database, new_role
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
    rows = Loss("t", column=None, change="dropped", count=7, restored=6)
    found = DataLoss((rows, Loss("t", "b", "dropped", count=1, restored=0)), (), "because")
    assert str(found).splitlines() == [
        f"would be dropped: t, 7 rows ({AGAIN} 6)",
        "would be dropped: t.b, 1 value",
        "how much the migrations re-create is not known: because",
    ]
    first = {"table": "t", "column": None, "change": "dropped", "count": 7, "restored": 6}
    assert json.loads(json.dumps(asdict(found)))["losses"][0] == first
    assert str(DataLoss(())) == "no data loss"


def test_earlier_changes_of_the_session_do_not_count(empty: Engine) -> None:
    execute(empty, FILLED + "CREATE TABLE u AS SELECT * FROM t")
    with empty.connect() as connection:
        run("DELETE FROM u WHERE a = 'x'; INSERT INTO t (a) VALUES ('z')")(connection)
        connection.commit()
        found = estimate_data_loss(connection, run("DELETE FROM t WHERE a = 'z'"), do_nothing)
        assert found.lines() == ["would be deleted: t, 1 row"]
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
        assert found.lines() == ["would be deleted: t, 1 row"]
        assert not estimate_data_loss(connection, run(XYY), do_nothing).losses


HIDDEN = "CREATE POLICY p ON t USING (b = 1); ALTER TABLE t ENABLE ROW LEVEL SECURITY"
FORCED = f"{HIDDEN}, FORCE ROW LEVEL SECURITY"
RLS = "(row-level security hides them)"


@pytest.mark.parametrize(
    ("before", "destroy", "lines"),
    [
        (HIDDEN, "DROP TABLE t", ["would be dropped: t, 3 rows"]),
        (FORCED, "DROP TABLE t", [f"would be dropped: t, rows not known {RLS}"]),
        (FORCED, "ALTER TABLE t DROP a", [f"would be dropped: t.a, values not known {RLS}"]),
        (FORCED, "DELETE FROM t", [f"would be deleted: t, rows not known {RLS}"]),
        (FORCED, "TRUNCATE t", [f"would be deleted: t, rows not known {RLS}"]),
        (FORCED, "UPDATE t SET a = 'x'", [f"would be changed: t, rows not known {RLS}"]),
        (FORCED, "DELETE FROM t WHERE a = 'y'", []),
        ("", "DROP OWNED BY CURRENT_USER", ["would be dropped: t, 3 rows"]),
        (
            "CREATE SCHEMA s AUTHORIZATION {role}; CREATE TABLE s.t AS SELECT 1;",
            "DROP SCHEMA s CASCADE",
            ["would be dropped: s.t, rows not known (the role has no privilege to read them)"],
        ),
    ],
)
def test_rows_that_the_role_cannot_see_are_not_known(
    before: str, destroy: str, lines: list[str], empty: Engine
) -> None:
    with new_role(empty) as role:
        execute(empty, f"{FILLED} ALTER TABLE t OWNER TO {role}; {before.format(role=role)}")
        owner = create_engine(as_role(empty.url, role), poolclass=NullPool)
        found = estimate(owner, run(destroy), do_nothing)
        assert found.lines() == lines
        assert found.is_loss is bool(lines)


@pytest.mark.slow
@pytest.mark.parametrize("name", ON_OLDER_SERVERS)
def test_an_older_server_has_the_same_estimate(name: str, system_url: URL) -> None:
    each = CASES[name]
    with new_database(system_url) as url:
        engine = create_engine(url, poolclass=NullPool)
        execute(engine, each.before)
        found = estimate(engine, run(each.destroy), run(each.restore))
        assert (tuple(found.lines()), found.unknown_because) == (each.lines, None)


def test_migration_tables_do_not_count(migrated: Engine) -> None:
    destroy = "DROP TABLE migration_ledger; DELETE FROM alembic_version"
    assert not estimate(migrated, run(destroy)).lines()


@pytest.mark.parametrize(
    ("destroy", "lines"),
    [
        (f"{XYY} TRUNCATE t", ["would be deleted: t, 3 rows"]),
        (
            "UPDATE t SET b = b + 1; DELETE FROM t WHERE a = 'x'",
            ["would be deleted: t, 1 row", "would be changed: t, 1 row"],
        ),
    ],
)
def test_new_and_changed_rows_do_not_count_as_deleted(
    destroy: str, lines: list[str], empty: Engine
) -> None:
    execute(empty, FILLED)
    assert estimate(empty, run(destroy)).lines() == lines


def test_a_timestamp_restored_with_another_value_is_lost(empty: Engine) -> None:
    column = "ALTER TABLE t ADD n timestamptz DEFAULT now()"
    execute(empty, FILLED + column)
    found = estimate(empty, run("ALTER TABLE t DROP n"), run(column))
    assert found.lines() == ["would be dropped: t.n, 3 values"]


def test_many_new_rows_are_only_compared_as_a_whole(
    empty: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alembic_zero_downtime.data_loss.restored_rows.MAX_NEW_ROWS", 2)
    execute(empty, FILLED)
    two_seeds = run(FILLED + "DELETE FROM t WHERE b = 1")
    assert estimate(empty, run("DROP TABLE t"), two_seeds).losses[0].restored == 2
    other = run(FILLED + "UPDATE t SET b = 3 WHERE b = 1")
    assert estimate(empty, run("DROP TABLE t"), other).losses[0].restored == 0
    assert estimate(empty, run("DROP TABLE t"), run(FILLED)).losses[0].restored == 3
    one = "INSERT INTO t (a, b) VALUES ('x', 1)"
    assert estimate(empty, run("DELETE FROM t WHERE b = 1"), run(one)).losses[0].restored == 1


@pytest.mark.parametrize(
    ("done", "deleted", "dropped"),
    [
        ("", f"6 rows ({AGAIN} all)", f"6 rows ({AGAIN} all)"),
        (COMPANY, f"6 rows ({AGAIN} all)", f"7 rows ({AGAIN} 6)"),
        (
            "UPDATE companies SET ir_url = 'https://new.example' WHERE name = 'SAP SE'",
            f"5 rows ({AGAIN} all)",
            f"6 rows ({AGAIN} 5)",
        ),
    ],
    ids=["untouched", "a company of a user", "a changed seed"],
)
def test_seeds_are_distinguished_from_rows_of_users(
    done: str, deleted: str, dropped: str, migrated: Engine
) -> None:
    execute(migrated, done or "SELECT")
    found = estimate(migrated, downgrade("001"), upgrade())
    assert f"would be deleted: companies, {deleted}" in found.lines()
    for destroy in (downgrade("base"), drop_everything):
        found = estimate(migrated, destroy, upgrade())
        assert f"would be dropped: companies, {dropped}" in found.lines()
        assert found.is_loss is ("all" not in dropped)


def test_a_downgrade_to_base_counts_dependent_rows(migrated: Engine) -> None:
    execute(migrated, COMPANY + ";" + DOCUMENT.format("Novo Nordisk"))
    found = estimate(migrated, downgrade("base"), upgrade())
    assert {"would be dropped: documents, 1 row", "would be dropped: extractions, empty"} < {
        *found.lines()
    }
    assert found.is_loss


def test_the_error_of_a_downgrade_is_raised(migrated: Engine) -> None:
    with pytest.raises(DBAPIError, match="not reversible"):
        estimate(migrated, run("DO $$ BEGIN RAISE EXCEPTION 'not reversible'; END $$"), upgrade())


def test_a_failed_upgrade_restores_nothing(empty: Engine) -> None:
    execute(empty, FILLED)
    found = estimate(empty, run("DROP TABLE t"), run(FILLED + "SELECT 1 / 0"))
    assert found.lines() == [
        "would be dropped: t, 3 rows",
        "how much the migrations re-create is not known: division by zero",
    ]
    found = estimate(empty, run("DROP TABLE t"), lambda _: Path("/nowhere").read_text("utf-8"))
    assert (
        found.unknown_because
        == "FileNotFoundError: [Errno 2] No such file or directory: '/nowhere'"
    )
