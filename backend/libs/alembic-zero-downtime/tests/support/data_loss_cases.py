"""Ways to lose rows, columns and tables, and the estimate of each."""

from typing import NamedTuple

AGAIN = "which the upgrade restores"
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
    """Statements that lose data, the lines of the estimate, the upgrade, and the schema before."""

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
    "rows that a savepoint restores": case(
        "DO $$ BEGIN DELETE FROM t; RAISE 'x'; EXCEPTION WHEN OTHERS THEN NULL; END $$"
    ),
    "updated rows that need no upgrade": case("UPDATE t SET b = b + 1", restore="SELECT 1 / 0"),
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
    "updated rows that the upgrade restores": case(
        "UPDATE t SET b = 0 WHERE a = 'x'; DELETE FROM t WHERE b = 2",
        "t: 1 row deleted",
        restore="UPDATE t SET b = 1 WHERE a = 'x'",
    ),
    "a column that is filled again": case(
        "ALTER TABLE t DROP b",
        f"t.b: dropped with 2 values, 1 of {AGAIN}",
        restore="ALTER TABLE t ADD b int; UPDATE t SET b = 1 WHERE a = 'x'",
    ),
    "a column that no revision creates": case(
        "DROP TABLE t",
        f"t: dropped with 3 rows, 2 of {AGAIN}",
        restore=FILLED,
        before=FILLED + "ALTER TABLE t ADD c text; UPDATE t SET c = 'mine' WHERE b = 1",
    ),
    "values that the server assigns": case(
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
    "a table that is replaced by a copy": case(
        "CREATE TABLE new AS SELECT a, b FROM t WHERE a = 'y'; DROP TABLE t;"
        "ALTER TABLE new RENAME TO t",
        f"t: dropped with 3 rows, 2 of {AGAIN}",
    ),
    "a lock_timeout before the loss": case(
        "SET LOCAL lock_timeout = '1s'; DROP TABLE t", "t: dropped with 3 rows"
    ),
    "keywords that do not end the transaction": case(
        """CREATE TABLE u (commit text); SAVEPOINT s; ROLLBACK TO SAVEPOINT s; -- ; COMMIT
        CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN PERFORM 1; COMMIT; END $$;
        CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END; SELECT '; COMMIT'"""
    ),
}
