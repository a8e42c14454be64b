"""The library's own rules for statements: what squawk does not know."""

from alembic_zero_downtime.lint.finding import Rule

BLOCK = "with op.get_context().autocommit_block():\n"

STATEMENT_RULES = [
    Rule(
        "concurrently-in-transaction",
        finds="CONCURRENTLY or VACUUM outside of an autocommit block.",
        why="PostgreSQL rejects CONCURRENTLY and VACUUM in a transaction, and a revision runs in "
        "one.",
        lock="none: PostgreSQL rejects it",
        fix="the online operation, such as op.create_index_online(…), or an autocommit block",
        wrong='op.execute("DROP INDEX CONCURRENTLY ix_documents_url")',
        right='op.drop_index_online("ix_documents_url", "documents")',
    ),
    Rule(
        "constrained-domain",
        finds="A new column whose type is a domain with a constraint or a volatile default, also "
        "with an online operation.",
        why="Rewrites the table under ACCESS EXCLUSIVE, even if all values are NULL; reads and "
        "writes are blocked.",
        lock="ACCESS EXCLUSIVE on the table until every row is rewritten",
        fix="a column of the type behind the domain, op.create_check_constraint_online(…) for its "
        "constraint, and op.add_column_online(…) for its volatile default",
        wrong="op.execute(\"CREATE DOMAIN word AS text CHECK (VALUE <> '')\")\n"
        'op.execute("ALTER TABLE documents ADD COLUMN topic word")',
        right='op.add_column("documents", sa.Column("topic", sa.Text()))',
    ),
    Rule(
        "disabled-trigger",
        finds="A trigger that is disabled.",
        why="Disables integrity checks for all sessions until the trigger is enabled again, with "
        "ALL also foreign keys; takes SHARE ROW EXCLUSIVE, so writes are blocked.",
        lock="SHARE ROW EXCLUSIVE on the table until the revision ends",
        fix="leave the triggers enabled; or SET LOCAL session_replication_role = replica, which "
        "needs a privilege and affects only this transaction",
        wrong='op.execute("ALTER TABLE documents DISABLE TRIGGER USER")',
        right='op.execute("SET LOCAL session_replication_role = replica")\n'
        "op.execute(\"UPDATE documents SET url = 'https://example.com' WHERE id = 42\")",
    ),
    Rule(
        "dynamic-sql",
        finds="A DO block that executes SQL which it builds at run time.",
        why="The SQL is built at run time; the lint cannot see it.",
        lock="not known",
        fix="a literal statement; or run the plan command, which measures it, and suppress this "
        "rule with a reason",
        wrong="op.execute(\"DO $$ BEGIN EXECUTE 'ANALYZE ' || current_schema() || '.documents'; "
        'END $$")',
        right="op.execute(\"DO $$ BEGIN EXECUTE 'ANALYZE documents'; END $$\")",
    ),
    Rule(
        "invalid-index",
        finds="A concurrent build of an index that does not drop the leftover of a failed one.",
        why="A concurrent build that fails leaves an invalid index, and IF NOT EXISTS accepts it.",
        lock="SHARE UPDATE EXCLUSIVE on the table until the index is built; blocks no rows",
        fix="op.create_index_online(…), or DROP INDEX CONCURRENTLY IF EXISTS right before it",
        wrong=f"repeatable = True\n\n{BLOCK}    op.execute(\n"
        '        "CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_documents_year"\n'
        '        " ON documents (fiscal_year)"\n    )',
        right='op.create_index_online("ix_documents_year", "documents", ["fiscal_year"])',
    ),
    Rule(
        "lock-table",
        finds="LOCK TABLE.",
        why="Holds the lock until the revision ends; conflicting transactions are blocked.",
        lock="the one that it names, ACCESS EXCLUSIVE by default, until the revision ends",
        fix="let each statement take the lock that it needs",
        wrong='op.execute("LOCK TABLE documents")\n'
        'op.add_column("documents", sa.Column("note", sa.Text()))',
        right='op.add_column("documents", sa.Column("note", sa.Text()))',
    ),
    Rule(
        "no-lock-timeout",
        finds="A lock_timeout of zero.",
        why="A statement that waits for a lock without a limit blocks every transaction behind it.",
        lock="none of its own",
        fix="leave lock_timeout as MIGRATION_LOCK_TIMEOUT sets it",
        wrong='op.execute("SET LOCAL lock_timeout = 0")',
        right="op.execute(\"SET LOCAL lock_timeout = '2s'\")",
    ),
    Rule(
        "not-repeatable",
        finds="An autocommit block in a revision that does not set repeatable.",
        why="If the revision fails after an autocommit block, the block stays applied, and it is "
        "unknown whether the revision is safe to run again.",
        lock="none of its own",
        fix="an online operation; or drop the leftovers of a failed run first in the block, and "
        "set repeatable = True beside down_revision",
        wrong=f"{BLOCK}    op.execute(\"ALTER TYPE mood ADD VALUE IF NOT EXISTS 'fair'\")",
        right="repeatable = True\n\n"
        f"{BLOCK}    op.execute(\"ALTER TYPE mood ADD VALUE IF NOT EXISTS 'fair'\")",
    ),
    Rule(
        "one-autocommit-step",
        finds="Another change beside an autocommit block or an online operation.",
        why="An autocommit block commits: if a later statement fails, half of the revision is "
        "applied.",
        lock="none of its own",
        fix="one online operation or autocommit block per revision, and no other change",
        wrong='op.add_column("documents", sa.Column("title", sa.Text()))\n'
        'op.create_index_online("ix_documents_title", "documents", ["title"])',
        right="# The revision before this one adds the column.\n"
        'op.create_index_online("ix_documents_title", "documents", ["title"])',
    ),
    Rule(
        "one-table",
        finds="Changes of two existing tables in one transaction.",
        why="Holds the lock on the first table while it waits for the second. A transaction that "
        "locks both in the other order, as a foreign key check does, deadlocks with it, and "
        "PostgreSQL may abort either.",
        lock="that of each change, until the revision ends",
        fix="one revision per table",
        wrong='op.add_column("companies", sa.Column("note", sa.Text()))\n'
        'op.add_column("documents", sa.Column("note", sa.Text()))',
        right="# The other table has a revision of its own.\n"
        'op.add_column("documents", sa.Column("note", sa.Text()))',
    ),
    Rule(
        "own-transaction",
        finds="COMMIT, ROLLBACK, BEGIN or SAVEPOINT in a revision.",
        why="Only Alembic may end the transaction: otherwise half of the revision is applied if a "
        "later statement fails.",
        lock="none of its own",
        fix="op.get_context().autocommit_block() around a statement that cannot run in a "
        "transaction",
        wrong='op.execute("COMMIT")\nop.execute("ALTER TYPE mood ADD VALUE \'fair\'")',
        right="repeatable = True\n\n"
        f"{BLOCK}    op.execute(\"ALTER TYPE mood ADD VALUE IF NOT EXISTS 'fair'\")",
    ),
    Rule(
        "row-by-row",
        finds="A statement that writes once for each row that a query without a LIMIT returns, or "
        "in batches that one transaction holds together.",
        why="Takes a round trip for each row, in the one transaction of the revision: every row "
        "that was changed, and every table whose schema was, stays locked until the last.",
        lock="ROW EXCLUSIVE on the table, and a lock on each changed row, until the revision ends",
        fix="op.batched_backfill(…), or one UPDATE … FROM; for few rows, suppress this rule and "
        "state how many",
        wrong='bind = op.get_bind()\nurls = sa.text("SELECT id, url FROM documents")\n'
        "for row in bind.execute(urls).all():\n"
        '    path = {"id": row.id, "path": row.url.lower()}\n'
        '    bind.execute(sa.text("UPDATE documents SET file_path = :path WHERE id = :id"), path)',
        right="op.batched_backfill(\n"
        '    "documents", values={"file_path": "lower(url)"}, where="file_path IS NULL"\n)',
    ),
    Rule(
        "schema-and-data",
        finds="A change of the schema and one of rows in the same revision.",
        why="Holds the locks of the schema change for as long as the data change takes.",
        lock="those of the schema change, until the revision ends",
        fix="a separate revision for each",
        wrong='op.add_column("documents", sa.Column("title", sa.Text()))\n'
        "op.execute(\"UPDATE documents SET title = 'Report' WHERE id = 42\")",
        right="# The revision before this one adds the column.\n"
        "op.execute(\"UPDATE documents SET title = 'Report' WHERE id = 42\")",
    ),
    Rule(
        "table-rewrite",
        finds="CLUSTER, VACUUM FULL, REFRESH MATERIALIZED VIEW without CONCURRENTLY, and changes "
        "of the tablespace, the access method or LOGGED.",
        why="Rewrites the table under ACCESS EXCLUSIVE; reads and writes are blocked.",
        lock="ACCESS EXCLUSIVE on the table until every row is rewritten",
        fix="run it manually at a time of low traffic, outside of migrations",
        wrong='op.execute("ALTER TABLE extractions SET UNLOGGED")',
        right="# Not in a revision, but in psql: ALTER TABLE extractions SET UNLOGGED;",
    ),
    Rule(
        "truncate",
        finds="TRUNCATE of a table that exists already.",
        why="Deletes all rows, and no downgrade restores them; reads and writes are blocked.",
        lock="ACCESS EXCLUSIVE on the table until the revision ends",
        fix="suppress this rule, and explain why the rows are not needed",
        wrong='op.execute("TRUNCATE extractions")',
        right="# migrate-lint: allow truncate: a cache, which the next run fills again\n"
        'op.execute("TRUNCATE extractions")',
    ),
    Rule(
        "unbatched-write",
        finds="An UPDATE, a DELETE or a MERGE that does not select its rows by id.",
        why="Locks every changed row until the revision ends; dead rows bloat the table.",
        lock="ROW EXCLUSIVE on the table, and a lock on each changed row, until the revision ends",
        fix="op.batched_backfill(…); for few rows, suppress this rule and state how many",
        wrong='op.execute("UPDATE documents SET file_path = url WHERE file_path IS NULL")',
        right="op.batched_backfill(\n"
        '    "documents", values={"file_path": "url"}, where="file_path IS NULL"\n)',
    ),
]
