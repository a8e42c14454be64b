"""Ways to lose rows, columns and tables, and the estimate of each."""

from typing import NamedTuple

AGAIN = "the migrations re-create"
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


MANY = T + "INSERT INTO t (b) SELECT n FROM generate_series(1, 1234) AS n"
VIEW = FILLED + "CREATE MATERIALIZED VIEW v AS SELECT a FROM t"
OBJECTS = "SELECT lo_from_bytea(42, 'x'), lo_from_bytea(43, 'x')"
SEQUENCE = "CREATE SEQUENCE s; SELECT setval('s', 1234)"
FOREIGN = "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;"
COMPUTED_TABLE = "CREATE TABLE t (id uuid PRIMARY KEY, kind text, since timestamp, value int);"
COMPUTED = """
    INSERT INTO t VALUES (gen_random_uuid(), 'letter', now(), 7),
                         (gen_random_uuid(), 'parcel', clock_timestamp(), 8);
"""
OF_A_USER = "INSERT INTO t VALUES (gen_random_uuid(), 'letter', '2020-01-01', 7);"


class Case(NamedTuple):
    """Statements that lose data, the lines of the estimate, the upgrade, and the schema before."""

    destroy: str
    lines: tuple[str, ...]
    restore: str
    before: str


def case(destroy: str, *lines: str, restore: str = "", before: str = FILLED) -> Case:
    return Case(destroy, lines, restore, before)


CASES = {
    "a dropped table": case("DROP TABLE t", "would be dropped: t, 3 rows"),
    "an empty table": case("DROP TABLE t", "would be dropped: t, empty", before=T),
    "more than a thousand rows": case(
        "DROP TABLE t",
        f"would be dropped: t, 1,234 rows ({AGAIN} 1)",
        restore=T + "INSERT INTO t (a) VALUES (1)",
        before=T + "INSERT INTO t (a) SELECT n FROM generate_series(1, 1234) AS n",
    ),
    "a dropped column": case("ALTER TABLE t DROP b", "would be dropped: t.b, 2 values"),
    "a column of NULLs": case(
        "ALTER TABLE t DROP c",
        "would be dropped: t.c, empty",
        before=FILLED + "ALTER TABLE t ADD c int",
    ),
    "a generated column": case(
        "ALTER TABLE t DROP c",
        before=FILLED + "ALTER TABLE t ADD c int GENERATED ALWAYS AS (b + 1) STORED",
    ),
    "a dropped view": case("DROP VIEW v", before=FILLED + "CREATE VIEW v AS SELECT a FROM t"),
    "deleted rows": case("DELETE FROM t WHERE a = 'y'", "would be deleted: t, 2 rows"),
    "rows that a cascade deletes": case(
        "DO $$ BEGIN DELETE FROM t WHERE b = 1; END $$",
        "would be deleted: child, 4 rows",
        "would be deleted: t, 1 row",
        before=FILLED + "CREATE TABLE child (t bigint REFERENCES t ON DELETE CASCADE);"
        "INSERT INTO child SELECT id FROM t, generate_series(1, 4)",
    ),
    "a foreign key that a cascade drops": case(
        "DROP TABLE t CASCADE",
        "would be dropped: t, 3 rows",
        before=FILLED + "CREATE TABLE child (t bigint REFERENCES t); INSERT INTO child VALUES (1)",
    ),
    "rows that a savepoint restores": case(
        "DO $$ BEGIN DELETE FROM t; RAISE 'x'; EXCEPTION WHEN OTHERS THEN NULL; END $$"
    ),
    "updated rows": case("UPDATE t SET b = 0 WHERE a = 'y'", "would be changed: t, 2 rows"),
    "values set to NULL": case("UPDATE t SET b = NULL", "would be changed: t, 2 rows"),
    "updated rows that the upgrade reverts": case(
        "UPDATE t SET b = b + 1", restore="UPDATE t SET b = b - 1"
    ),
    "updated rows that the upgrade partly reverts": case(
        "UPDATE t SET a = 'z'", "would be changed: t, 2 rows", restore="UPDATE t SET a = 'x'"
    ),
    "rows updated with the same values": case("UPDATE t SET b = b"),
    "an overwritten time that has a default": case(
        "UPDATE t SET n = '2001-01-01'",
        "would be changed: t, 3 rows",
        before=FILLED + "ALTER TABLE t ADD n timestamptz DEFAULT '2000-01-01'::timestamptz;"
        "ALTER TABLE t ALTER n SET DEFAULT now()",
    ),
    "many updated rows that the upgrade reverts": case(
        "UPDATE t SET b = b + 1", restore="UPDATE t SET b = b - 1", before=MANY
    ),
    "many updated rows of which one is not reverted": case(
        "UPDATE t SET b = b + 1",
        "would be changed: t, 1,234 rows",
        restore="UPDATE t SET b = b - 1 WHERE id > 1",
        before=MANY,
    ),
    "values that a type cuts": case(
        "ALTER TABLE t ALTER a TYPE varchar(1) USING left(a, 1)",
        "would be changed: t, 1 row",
        restore="ALTER TABLE t ALTER a TYPE text",
        before=FILLED + "INSERT INTO t (a) VALUES ('long')",
    ),
    "decimals that a type cuts": case(
        "ALTER TABLE t ALTER n TYPE numeric(6, 1)",
        "would be changed: t, 1 row",
        restore="ALTER TABLE t ALTER n TYPE numeric(6, 2)",
        before="CREATE TABLE t (n numeric(6, 2)); INSERT INTO t VALUES (1.20), (1.23), (NULL)",
    ),
    "times that a type cuts": case(
        "ALTER TABLE t ALTER n TYPE date",
        "would be changed: t, 1 row",
        restore="ALTER TABLE t ALTER n TYPE timestamp",
        before="CREATE TABLE t (n timestamp); INSERT INTO t VALUES ('2020-02-02 11:11'), (NULL)",
    ),
    "a column that is moved into another": case(
        "ALTER TABLE t ADD c int; UPDATE t SET c = b; ALTER TABLE t DROP b",
        f"would be dropped: t.b, 2 values ({AGAIN} all)",
        restore="ALTER TABLE t ADD b int; UPDATE t SET b = c; ALTER TABLE t DROP c",
    ),
    "a truncated table": case("TRUNCATE t", "would be deleted: t, 3 rows"),
    "a truncated table with new rows": case(
        "TRUNCATE t; INSERT INTO t (a, b) VALUES ('y', 2)",
        f"would be deleted: t, 3 rows ({AGAIN} 1)",
    ),
    "a rewritten table": case("ALTER TABLE t ALTER b TYPE text"),
    "deleted rows of a rewritten table": case(
        "ALTER TABLE t ALTER b TYPE text; DELETE FROM t WHERE a = 'y'",
        "would be deleted: t, 2 rows",
        restore="ALTER TABLE t ALTER b TYPE int USING b::int",
    ),
    "new names": case("ALTER TABLE t RENAME b TO c; ALTER TABLE t RENAME TO u"),
    "deleted rows under new names": case(
        "ALTER TABLE t RENAME b TO c; ALTER TABLE t RENAME TO u; DELETE FROM u WHERE a = 'y'",
        f"would be deleted: t, 2 rows ({AGAIN} 1)",
        restore="ALTER TABLE u RENAME TO t; ALTER TABLE t RENAME c TO b;"
        "INSERT INTO t (a) VALUES ('y')",
    ),
    "another schema": case("CREATE SCHEMA s; ALTER TABLE t SET SCHEMA s"),
    "a table of another schema": case(
        "DROP SCHEMA s CASCADE",
        "would be dropped: s.t, 1 row",
        before="CREATE SCHEMA s; CREATE TABLE s.t AS SELECT 1",
    ),
    "rows of another schema that the upgrade inserts": case(
        "DELETE FROM s.t",
        f"would be deleted: s.t, 1 row ({AGAIN} it)",
        restore="INSERT INTO s.t VALUES (1)",
        before="CREATE SCHEMA s; CREATE TABLE s.t AS SELECT 1",
    ),
    "a schema earlier in the search path": case(
        "SET LOCAL search_path = early, public; DROP TABLE t",
        "would be dropped: early.t, 1 row",
        before=FILLED + "CREATE SCHEMA early; CREATE TABLE early.t AS SELECT 1",
    ),
    "a partition in another schema": case(
        "DROP SCHEMA s CASCADE",
        "would be dropped: s.t_z, 1 row",
        before=IN_PARTS + "CREATE SCHEMA s; CREATE TABLE s.t_z PARTITION OF t FOR VALUES IN ('z');"
        "INSERT INTO t VALUES ('z', 1)",
    ),
    "a partitioned table whose partition stays": case(
        "ALTER TABLE t DETACH PARTITION t_y; DROP TABLE t",
        "would be dropped: t_x, 1 row",
        before=IN_PARTS,
    ),
    "an heir in another schema": case(
        "DROP TABLE t CASCADE",
        "would be dropped: s.heir, 1 row",
        "would be dropped: t, 3 rows",
        before=FILLED + "CREATE SCHEMA s; CREATE TABLE s.heir () INHERITS (t);"
        "INSERT INTO s.heir VALUES (9, 'z', 1)",
    ),
    "a temporary table": case("CREATE TEMP TABLE new AS SELECT * FROM t; DROP TABLE new"),
    "tables of a user with names of migration tables": case(
        "DROP SCHEMA s CASCADE; DROP TABLE migration_backfill",
        "would be dropped: migration_backfill, 1 row",
        "would be dropped: s.alembic_version, 1 row",
        "would be dropped: s.migration_ledger, 1 row",
        before="CREATE TABLE migration_backfill AS SELECT 1; CREATE SCHEMA s;"
        "CREATE TABLE alembic_version AS SELECT 'x' AS version_num;"
        "CREATE TABLE s.alembic_version AS SELECT 'x' AS version_num;"
        "CREATE TABLE s.migration_ledger AS SELECT 1",
    ),
    "a materialized view": case(
        "DROP MATERIALIZED VIEW v", "would be dropped: v, 3 rows", before=VIEW
    ),
    "a materialized view that is emptied": case(
        "REFRESH MATERIALIZED VIEW v WITH NO DATA", "would be dropped: v, 3 rows", before=VIEW
    ),
    "a materialized view that the upgrade fills again": case(
        "REFRESH MATERIALIZED VIEW v WITH NO DATA",
        f"would be dropped: v, 3 rows ({AGAIN} all)",
        restore="REFRESH MATERIALIZED VIEW v",
        before=VIEW,
    ),
    "a materialized view that the upgrade creates": case(
        "DROP MATERIALIZED VIEW v",
        f"would be dropped: v, 3 rows ({AGAIN} all)",
        restore="CREATE MATERIALIZED VIEW v AS SELECT a FROM t",
        before=VIEW,
    ),
    "a materialized view whose source has changed": case(
        "DROP MATERIALIZED VIEW v",
        f"would be dropped: v, 3 rows ({AGAIN} 1)",
        restore="CREATE MATERIALIZED VIEW v AS SELECT a FROM t",
        before=f"{VIEW}; DELETE FROM t WHERE a = 'y'",
    ),
    "a materialized view without data": case(
        "DROP MATERIALIZED VIEW v",
        "would be dropped: v, empty",
        before=f"{VIEW}; REFRESH MATERIALIZED VIEW v WITH NO DATA",
    ),
    "a refreshed materialized view": case("REFRESH MATERIALIZED VIEW v", before=VIEW),
    "large objects": case(
        "SELECT lo_unlink(42)", "would be deleted: large objects, 1 row", before=OBJECTS
    ),
    "large objects in SQL": case(
        "DELETE FROM pg_largeobject_metadata; DELETE FROM pg_largeobject",
        "would be deleted: large objects, 2 rows",
        before=OBJECTS,
    ),
    "the contents of a large object": case(
        "SELECT lo_put(42, 0, 'y')",
        "would be changed: contents of large objects, rows not known (they are not compared)",
        before=OBJECTS,
    ),
    "a large object that the upgrade creates": case(
        "SELECT lo_unlink(42)",
        "would be deleted: large objects, 1 row",
        restore="SELECT lo_create(42)",
        before=OBJECTS,
    ),
    "a sequence": case(
        "DROP SEQUENCE s", "would be lost: sequence s, last value 1,234", before=SEQUENCE
    ),
    "a sequence of another schema that starts again": case(
        "ALTER SEQUENCE o.s RESTART",
        "would be lost: sequence o.s, last value 1,234",
        before="CREATE SCHEMA o; CREATE SEQUENCE o.s; SELECT setval('o.s', 1234)",
    ),
    "a descending sequence": case(
        "DROP SEQUENCE s",
        "would be lost: sequence s, last value -5",
        restore="CREATE SEQUENCE s INCREMENT -1",
        before="CREATE SEQUENCE s INCREMENT -1; SELECT setval('s', -5)",
    ),
    "a sequence that the upgrade creates too low": case(
        "DROP SEQUENCE s",
        "would be lost: sequence s, last value 1,234",
        restore="CREATE SEQUENCE s",
        before=SEQUENCE,
    ),
    "a sequence with the value that the upgrade sets": case(
        "DROP SEQUENCE s", restore=SEQUENCE, before=SEQUENCE
    ),
    "an unused sequence": case("DROP SEQUENCE s", before="CREATE SEQUENCE s START 5"),
    "a foreign table": case(
        "DROP FOREIGN TABLE f",
        "would be dropped: f, rows not known (the rows of a foreign table are not counted)",
        before=FOREIGN + "CREATE FOREIGN TABLE f (a int) SERVER s",
    ),
    "a foreign partition": case(
        "DROP SERVER s CASCADE; DROP TABLE o.t",
        "would be dropped: o.t, rows not known (the rows of a foreign table are not counted)",
        before=FOREIGN + "CREATE SCHEMA o; CREATE TABLE o.t (a int) PARTITION BY LIST (a);"
        "CREATE FOREIGN TABLE o.f PARTITION OF o.t FOR VALUES IN (1) SERVER s",
    ),
    "an attribute of a composite type": case(
        "ALTER TYPE pair DROP ATTRIBUTE b",
        "would be dropped: pair.b, values not known"
        " (the values of a composite type are not counted)",
        before="CREATE TYPE pair AS (a int, b int); CREATE TABLE t (p pair);"
        "INSERT INTO t VALUES ((1, 2))",
    ),
    "columns of a dropped type": case(
        "DROP TYPE word CASCADE",
        "would be dropped: t.w, 1 value",
        before="CREATE TYPE word AS ENUM ('x'); CREATE TABLE t (w word, b int);"
        "INSERT INTO t VALUES ('x', 1)",
    ),
    "a table of an extension": case(
        "DELETE FROM t WHERE b = 1",
        "would be deleted: t, 1 row",
        before=FILLED + "ALTER EXTENSION plpgsql ADD TABLE t",
    ),
    "seeds with computed values": case(
        "DELETE FROM t",
        f"would be deleted: t, 2 rows ({AGAIN} all)",
        restore=COMPUTED,
        before=COMPUTED_TABLE + COMPUTED,
    ),
    "seeds with computed values in a new table": case(
        "DROP TABLE t",
        f"would be dropped: t, 3 rows ({AGAIN} 2)",
        restore=COMPUTED_TABLE + COMPUTED,
        before=COMPUTED_TABLE + COMPUTED + OF_A_USER,
    ),
    "a user's row that differs from a seed": case(
        "DELETE FROM t",
        f"would be deleted: t, 2 rows ({AGAIN} 1)",
        restore=COMPUTED,
        before=COMPUTED_TABLE + COMPUTED + "UPDATE t SET value = 9 WHERE kind = 'letter'",
    ),
    "a user's row in the place of a constant seed": case(
        "DELETE FROM t",
        f"would be deleted: t, 2 rows ({AGAIN} 1)",
        restore="INSERT INTO t VALUES (gen_random_uuid(), 'a', '2020-01-01', 1),"
        " (gen_random_uuid(), 'a', clock_timestamp(), 1)",
        before=COMPUTED_TABLE + "INSERT INTO t VALUES (gen_random_uuid(), 'b', '2020-01-01', 1),"
        " (gen_random_uuid(), 'a', '2021-01-01', 1)",
    ),
    "rows of which every value is computed": case(
        "DELETE FROM t",
        "would be deleted: t, 1 row",
        restore="INSERT INTO t VALUES (gen_random_uuid())",
        before="CREATE TABLE t (id uuid); INSERT INTO t VALUES (gen_random_uuid())",
    ),
    "a partitioned table": case("DROP TABLE t", "would be dropped: t, 3 rows", before=IN_PARTS),
    "a partition": case("DROP TABLE t_y", "would be dropped: t_y, 2 rows", before=IN_PARTS),
    "a column of all partitions": case(
        "ALTER TABLE t DROP b", "would be dropped: t.b, 2 values", before=IN_PARTS
    ),
    "deleted rows of a partition": case(
        "DELETE FROM t WHERE b = 2",
        f"would be deleted: t_y, 1 row ({AGAIN} it)",
        restore="INSERT INTO t (a, b) VALUES ('y', 2)",
        before=IN_PARTS,
    ),
    "inheritance": case(
        "DROP TABLE t CASCADE",
        "would be dropped: heir, 1 row",
        "would be dropped: t, 3 rows",
        before=f"CREATE TABLE t (a text, b int); {XYY} CREATE TABLE heir () INHERITS (t);"
        "INSERT INTO heir VALUES ('z', 1)",
    ),
    "names that need quotes": case(
        'ALTER TABLE "ö: 100%" DROP "a""b:c"; DELETE FROM "ö: 100%"; DROP TABLE "select"',
        f"would be dropped: select, 1 row ({AGAIN} it)",
        f'would be dropped: ö: 100%.a"b:c, 1 value ({AGAIN} it)',
        f"would be deleted: ö: 100%, 2 rows ({AGAIN} 1)",
        restore='CREATE TABLE "select" AS SELECT 1 AS x; ALTER TABLE "ö: 100%" ADD "a""b:c" text;'
        """INSERT INTO "ö: 100%" VALUES (1, 'x')""",
        before='CREATE TABLE "select" AS SELECT 1 AS x;'
        """CREATE TABLE "ö: 100%" (n int, "a""b:c" text);"""
        """INSERT INTO "ö: 100%" VALUES (1, 'x'), (2, NULL)""",
    ),
    "seeds": case("DROP TABLE t", f"would be dropped: t, 3 rows ({AGAIN} all)", restore=FILLED),
    "a changed seed": case(
        "UPDATE t SET a = a; DELETE FROM t",
        f"would be deleted: t, 3 rows ({AGAIN} 2)",
        restore=XYY,
        before=FILLED + "UPDATE t SET b = 3 WHERE b = 1",
    ),
    "rows three times": case(
        "DROP TABLE t",
        f"would be dropped: t, 9 rows ({AGAIN} 6)",
        restore=FILLED + XYY,
        before=FILLED + XYY + XYY,
    ),
    "a seed three times": case(
        "DROP TABLE t",
        f"would be dropped: t, 3 rows ({AGAIN} 1)",
        restore=T + "INSERT INTO t (a, b) VALUES ('x', 1), ('x', 1), ('x', 1)",
    ),
    "a copy of a row that stays": case(
        "DELETE FROM t WHERE a = 'x'",
        "would be deleted: t, 1 row",
        restore="INSERT INTO t (a, b) VALUES ('y', 2)",
    ),
    "a seed of two revisions": case(
        "UPDATE t SET b = 0 WHERE a = 'x'; DELETE FROM t WHERE a = 'x'",
        f"would be deleted: t, 1 row ({AGAIN} it)",
        restore="INSERT INTO t (a, b) VALUES ('x', 0); UPDATE t SET b = 1 WHERE a = 'x'",
    ),
    "updated rows that the upgrade restores": case(
        "UPDATE t SET b = 0 WHERE a = 'x'; DELETE FROM t WHERE b = 2",
        "would be deleted: t, 1 row",
        restore="UPDATE t SET b = 1 WHERE a = 'x'",
    ),
    "a column that is filled again": case(
        "ALTER TABLE t DROP b",
        f"would be dropped: t.b, 2 values ({AGAIN} 1)",
        restore="ALTER TABLE t ADD b int; UPDATE t SET b = 1 WHERE a = 'x'",
    ),
    "a column that no revision creates": case(
        "DROP TABLE t",
        f"would be dropped: t, 3 rows ({AGAIN} 2)",
        restore=FILLED,
        before=FILLED + "ALTER TABLE t ADD c text; UPDATE t SET c = 'mine' WHERE b = 1",
    ),
    "values that the server assigns": case(
        "DELETE FROM t",
        f"would be deleted: t, 3 rows ({AGAIN} all)",
        restore=XYY,
        before="CREATE TABLE t (a text, b int, s serial, n timestamptz DEFAULT now(),"
        " l time DEFAULT LOCALTIME, u uuid DEFAULT gen_random_uuid(),"
        f" g int GENERATED ALWAYS AS (b + 1) STORED); {XYY}",
    ),
    "a default that stays the same": case(
        "DELETE FROM t",
        f"would be deleted: t, 3 rows ({AGAIN} 1)",
        restore=XYY,
        before="CREATE TABLE t (a text, b int, c bigint DEFAULT 0, d text DEFAULT lower('X'));"
        f"{XYY} UPDATE t SET c = 1 WHERE a = 'x'; UPDATE t SET d = 'mine' WHERE b = 2",
    ),
    "documents without a key": case(
        "DROP TABLE t",
        f"would be dropped: t, 1 row ({AGAIN} it)",
        restore="""CREATE TABLE t (a jsonb, b json); INSERT INTO t VALUES ('{"x":[1]}', '{}')""",
        before="""CREATE TABLE t (a jsonb, b json); INSERT INTO t VALUES ('{"x": [1]}', '{}')""",
    ),
    "a table that is replaced by a copy": case(
        "CREATE TABLE new AS SELECT a, b FROM t WHERE a = 'y'; DROP TABLE t;"
        "ALTER TABLE new RENAME TO t",
        f"would be dropped: t, 3 rows ({AGAIN} 2)",
    ),
    "a lock_timeout before the loss": case(
        "SET LOCAL lock_timeout = '1s'; DROP TABLE t", "would be dropped: t, 3 rows"
    ),
    "keywords that do not end the transaction": case(
        """CREATE TABLE u (commit text); SAVEPOINT s; ROLLBACK TO SAVEPOINT s; -- ; COMMIT
        CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN PERFORM 1; COMMIT; END $$;
        CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END; SELECT '; COMMIT'"""
    ),
}

ON_OLDER_SERVERS = (
    "a table of another schema",
    "a foreign table",
    "a materialized view that the upgrade creates",
    "a partition in another schema",
    "a sequence",
    "large objects",
    "seeds with computed values in a new table",
    "updated rows that the upgrade partly reverts",
    "values that a type cuts",
    "values that the server assigns",
)
"""The cases that are tested on the system's PostgreSQL too."""
