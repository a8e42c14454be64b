"""Revisions that break each rule of the lint, and such that only look like it."""

from typing import NamedTuple


class Row(NamedTuple):
    """The lines of an `upgrade`, and the rule that they break, if any."""

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

# What squawk finds beyond tests.unsafe.
OF_SQUAWK = [
    Row(
        "column with a reference",
        'op.add_column("documents", sa.Column("probe", sa.BigInteger(),\n'
        '              sa.ForeignKey("companies.id", name="fk_documents_probe")))',
        "adding-foreign-key-constraint",
    ),
    Row(
        "column that has to be there",
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
    sql("computation", "ALTER TABLE t ALTER x DROP EXPRESSION", "ban-drop-generated-expression"),
    sql("column set twice", "UPDATE t SET x = 1, x = 2", "ban-duplicate-column-assignments"),
    sql("database dropped", "DROP DATABASE other", "ban-drop-database"),
    sql("domain dropped", "DROP DOMAIN word", "ban-drop-domain"),
    sql("extension dropped", "DROP EXTENSION pg_trgm", "ban-drop-extension"),
    sql("function dropped", "DROP FUNCTION f()", "ban-drop-function"),
    sql("schema dropped", "DROP SCHEMA other", "ban-drop-schema"),
    sql("sequence dropped", "DROP SEQUENCE s", "ban-drop-sequence"),
    sql("type dropped", "DROP TYPE mood", "ban-drop-type"),
    sql("view dropped", "DROP VIEW reports", "ban-drop-view"),
    sql("another schema", "ALTER TABLE documents SET SCHEMA other", "ban-set-schema"),
    sql("renamed view", "ALTER VIEW reports RENAME TO papers", "renaming-object"),
    sql("long name", f"CREATE TABLE {LONG} (x text)", "identifier-too-long"),
    sql("index dropped", "DROP INDEX ix_t", "require-concurrent-index-deletion"),
    sql(
        "partition detached",
        "ALTER TABLE t DETACH PARTITION u",
        "require-concurrent-partition-detach",
    ),
    sql("misspelt", "SELEC 1", "syntax-error"),
]

OF_STATEMENTS = [
    Row(
        "concurrent build in the transaction",
        'op.create_index("ix_t", "t", ["x"], postgresql_concurrently=True)',
        "concurrently-in-transaction",
    ),
    sql("concurrent drop", "DROP INDEX CONCURRENTLY ix_t", "concurrently-in-transaction"),
    sql("vacuum in the transaction", "VACUUM documents", "concurrently-in-transaction"),
    outside(
        "concurrent build on what is left of another",
        "CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_t ON t (x)",
        rule="invalid-index",
    ),
    outside(
        "concurrent build after the drop of another index",
        "DROP INDEX CONCURRENTLY IF EXISTS ix_u",
        "CREATE UNIQUE INDEX CONCURRENTLY ix_t ON t (x)",
        rule="invalid-index",
    ),
    sql("no limit", "SET lock_timeout = 0", "no-lock-timeout"),
    sql("no limit in a string", "SET LOCAL lock_timeout TO '0ms'", "no-lock-timeout"),
    outside(
        "block that may not run twice",
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
        "column and its values in a DO block",
        'op.add_column("t", sa.Column("a", sa.Text()))\n'
        'op.execute("DO $$ BEGIN EXECUTE $q$ INSERT INTO u VALUES (1) $q$; END $$")',
        "schema-and-data",
    ),
    sql("materialized view", "REFRESH MATERIALIZED VIEW sums", "table-rewrite"),
    sql("another place", "ALTER TABLE t SET TABLESPACE fast", "table-rewrite"),
    sql("vacuum with options", "VACUUM (ANALYZE, FULL) t", "table-rewrite"),
    sql("merge", "MERGE INTO t USING u ON t.id = u.id WHEN MATCHED THEN DELETE", "unbatched-write"),
    sql("query", "WITH old AS (DELETE FROM t RETURNING id) SELECT 1", "unbatched-write"),
    sql("quoted table", 'UPDATE public."documents" SET x = 1', "unbatched-write"),
    sql("key among others", "UPDATE t SET x = 1 WHERE id = 1 OR x = 2", "unbatched-write"),
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
        "column dropped by what a DO block executes",
        "DO $$ BEGIN EXECUTE $q$ALTER TABLE t DROP COLUMN x$q$; END $$",
        "ban-drop-column",
    ),
    sql("lock in a DO block", "DO $$ BEGIN LOCK t; END $$", "lock-table"),
    sql("table dropped behind a comment", "SELECT 1 -- one\n; DROP TABLE t", "ban-drop-table"),
    sql("exception of squawk's", "-- squawk-ignore-file\nDROP TABLE t", "ban-drop-table"),
    Row("answer", 'if op.get_bind().scalar(sa.text("SELECT 1")):\n    pass', "offline-sql"),
    Row("failure", 'op.execute("SELECT 1")\n{}["none"]', "offline-sql"),
]

HARMLESS = [
    sql("words in a string", "INSERT INTO t VALUES ('COMMIT; TRUNCATE u; UPDATE t SET x = 1')"),
    sql("words in a comment", "SELECT 1 -- COMMIT; TRUNCATE t\n/* LOCK t; */"),
    sql("function that writes", "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'DELETE FROM t'"),
    sql("rows locked", "SELECT 1 FROM t FOR NO KEY UPDATE NOWAIT"),
    sql(
        "row that is there already", "INSERT INTO t VALUES (1) ON CONFLICT (id) DO UPDATE SET x = 1"
    ),
    sql("rows by their keys", "DELETE FROM t WHERE t.id IN (1, 2)"),
    sql("shorter limit", "SET LOCAL lock_timeout = '2s'"),
    sql("renamed index", "ALTER INDEX ix_t RENAME TO ix_u"),
    sql("constraint dropped", "ALTER TABLE t DROP CONSTRAINT ck_t"),
    sql("materialized view, read meanwhile", "REFRESH MATERIALIZED VIEW CONCURRENTLY sums"),
    sql(
        "key that follows its parent",
        "ALTER TABLE t ADD CONSTRAINT fk_t FOREIGN KEY (x) REFERENCES u (id)"
        " ON UPDATE CASCADE NOT VALID",
    ),
    sql(
        "words of a block", "DO $$ DECLARE x int; BEGIN x := 1; RAISE NOTICE 'DROP TABLE t'; END $$"
    ),
    sql(
        "new table of a DO block",
        "DO $$ BEGIN CREATE TABLE t (x text); CREATE INDEX ix_t ON t (x); END $$",
    ),
    Row(
        "change and change back of a new table",
        'op.execute("CREATE TABLE t (x text); ALTER TABLE t ADD y text NOT NULL;"\n'
        '           "UPDATE t SET y = x; ALTER TABLE t DROP x; ALTER TABLE t RENAME y TO z")',
    ),
    outside(
        "concurrent build as the manual says",
        "DROP INDEX CONCURRENTLY IF EXISTS ix_t",
        "CREATE INDEX CONCURRENTLY ix_t ON t (x)",
    ),
    outside(
        "batches by hand",
        "DO $$ BEGIN LOOP UPDATE t SET x = 1 WHERE id IN (SELECT id FROM u);"
        " EXIT WHEN NOT FOUND; COMMIT; END LOOP; END $$",
    ),
    Row(
        "online operation in a block",
        'with op.get_context().autocommit_block():\n    op.create_index_online("ix_t", "t", ["x"])',
        declarations="repeatable = True",
    ),
]
