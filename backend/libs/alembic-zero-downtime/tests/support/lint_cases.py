"""Revisions that violate each rule of the lint, and similar ones that violate none."""

from typing import NamedTuple

from support.unsafe import SAFE, UNSAFE


class Row(NamedTuple):
    """The lines of an `upgrade`, and the rule that they violate, if any."""

    name: str
    upgrade: str
    rule: str | None = None
    declarations: str = ""


def sql(name: str, statement: str, rule: str | None = None) -> Row:
    """Return a row whose `upgrade` runs one statement."""
    return Row(name, f"op.execute({statement!r})", rule)


def outside(name: str, *statements: str, rule: str | None = None, repeatable: bool = True) -> Row:
    """Return a row whose `upgrade` runs statements in an autocommit block."""
    lines = ["with op.get_context().autocommit_block():"]
    lines += [f"    op.execute({statement!r})" for statement in statements]
    return Row(name, "\n".join(lines), rule, "repeatable = True" if repeatable else "")


LONG = "ix_documents_with_a_name_that_is_much_longer_than_the_63_bytes_that_are_kept"

# Found by squawk, beyond the cases of support.unsafe.
SQUAWK_VIOLATIONS = [
    Row(
        "column with a reference",
        'op.add_column("documents", sa.Column("probe", sa.BigInteger(),\n'
        '              sa.ForeignKey("companies.id", name="fk_documents_probe")))',
        "adding-foreign-key-constraint",
    ),
    Row(
        "required column",
        'op.add_column("documents", sa.Column("probe", sa.Text(), nullable=False))',
        "adding-required-field",
    ),
    sql("serial column", "ALTER TABLE documents ADD COLUMN probe bigserial", "prefer-identity"),
    sql("column of fixed length", "ALTER TABLE documents ADD probe char(3)", "ban-char-field"),
    sql("column of limited length", "ALTER TABLE t ADD x varchar(3)", "prefer-text-field"),
    sql("column without a time zone", "ALTER TABLE t ADD x timestamp", "prefer-timestamp-tz"),
    sql("new table with a serial key", "CREATE TABLE t (id serial)", "prefer-identity"),
    sql(
        "domain with a check",
        "CREATE DOMAIN word AS text CHECK (VALUE <> '')",
        "ban-create-domain-with-constraint",
    ),
    sql(
        "check of a domain",
        "ALTER DOMAIN word ADD CONSTRAINT ck_word CHECK (VALUE <> '')",
        "ban-alter-domain-with-add-constraint",
    ),
    sql("identity dropped", "ALTER TABLE t ALTER x DROP IDENTITY", "ban-alter-identity"),
    sql(
        "generation expression dropped",
        "ALTER TABLE t ALTER x DROP EXPRESSION",
        "ban-drop-generated-expression",
    ),
    sql("column set twice", "UPDATE t SET x = 1, x = 2", "ban-duplicate-column-assignments"),
    sql("database dropped", "DROP DATABASE other", "ban-drop-database"),
    sql("domain dropped", "DROP DOMAIN word", "ban-drop-domain"),
    sql("extension dropped", "DROP EXTENSION pg_trgm", "ban-drop-extension"),
    sql("function dropped", "DROP FUNCTION f()", "ban-drop-function"),
    sql("schema dropped", "DROP SCHEMA other", "ban-drop-schema"),
    sql("sequence dropped", "DROP SEQUENCE s", "ban-drop-sequence"),
    sql("type dropped", "DROP TYPE mood", "ban-drop-type"),
    sql("view dropped", "DROP VIEW reports", "ban-drop-view"),
    sql("schema changed", "ALTER TABLE documents SET SCHEMA other", "ban-set-schema"),
    sql("renamed view", "ALTER VIEW reports RENAME TO papers", "renaming-object"),
    sql("long name", f"CREATE TABLE {LONG} (x text)", "identifier-too-long"),
    sql("index dropped", "DROP INDEX ix_t", "require-concurrent-index-deletion"),
    sql(
        "partition detached",
        "ALTER TABLE t DETACH PARTITION u",
        "require-concurrent-partition-detach",
    ),
    sql("syntax error", "SELEC 1", "syntax-error"),
]

ON_NEW_TABLE = {
    "trigger": "CREATE TRIGGER n BEFORE UPDATE OF x ON public.t EXECUTE FUNCTION f()",
    "trigger after": "CREATE CONSTRAINT TRIGGER n AFTER UPDATE OR DELETE ON t EXECUTE FUNCTION f()",
    "trigger replaced": "CREATE OR REPLACE TRIGGER n BEFORE DELETE ON t EXECUTE FUNCTION f()",
    "rule": "CREATE RULE n AS ON DELETE TO t DO INSTEAD NOTHING",
    "rule replaced": "CREATE OR REPLACE RULE n AS ON UPDATE TO public.t DO ALSO NOTHING",
    "policy": "CREATE POLICY n ON t FOR UPDATE USING (true)",
}
"""Statements about a table `t`, whose other words look like those of an UPDATE or a DELETE."""

STATEMENT_VIOLATIONS = [
    Row(
        "concurrent build in the transaction",
        'op.create_index("ix_t", "t", ["x"], postgresql_concurrently=True)',
        "concurrently-in-transaction",
    ),
    sql(
        "column of a domain",
        "CREATE DOMAIN word AS text CHECK (VALUE <> ''); ALTER TABLE t ADD COLUMN a word",
        "constrained-domain",
    ),
    sql("concurrent drop", "DROP INDEX CONCURRENTLY ix_t", "concurrently-in-transaction"),
    sql("vacuum in the transaction", "VACUUM documents", "concurrently-in-transaction"),
    outside(
        "concurrent build that accepts an invalid index",
        "CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_t ON t (x)",
        rule="invalid-index",
    ),
    outside(
        "concurrent build after the drop of another index",
        "DROP INDEX CONCURRENTLY IF EXISTS ix_u",
        "CREATE UNIQUE INDEX CONCURRENTLY ix_t ON t (x)",
        rule="invalid-index",
    ),
    sql("no lock timeout", "SET lock_timeout = 0", "no-lock-timeout"),
    sql("no lock timeout in a string", "SET LOCAL lock_timeout TO '0ms'", "no-lock-timeout"),
    outside(
        "block that is not declared repeatable",
        "ALTER TYPE mood ADD VALUE 'bad' AFTER 'good'",
        rule="not-repeatable",
        repeatable=False,
    ),
    Row(
        "two online operations",
        'op.create_index_online("ix_a", "t", ["a"])\nop.create_index_online("ix_b", "t", ["b"])',
        "one-autocommit-step",
    ),
    Row(
        "online operation in a loop",
        'for name in "ab":\n    op.create_index_online(f"ix_{name}", "t", [name])',
        "one-autocommit-step",
    ),
    Row(
        "online operation after another change",
        'op.add_column("t", sa.Column("a", sa.Text()))\nop.create_index_online("ix_a", "t", ["a"])',
        "one-autocommit-step",
    ),
    sql("commit", "COMMIT", "own-transaction"),
    sql("commit among others", "INSERT INTO t VALUES (1); COMMIT; BEGIN", "own-transaction"),
    Row(
        "rows one by one",
        'for row in op.get_bind().execute(sa.text("SELECT id FROM t")):\n'
        '    op.execute(f"UPDATE t SET a = b WHERE id = {row.id}")',
        "row-by-row",
    ),
    Row(
        "column and its values",
        'op.add_column("t", sa.Column("a", sa.Text()))\nop.execute("INSERT INTO u VALUES (1)")',
        "schema-and-data",
    ),
    Row(
        "two tables",
        'op.add_column("companies", sa.Column("a", sa.Text()))\n'
        'op.add_column("documents", sa.Column("a", sa.Text()))',
        "one-table",
    ),
    Row(
        "a trigger on another table",
        'op.add_column("companies", sa.Column("a", sa.Text()))\n'
        'op.execute("CREATE TRIGGER t AFTER INSERT ON documents EXECUTE FUNCTION f()")',
        "one-table",
    ),
    Row(
        "a rule on another table",
        'op.add_column("companies", sa.Column("a", sa.Text()))\n'
        'op.execute("CREATE RULE r AS ON INSERT TO documents DO INSTEAD NOTHING")',
        "one-table",
    ),
    Row(
        "rules on two tables",
        'op.execute("CREATE RULE r AS ON DELETE TO companies DO INSTEAD NOTHING")\n'
        'op.execute("CREATE RULE r AS ON DELETE TO documents DO INSTEAD NOTHING")',
        "one-table",
    ),
    Row(
        "a policy on another table",
        'op.add_column("companies", sa.Column("a", sa.Text()))\n'
        'op.execute("DROP POLICY p ON documents")',
        "one-table",
    ),
    Row(
        "column and its values in a DO block",
        'op.add_column("t", sa.Column("a", sa.Text()))\n'
        'op.execute("DO $$ BEGIN EXECUTE $q$ INSERT INTO u VALUES (1) $q$; END $$")',
        "schema-and-data",
    ),
    sql("materialized view", "REFRESH MATERIALIZED VIEW sums", "table-rewrite"),
    sql("tablespace changed", "ALTER TABLE t SET TABLESPACE fast", "table-rewrite"),
    sql("vacuum with options", "VACUUM (ANALYZE, FULL) t", "table-rewrite"),
    sql("merge", "MERGE INTO t USING u ON t.id = u.id WHEN MATCHED THEN DELETE", "unbatched-write"),
    sql(
        "data-modifying WITH",
        "WITH old AS (DELETE FROM t RETURNING id) SELECT 1",
        "unbatched-write",
    ),
    sql("quoted table", 'UPDATE public."documents" SET x = 1', "unbatched-write"),
    sql(
        "key among other conditions", "UPDATE t SET x = 1 WHERE id = 1 OR x = 2", "unbatched-write"
    ),
    sql(
        "check within a column",
        "ALTER TABLE documents ADD COLUMN probe integer CHECK (probe > 0)",
        "constraint-missing-not-valid",
    ),
    sql(
        "index in a DO block",
        "DO $$ BEGIN IF to_regclass('a') IS NULL THEN CREATE INDEX a ON t (x); END IF; END $$",
        "require-concurrent-index-creation",
    ),
    sql(
        "column dropped by a string with dollar quotes that a DO block executes",
        "DO $$ BEGIN EXECUTE $q$ALTER TABLE t DROP COLUMN x$q$; END $$",
        "ban-drop-column",
    ),
    sql(
        "column dropped by a string that a DO block executes",
        "DO $$ BEGIN IF x = 'a' THEN EXECUTE 'ALTER TABLE t ' 'DROP COLUMN x'; END IF; END $$",
        "ban-drop-column",
    ),
    sql(
        "rows changed by a query that a loop executes",
        "DO $$ BEGIN FOR r IN EXECUTE 'UPDATE t SET x = ''a'' RETURNING y' LOOP NULL; END LOOP; "
        "END $$",
        "unbatched-write",
    ),
    Row(
        "online operation beside a string that a DO block executes",
        'op.create_index_online("ix_a", "t", ["a"])\n'
        "op.execute(\"DO $$ BEGIN EXECUTE 'CREATE TABLE u ()'; END $$\")",
        "one-autocommit-step",
    ),
    sql("lock in a DO block", "DO $$ BEGIN LOCK t; END $$", "lock-table"),
    sql("trigger disabled", "ALTER TABLE t DISABLE TRIGGER touched", "disabled-trigger"),
    sql(
        "all triggers disabled with another change",
        'ALTER TABLE IF EXISTS ONLY public."t" ADD x text, DISABLE TRIGGER ALL',
        "disabled-trigger",
    ),
    sql(
        "triggers disabled in a DO block",
        "DO $$ BEGIN ALTER TABLE t DISABLE TRIGGER USER; END $$",
        "disabled-trigger",
    ),
    sql(
        "SQL from format()",
        "DO $$ BEGIN IF x THEN EXECUTE format('DROP TABLE %I', x); END IF; END $$",
        "dynamic-sql",
    ),
    sql(
        "SQL from a concatenation", "DO $$ BEGIN EXECUTE 'DROP TABLE ' || x; END $$", "dynamic-sql"
    ),
    sql("SQL from a variable", "DO $$ BEGIN EXECUTE x INTO y USING 'z'; END $$", "dynamic-sql"),
    sql("SQL from escapes", r"DO $$ BEGIN EXECUTE E'DROP\x20TABLE t'; END $$", "dynamic-sql"),
    sql(
        "SQL that a loop builds",
        "DO $$ BEGIN FOR r IN EXECUTE 'TABLE ' || x LOOP NULL; END LOOP; END $$",
        "dynamic-sql",
    ),
    sql(
        "SQL that a block in a string builds",
        "DO $a$ BEGIN EXECUTE 'DO $b$ BEGIN EXECUTE x; END $b$'; END $a$",
        "dynamic-sql",
    ),
    sql("table dropped behind a comment", "SELECT 1 -- one\n; DROP TABLE t", "ban-drop-table"),
    sql("suppression of squawk", "-- squawk-ignore-file\nDROP TABLE t", "ban-drop-table"),
    Row("query result", 'if op.get_bind().scalar(sa.text("SELECT 1")):\n    pass', "offline-sql"),
    Row("Python error", 'op.execute("SELECT 1")\n{}["none"]', "offline-sql"),
    Row("a function that is missing", "import no_app\nno_app.convert(op)", "unseen-code"),
]

LOOKALIKES = [
    sql("words in a string", "INSERT INTO t VALUES ('COMMIT; TRUNCATE u; UPDATE t SET x = 1')"),
    sql("words in a comment", "SELECT 1 -- COMMIT; TRUNCATE t\n/* LOCK t; */"),
    sql("function that writes", "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'DELETE FROM t'"),
    sql("rows locked", "SELECT 1 FROM t FOR NO KEY UPDATE NOWAIT"),
    sql("existing row", "INSERT INTO t VALUES (1) ON CONFLICT (id) DO UPDATE SET x = 1"),
    sql("rows by their keys", "DELETE FROM t WHERE t.id IN (1, 2)"),
    sql("shorter lock timeout", "SET LOCAL lock_timeout = '2s'"),
    sql("renamed index", "ALTER INDEX ix_t RENAME TO ix_u"),
    sql("constraint dropped", "ALTER TABLE t DROP CONSTRAINT ck_t"),
    sql("materialized view, refreshed concurrently", "REFRESH MATERIALIZED VIEW CONCURRENTLY sums"),
    sql(
        "foreign key with ON UPDATE CASCADE",
        "ALTER TABLE t ADD CONSTRAINT fk_t FOREIGN KEY (x) REFERENCES u (id)"
        " ON UPDATE CASCADE NOT VALID",
    ),
    sql(
        "PL/pgSQL block without DDL",
        "DO $$ DECLARE x int; BEGIN x := 1; RAISE NOTICE 'DROP TABLE t'; END $$",
    ),
    sql(
        "strings that a DO block executes",
        "DO $$ BEGIN EXECUTE 'SELECT ''DROP TABLE t'''; EXECUTE $q$SELECT $1$q$ INTO x USING 'a';"
        " END $$",
    ),
    sql(
        "function that builds SQL",
        "CREATE FUNCTION f(x text) RETURNS void LANGUAGE plpgsql AS"
        " $$ BEGIN EXECUTE 'DROP TABLE ' || x; END $$",
    ),
    sql(
        "privilege, and function of a trigger",
        "DO $$ BEGIN GRANT EXECUTE ON FUNCTION f() TO r;"
        " CREATE TRIGGER a AFTER INSERT ON t EXECUTE FUNCTION f(); END $$",
    ),
    sql("trigger enabled", "ALTER TABLE t ENABLE TRIGGER ALL"),
    Row(
        "rules on one table",
        'op.execute("CREATE RULE r AS ON DELETE TO companies DO INSTEAD NOTHING")\n'
        'op.execute("CREATE RULE s AS ON UPDATE TO companies DO INSTEAD NOTHING")',
    ),
    sql("trigger of a new table", "CREATE TABLE t (x text); ALTER TABLE t DISABLE TRIGGER ALL"),
    *(
        Row(
            f"{kind} created on a new table",
            'op.add_column("documents", sa.Column("a", sa.Text()))\n'
            f'op.execute("CREATE TABLE t (x text)")\nop.execute({statement!r})',
        )
        for kind, statement in ON_NEW_TABLE.items()
    ),
    *(
        Row(
            f"{kind} dropped on a new table",
            'op.add_column("documents", sa.Column("a", sa.Text()))\n'
            f'op.execute("CREATE TABLE t (x text)")\nop.execute("DROP {kind.upper()} n ON t")',
        )
        for kind in ("trigger", "rule", "policy")
    ),
    sql(
        "new table of a DO block",
        "DO $$ BEGIN CREATE TABLE t (x text); CREATE INDEX ix_t ON t (x); END $$",
    ),
    Row(
        "several changes of a new table",
        'op.execute("CREATE TABLE t (x text); ALTER TABLE t ADD y text NOT NULL;"\n'
        '           "UPDATE t SET y = x; ALTER TABLE t DROP x; ALTER TABLE t RENAME y TO z")',
    ),
    outside(
        "concurrent build after the drop of its index",
        "DROP INDEX CONCURRENTLY IF EXISTS ix_t",
        "CREATE INDEX CONCURRENTLY ix_t ON t (x)",
    ),
    outside(
        "manual batches",
        "DO $$ BEGIN LOOP UPDATE t SET x = 1 WHERE id IN (SELECT id FROM u);"
        " EXIT WHEN NOT FOUND; COMMIT; END LOOP; END $$",
    ),
    Row(
        "online operation in a block",
        'with op.get_context().autocommit_block():\n    op.create_index_online("ix_t", "t", ["x"])',
        declarations="repeatable = True",
    ),
]

VIOLATIONS = [
    *(Row(case.name, case.upgrade, case.lint) for case in UNSAFE if case.lint),
    *SQUAWK_VIOLATIONS,
    *STATEMENT_VIOLATIONS,
]
CLEAN = [*(Row(case.name, case.upgrade) for case in SAFE), *LOOKALIKES]
