"""What a downgrade or a reset would destroy is worked out exactly, and leaves no trace."""

import json
import logging
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from alembic.runtime.migration import RevisionStep
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import DBAPIError

from app.db.migrations.price import Loss, Price, price
from app.db.migrations.rehearsal import IDLE, RehearsalError, run_steps, upgrades
from app.db.reset import drop_everything
from tests.catalog import read_catalog, read_rows
from tests.revisions import SCRIPTS

Steps = Callable[[Connection], object]

AGAIN = "which the upgrade writes again"
T = "CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a text, b int);"
XYY = "INSERT INTO t (a, b) VALUES ('x', 1), ('y', 2), ('y', NULL);"
FILLED = T + XYY
IN_PARTS = f"""
    CREATE TABLE t (a text, b int) PARTITION BY LIST (a);
    CREATE TABLE t_x PARTITION OF t FOR VALUES IN ('x');
    CREATE TABLE t_y PARTITION OF t FOR VALUES IN ('y');
    {XYY}
"""


DOCUMENT = (
    "INSERT INTO documents (company_id, url, fiscal_year, document_type)"
    " SELECT id, 'report.pdf', 2024, 'annual_report' FROM companies WHERE name = '{}'"
)
COMPANY = "INSERT INTO companies (name, ir_url) VALUES ('Novo Nordisk', 'https://x.example')"


class Case(NamedTuple):
    """What is done to the tables, what is said about it, what is done then, what was there."""

    destroy: str
    lines: tuple[str, ...]
    restore: str
    before: str


def case(destroy: str, *lines: str, restore: str = "", before: str = FILLED) -> Case:
    return Case(destroy, lines, restore, before)


CASES = {
    "a dropped table": case("DROP TABLE t", "t: dropped with 3 rows"),
    "an empty table": case("DROP TABLE t", "t: dropped, empty", before=T),
    "more than a thousand rows": case(
        "DROP TABLE t",
        f"t: dropped with 1,234 rows, 1 of {AGAIN}",
        restore=T + "INSERT INTO t (a) VALUES (1)",
        before=T + "INSERT INTO t (a) SELECT n FROM generate_series(1, 1234) AS n",
    ),
    "a dropped column": case("ALTER TABLE t DROP b", "t.b: dropped with 2 values"),
    "a column of NULLs": case(
        "ALTER TABLE t DROP c", "t.c: dropped, empty", before=FILLED + "ALTER TABLE t ADD c int"
    ),
    "a generated column": case(
        "ALTER TABLE t DROP c",
        before=FILLED + "ALTER TABLE t ADD c int GENERATED ALWAYS AS (b + 1) STORED",
    ),
    "a dropped view": case("DROP VIEW v", before=FILLED + "CREATE VIEW v AS SELECT a FROM t"),
    "deleted rows": case("DELETE FROM t WHERE a = 'y'", "t: 2 rows deleted"),
    "rows that a cascade deletes": case(
        "DO $$ BEGIN DELETE FROM t WHERE b = 1; END $$",
        "child: 4 rows deleted",
        "t: 1 row deleted",
        before=FILLED + "CREATE TABLE child (t bigint REFERENCES t ON DELETE CASCADE);"
        "INSERT INTO child SELECT id FROM t, generate_series(1, 4)",
    ),
    "a foreign key that a cascade drops": case(
        "DROP TABLE t CASCADE",
        "t: dropped with 3 rows",
        before=FILLED + "CREATE TABLE child (t bigint REFERENCES t); INSERT INTO child VALUES (1)",
    ),
    "rows that a savepoint brings back": case(
        "DO $$ BEGIN DELETE FROM t; RAISE 'x'; EXCEPTION WHEN OTHERS THEN NULL; END $$"
    ),
    "updated rows, with nothing to bring back": case(
        "UPDATE t SET b = b + 1", restore="SELECT 1 / 0"
    ),
    "a truncated table": case("TRUNCATE t", "t: 3 rows deleted"),
    "a truncated table with new rows": case(
        "TRUNCATE t; INSERT INTO t (a, b) VALUES ('y', 2)", f"t: 3 rows deleted, 1 of {AGAIN}"
    ),
    "a rewritten table": case("ALTER TABLE t ALTER b TYPE text"),
    "deleted rows of a rewritten table": case(
        "ALTER TABLE t ALTER b TYPE text; DELETE FROM t WHERE a = 'y'",
        "t: 2 rows deleted",
        restore="ALTER TABLE t ALTER b TYPE int USING b::int",
    ),
    "new names": case("ALTER TABLE t RENAME b TO c; ALTER TABLE t RENAME TO u"),
    "deleted rows under new names": case(
        "ALTER TABLE t RENAME b TO c; ALTER TABLE t RENAME TO u; DELETE FROM u WHERE a = 'y'",
        f"t: 2 rows deleted, 1 of {AGAIN}",
        restore="ALTER TABLE u RENAME TO t; ALTER TABLE t RENAME c TO b;"
        "INSERT INTO t (a) VALUES ('y')",
    ),
    "another schema": case("CREATE SCHEMA s; ALTER TABLE t SET SCHEMA s"),
    "a table of another schema": case(
        "DROP SCHEMA s CASCADE", before="CREATE SCHEMA s; CREATE TABLE s.t AS SELECT 1"
    ),
    "a partitioned table": case("DROP TABLE t", "t: dropped with 3 rows", before=IN_PARTS),
    "a partition": case("DROP TABLE t_y", "t_y: dropped with 2 rows", before=IN_PARTS),
    "a column of all partitions": case(
        "ALTER TABLE t DROP b", "t.b: dropped with 2 values", before=IN_PARTS
    ),
    "deleted rows of a partition": case(
        "DELETE FROM t WHERE b = 2",
        f"t_y: 1 row deleted, {AGAIN}",
        restore="INSERT INTO t (a, b) VALUES ('y', 2)",
        before=IN_PARTS,
    ),
    "inheritance": case(
        "DROP TABLE t CASCADE",
        "heir: dropped with 1 row",
        "t: dropped with 3 rows",
        before=f"CREATE TABLE t (a text, b int); {XYY} CREATE TABLE heir () INHERITS (t);"
        "INSERT INTO heir VALUES ('z', 1)",
    ),
    "names that need quotes": case(
        'ALTER TABLE "ö: 100%" DROP "a""b:c"; DELETE FROM "ö: 100%"; DROP TABLE "select"',
        f"select: dropped with 1 row, {AGAIN}",
        f'ö: 100%.a"b:c: dropped with 1 value, {AGAIN}',
        f"ö: 100%: 2 rows deleted, 1 of {AGAIN}",
        restore='CREATE TABLE "select" AS SELECT 1 AS x; ALTER TABLE "ö: 100%" ADD "a""b:c" text;'
        """INSERT INTO "ö: 100%" VALUES (1, 'x')""",
        before='CREATE TABLE "select" AS SELECT 1 AS x;'
        """CREATE TABLE "ö: 100%" (n int, "a""b:c" text);"""
        """INSERT INTO "ö: 100%" VALUES (1, 'x'), (2, NULL)""",
    ),
    "seeds": case("DROP TABLE t", f"t: dropped with 3 rows, all of {AGAIN}", restore=FILLED),
    "a changed seed": case(
        "UPDATE t SET a = a; DELETE FROM t",
        f"t: 3 rows deleted, 2 of {AGAIN}",
        restore=XYY,
        before=FILLED + "UPDATE t SET b = 3 WHERE b = 1",
    ),
    "rows three times": case(
        "DROP TABLE t",
        f"t: dropped with 9 rows, 6 of {AGAIN}",
        restore=FILLED + XYY,
        before=FILLED + XYY + XYY,
    ),
    "a seed three times": case(
        "DROP TABLE t",
        f"t: dropped with 3 rows, 1 of {AGAIN}",
        restore=T + "INSERT INTO t (a, b) VALUES ('x', 1), ('x', 1), ('x', 1)",
    ),
    "a copy of a row that stays": case(
        "DELETE FROM t WHERE a = 'x'",
        "t: 1 row deleted",
        restore="INSERT INTO t (a, b) VALUES ('y', 2)",
    ),
    "a seed of two revisions": case(
        "UPDATE t SET b = 0 WHERE a = 'x'; DELETE FROM t WHERE a = 'x'",
        f"t: 1 row deleted, {AGAIN}",
        restore="INSERT INTO t (a, b) VALUES ('x', 0); UPDATE t SET b = 1 WHERE a = 'x'",
    ),
    "updated rows that come back": case(
        "UPDATE t SET b = 0 WHERE a = 'x'; DELETE FROM t WHERE b = 2",
        "t: 1 row deleted",
        restore="UPDATE t SET b = 1 WHERE a = 'x'",
    ),
    "a column that is filled again": case(
        "ALTER TABLE t DROP b",
        f"t.b: dropped with 2 values, 1 of {AGAIN}",
        restore="ALTER TABLE t ADD b int; UPDATE t SET b = 1 WHERE a = 'x'",
    ),
    "a column that no revision makes": case(
        "DROP TABLE t",
        f"t: dropped with 3 rows, 2 of {AGAIN}",
        restore=FILLED,
        before=FILLED + "ALTER TABLE t ADD c text; UPDATE t SET c = 'mine' WHERE b = 1",
    ),
    "what the server gives": case(
        "DELETE FROM t",
        f"t: 3 rows deleted, all of {AGAIN}",
        restore=XYY,
        before="CREATE TABLE t (a text, b int, s serial, n timestamptz DEFAULT now(),"
        " l time DEFAULT LOCALTIME, u uuid DEFAULT gen_random_uuid(),"
        f" g int GENERATED ALWAYS AS (b + 1) STORED); {XYY}",
    ),
    "a default that stays the same": case(
        "DELETE FROM t",
        f"t: 3 rows deleted, 1 of {AGAIN}",
        restore=XYY,
        before="CREATE TABLE t (a text, b int, c bigint DEFAULT 0, d text DEFAULT lower('X'));"
        f"{XYY} UPDATE t SET c = 1 WHERE a = 'x'; UPDATE t SET d = 'mine' WHERE b = 2",
    ),
    "documents without a key": case(
        "DROP TABLE t",
        f"t: dropped with 1 row, {AGAIN}",
        restore="""CREATE TABLE t (a jsonb, b json); INSERT INTO t VALUES ('{"x":[1]}', '{}')""",
        before="""CREATE TABLE t (a jsonb, b json); INSERT INTO t VALUES ('{"x": [1]}', '{}')""",
    ),
    "a table that is made anew": case(
        "CREATE TABLE new AS SELECT a, b FROM t WHERE a = 'y'; DROP TABLE t;"
        "ALTER TABLE new RENAME TO t",
        f"t: dropped with 3 rows, 2 of {AGAIN}",
    ),
    "a limit before the damage": case(
        "SET LOCAL lock_timeout = '1s'; DROP TABLE t", "t: dropped with 3 rows"
    ),
    "words that only look like an end": case(
        """CREATE TABLE u (commit text); SAVEPOINT s; ROLLBACK TO SAVEPOINT s; -- ; COMMIT
        CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN PERFORM 1; COMMIT; END $$;
        CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END; SELECT '; COMMIT'"""
    ),
}


def run(statements: str) -> Steps:
    def steps(connection: Connection) -> None:
        if statements:
            connection.exec_driver_sql(statements.replace("%", "%%"))

    return steps


def do_nothing(_: Connection) -> None:
    pass


def execute(engine: Engine, statements: str) -> None:
    with engine.begin() as connection:
        run(statements)(connection)


def picture(engine: Engine) -> object:
    with engine.connect() as connection:
        return read_catalog(connection), read_rows(connection)


def rehearse(engine: Engine, destroy: Steps, restore: Steps = do_nothing, **limits: float) -> Price:
    """Work out the price, and see that nothing of it remains, however it ends."""
    before = picture(engine)
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        try:
            return price(connection, destroy, restore, **limits)
        finally:
            assert not connection.in_transaction()
            assert driver.info.transaction_status == IDLE
            assert picture(engine) == before


def downgrade(destination: str, scripts: ScriptDirectory = SCRIPTS) -> Steps:
    def work(heads: Any, _: object) -> list[RevisionStep]:
        return scripts._downgrade_revs(destination, heads)  # noqa: SLF001

    return lambda connection: run_steps(connection, scripts, work)


def upgrade(scripts: ScriptDirectory = SCRIPTS) -> Steps:
    return lambda connection: run_steps(connection, scripts, upgrades(scripts, scripts.get_heads()))


@pytest.mark.parametrize("each", CASES.values(), ids=CASES)
def test_price_says_what_disappears(each: Case, empty: Engine) -> None:
    execute(empty, each.before)
    found = rehearse(empty, run(each.destroy), run(each.restore))
    assert (tuple(found.lines()), found.doubt) == (each.lines, None)


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
def test_nothing_is_lost_that_comes_back_or_was_never_there(
    destroy: str,
    is_loss: bool,
    empty: Engine,
) -> None:
    execute(empty, FILLED + "ALTER TABLE t ADD c int; CREATE TABLE u ()")
    restore = XYY if "TRUNCATE" in destroy else ""
    assert rehearse(empty, run(destroy), run(restore)).is_loss is is_loss


def test_price_is_text_and_json() -> None:
    rows = Loss("t", column=None, is_dropped=True, count=7, restored=6)
    found = Price((rows, Loss("t", "b", is_dropped=True, count=1, restored=0)), "because")
    assert str(found).splitlines() == [
        f"t: dropped with 7 rows, 6 of {AGAIN}",
        "t.b: dropped with 1 value",
        "what the upgrade writes again is not known: because",
    ]
    first = {"table": "t", "column": None, "is_dropped": True, "count": 7, "restored": 6}
    assert json.loads(json.dumps(asdict(found)))["losses"][0] == first
    assert str(Price(())) == "nothing disappears"


def test_a_session_that_has_worked_is_as_good_as_a_new_one(empty: Engine) -> None:
    execute(empty, FILLED + "CREATE TABLE u AS SELECT * FROM t")
    with empty.connect() as connection:
        run("DELETE FROM u WHERE a = 'x'; INSERT INTO t (a) VALUES ('z')")(connection)
        connection.commit()
        found = price(connection, run("DELETE FROM t WHERE a = 'z'"), do_nothing)
        assert found.lines() == ["t: 1 row deleted"]
        execute(empty, "DELETE FROM t WHERE a = 'z'")  # on a connection of its own again
        connection.rollback()
        run("DROP TABLE u")(connection)
        connection.commit()


def test_the_counters_of_the_server_may_be_off(empty: Engine) -> None:
    execute(empty, FILLED + "CREATE TABLE u AS SELECT * FROM t")
    with empty.connect() as connection:
        run("SET track_counts = off")(connection)
        connection.commit()
        found = price(connection, run("DELETE FROM t WHERE b = 1"), do_nothing)
        assert found.lines() == ["t: 1 row deleted"]


def test_bookkeeping_and_extensions_are_nobodys_data(empty: Engine) -> None:
    tables = ("alembic_version", "migration_ledger", "of_an_extension")
    copies = "".join(f"CREATE TABLE {name} AS SELECT * FROM t;" for name in tables)
    execute(empty, FILLED + copies + "ALTER EXTENSION plpgsql ADD TABLE of_an_extension")
    destroy = "DROP TABLE t, alembic_version; DELETE FROM migration_ledger;"
    destroy += "DELETE FROM of_an_extension"
    assert rehearse(empty, run(destroy)).lines() == ["t: dropped with 3 rows"]


def test_too_many_new_rows_count_as_none(empty: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.db.migrations.price.MOST_CONTENTS", 2)
    execute(empty, FILLED)
    two_seeds = run(FILLED + "DELETE FROM t WHERE b = 1")
    assert rehearse(empty, run("DROP TABLE t"), two_seeds).losses[0].restored == 2
    assert rehearse(empty, run("DROP TABLE t"), run(FILLED)).losses[0].restored == 0


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
def test_seeds_are_told_from_rows_of_users(
    done: str, deleted: str, dropped: str, migrated: Engine
) -> None:
    execute(migrated, done or "SELECT")
    found = rehearse(migrated, downgrade("001"), upgrade())
    assert f"companies: {deleted}" in found.lines()
    for destroy in (downgrade("base"), drop_everything):
        found = rehearse(migrated, destroy, upgrade())
        assert f"companies: {dropped}" in found.lines()
        assert found.is_loss is ("all of" not in dropped)


def test_downgrade_to_base_counts_what_hangs_on_a_company(migrated: Engine) -> None:
    execute(migrated, COMPANY + ";" + DOCUMENT.format("Novo Nordisk"))
    found = rehearse(migrated, downgrade("base"), upgrade())
    assert {"documents: dropped with 1 row", "extractions: dropped, empty"} < {*found.lines()}
    assert found.is_loss


def test_downgrade_that_refuses_says_so_itself(migrated: Engine) -> None:
    execute(migrated, DOCUMENT.format("SAP SE"))
    with pytest.raises(DBAPIError, match="documents or statements of SAP SE would go with it"):
        rehearse(migrated, downgrade("base"), upgrade())


def test_upgrade_that_fails_restores_nothing(empty: Engine) -> None:
    execute(empty, FILLED)
    found = rehearse(empty, run("DROP TABLE t"), run(FILLED + "SELECT 1 / 0"))
    assert found.lines() == [
        "t: dropped with 3 rows",
        "what the upgrade writes again is not known: division by zero",
    ]
    found = rehearse(empty, run("DROP TABLE t"), lambda _: Path("/nowhere").read_text("utf-8"))
    assert found.doubt == "FileNotFoundError: [Errno 2] No such file or directory: '/nowhere'"


def test_rehearsal_has_limits_of_its_own(empty: Engine) -> None:
    seen: list[object] = []

    def look(connection: Connection) -> None:
        run("SET statement_timeout = 0")(connection)
        names = ("lock_timeout", "statement_timeout", "transaction_isolation")
        seen.extend(connection.scalar(text(f"SHOW {name}")) for name in names)

    rehearse(empty, look, lock_timeout=1.5, time_limit=7)
    assert seen == ["1500ms", "7s", "repeatable read"]


def test_rehearsal_waits_for_nobody_for_long(empty: Engine) -> None:
    execute(empty, FILLED)
    with empty.connect() as other:
        run("LOCK TABLE t IN ACCESS SHARE MODE")(other)
        with pytest.raises(RehearsalError, match=r"worked out: .*lock timeout\. Try again"):
            rehearse(empty, run("DROP TABLE t"), lock_timeout=0.1)


@pytest.mark.parametrize(
    ("statements", "reason"),
    [
        (["DROP TABLE t", "SELECT pg_sleep(60)"], "statement timeout"),
        (["DROP TABLE t", *["SELECT pg_sleep(0.2)"] * 60], r"longer than 0\.5 s"),
    ],
)
def test_nobody_waits_for_a_rehearsal_for_long(
    statements: list[str], reason: str, empty: Engine
) -> None:
    execute(empty, FILLED)
    with pytest.raises(RehearsalError, match=reason):
        rehearse(
            empty, lambda connection: [run(each)(connection) for each in statements], time_limit=0.5
        )


def test_row_that_changes_meanwhile_is_no_defect(empty: Engine) -> None:
    execute(empty, FILLED)

    def destroy(connection: Connection) -> None:
        run("UPDATE t SET b = 5")(other)
        other.commit()
        run("DELETE FROM t")(connection)

    with (
        empty.connect() as other,
        empty.connect() as connection,
        pytest.raises(RehearsalError, match=r"concurrent update\. Try again"),
    ):
        price(connection, destroy, do_nothing)


def test_counting_holds_no_strong_lock_and_takes_its_time(empty: Engine) -> None:
    execute(empty, FILLED)
    seen: list[object] = []

    def look(_: Connection, cursor: Any, statement: str, *__: object) -> None:
        if "count(*)" in statement:
            held = text("SELECT count(*) FROM pg_locks WHERE relation = 't'::regclass")
            cursor.execute("SHOW statement_timeout")
            seen.append((other.scalar(held), cursor.fetchone()[0]))

    with empty.connect() as connection, empty.connect() as other:
        event.listen(connection, "before_cursor_execute", look)
        assert price(connection, run("DROP TABLE t"), do_nothing).losses
    assert seen == [(0, "0")]


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, ValueError])
def test_nothing_remains_of_a_rehearsal_that_is_broken_off(
    error: type[BaseException], migrated: Engine
) -> None:
    def destroy(connection: Connection) -> None:
        drop_everything(connection)
        raise error

    with pytest.raises(error):
        rehearse(migrated, destroy)


def test_lost_connection_is_said_to_be_lost(empty: Engine) -> None:
    execute(empty, FILLED)
    end = run("DROP TABLE t; SELECT pg_terminate_backend(pg_backend_pid())")
    with empty.connect() as connection:
        with pytest.raises(DBAPIError, match="terminat"):
            price(connection, end, do_nothing)
        assert connection.invalidated, "it has not connected again"
    assert rehearse(empty, run("DROP TABLE t")).losses[0].count == 3


def drop_elsewhere(connection: Connection) -> None:
    with connection.engine.begin() as other:
        run("SET lock_timeout = '1s'; DROP TABLE u")(other)


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (Connection.commit, "commits or rolls back by itself"),
        (Connection.rollback, "commits or rolls back by itself"),
        (run("COMMIT"), "commits or rolls back by itself"),
        (run("end"), "commits or rolls back by itself"),
        (run("SELECT 1; /* now */ rollback; DROP TABLE u"), "commits or rolls back by itself"),
        (run("PREPARE TRANSACTION 'x'"), "commits or rolls back by itself"),
        (drop_elsewhere, "opens a connection of its own"),
    ],
)
def test_steps_that_would_outlive_the_rehearsal_are_refused(
    end: Steps, reason: str, empty: Engine
) -> None:
    execute(empty, FILLED + "CREATE TABLE u AS SELECT * FROM t")

    def steps(connection: Connection) -> None:
        run("DELETE FROM u")(connection)
        end(connection)

    with pytest.raises(RehearsalError, match=reason):
        rehearse(empty, steps)
    found = rehearse(empty, run("DROP TABLE t"), steps)
    assert found.losses[0].lost == 3
    assert (found.doubt or "").startswith(f"a revision {reason}")


def test_transaction_that_ended_unnoticed_is_not_gone_on_with(empty: Engine) -> None:
    def destroy(connection: Connection) -> None:
        driver: Any = connection.connection.driver_connection
        driver.rollback()
        run("DROP TABLE t")(connection)

    execute(empty, FILLED)
    with pytest.raises(RehearsalError, match="rolls back by itself"):
        rehearse(empty, destroy)


REVISION = """
from alembic import op
revision, down_revision = "001", None
def upgrade():
    op.execute("CREATE TABLE t (a int, b text)")
    with op.get_context().autocommit_block():
        op.execute("INSERT INTO t VALUES (1, 'seed')")
        op.create_index("ix_t_a", "t", ["a"], postgresql_concurrently=True)
        op.execute("VACUUM t")
def downgrade():
    with op.get_context().autocommit_block():
        op.drop_index("ix_t_a", "t", postgresql_concurrently=True)
        op.execute("reindex table concurrently t")
        op.execute("DELETE FROM t WHERE a = 1")
    op.execute("SELECT 1 / (count(*) - 1) FROM t")
    op.execute("DROP TABLE t")
"""


def test_autocommit_blocks_are_rehearsed_too(
    tmp_path: Path, empty: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "versions").mkdir()
    (tmp_path / "versions" / "001.py").write_text(REVISION, "utf-8")
    scripts = ScriptDirectory(str(tmp_path))
    execute(
        empty,
        "CREATE TABLE t (a int, b text); INSERT INTO t VALUES (1, 'seed'), (2, ''), (3, '');"
        "CREATE INDEX ix_t_a ON t (a); CREATE TABLE alembic_version (version_num text);"
        "INSERT INTO alembic_version VALUES ('001')",
    )
    caplog.set_level(logging.INFO)
    found = rehearse(empty, downgrade("base", scripts), upgrade(scripts))
    assert found.lines() == [f"t: dropped with 3 rows, 1 of {AGAIN}"]
    assert not caplog.messages
    assert not logging.getLogger("alembic.runtime.migration").disabled
