"""The lint rules: what a violation blocks or breaks, and the safe alternative.

A rule that squawk checks has squawk's name, so that squawk's documentation explains it too.
"""

from alembic_zero_downtime.lint.finding import Rule

RELEASE = "first deploy a release without it; then suppress this rule and name that release"
NEW_COLUMN = (
    "add a new column, let the code write both, fill the existing rows with op.batched_backfill, "
    "and drop the old column when no release reads it"
)

SQUAWK_RULES = [
    Rule(
        "adding-field-with-default",
        "Rewrites the table under ACCESS EXCLUSIVE; reads and writes are blocked.",
        "op.add_column_online(…) for a volatile default; for an identity or a generated column, a "
        "plain column that the code or a trigger fills, and op.batched_backfill",
    ),
    Rule(
        "adding-foreign-key-constraint",
        "Scans the table to check every row; writes to both tables are blocked.",
        "op.create_foreign_key_online(…) in a separate revision",
    ),
    Rule(
        "adding-not-nullable-field",
        "Scans the table under ACCESS EXCLUSIVE; reads and writes are blocked.",
        "op.set_not_null_online(…) in a separate revision",
    ),
    Rule(
        "adding-required-field",
        "Fails on a table with rows, and the previous release can no longer INSERT.",
        "a constant server_default; or allow NULL, fill it with op.batched_backfill, and then "
        "op.set_not_null_online(…)",
    ),
    Rule(
        "adding-serial-primary-key-field",
        "Builds the index of the key under ACCESS EXCLUSIVE; reads and writes are blocked.",
        "op.create_index_online(…, unique=True), and in the next revision ALTER TABLE … ADD "
        "CONSTRAINT … PRIMARY KEY USING INDEX, if the columns are NOT NULL already",
    ),
    Rule(
        "ban-alter-domain-with-add-constraint",
        "Scans every table with a column of this domain; writes to them are blocked.",
        "text and a CHECK on the table: op.create_check_constraint_online(…)",
    ),
    Rule(
        "ban-alter-identity",
        "Breaks the running release, which relies on the column being generated, or on writing it.",
        RELEASE,
    ),
    Rule(
        "ban-char-field",
        "char(n) pads values with spaces, and changing n changes the type.",
        "text and a CHECK",
    ),
    Rule(
        "ban-create-domain-with-constraint",
        "Changing a constraint of a domain scans every table that uses the domain.",
        "text and a CHECK on the table",
    ),
    Rule(
        "ban-drop-column", "Breaks the running release, which still reads and writes it.", RELEASE
    ),
    Rule(
        "ban-drop-database",
        "Destroys all data in the database; no downgrade restores it.",
        "drop it manually",
    ),
    Rule(
        "ban-drop-default",
        "Breaks the running release, whose INSERTs omit the column: they write NULL, or fail.",
        RELEASE,
    ),
    Rule("ban-drop-domain", "Breaks the running release, which still uses it.", RELEASE),
    Rule(
        "ban-drop-extension", "Breaks the running release, which still uses its objects.", RELEASE
    ),
    Rule("ban-drop-function", "Breaks the running release, which still calls it.", RELEASE),
    Rule(
        "ban-drop-generated-expression",
        "Breaks the running release, which does not write the column: it stays NULL.",
        RELEASE,
    ),
    Rule("ban-drop-schema", "Breaks the running release, which still uses objects in it.", RELEASE),
    Rule(
        "ban-drop-sequence",
        "Breaks the running release, which still takes values from it.",
        RELEASE,
    ),
    Rule("ban-drop-table", "Breaks the running release, which still reads and writes it.", RELEASE),
    Rule("ban-drop-type", "Breaks the running release, which still uses it.", RELEASE),
    Rule("ban-drop-view", "Breaks the running release, which still reads it.", RELEASE),
    Rule("ban-duplicate-column-assignments", "PostgreSQL rejects it.", "assign each column once"),
    Rule(
        "ban-set-schema", "Breaks the running release, which expects it in the old schema.", RELEASE
    ),
    Rule(
        "changing-column-type",
        "Usually rewrites the table under ACCESS EXCLUSIVE (reads and writes are blocked), and "
        "breaks the running release, which expects the old type.",
        f"{NEW_COLUMN}; if PostgreSQL does not rewrite, such as from varchar to text, suppress "
        "this rule",
    ),
    Rule(
        "constraint-missing-not-valid",
        "Scans the table under the lock of ALTER TABLE; writes, or reads and writes, are blocked.",
        "op.create_check_constraint_online(…) or op.create_foreign_key_online(…): NOT VALID first, "
        "then VALIDATE in a separate transaction; EXCLUDE has no NOT VALID",
    ),
    Rule(
        "disallowed-unique-constraint",
        "Builds its index under ACCESS EXCLUSIVE; reads and writes are blocked.",
        "op.create_unique_constraint_online(…) in a separate revision",
    ),
    Rule(
        "identifier-too-long",
        "PostgreSQL truncates a name to 63 bytes; another revision does not find the full name.",
        "a shorter name",
    ),
    Rule(
        "prefer-identity",
        "serial creates a sequence with separate privileges, which other tables can use; in a "
        "table with rows, it also rewrites the table.",
        "sa.Identity()",
    ),
    Rule(
        "prefer-text-field",
        "Changing the length of varchar(n) changes the type, under a lock on the table.",
        "text, and a CHECK if the length matters",
    ),
    Rule(
        "prefer-timestamp-tz",
        "Without a time zone, each client interprets a timestamp in its own.",
        "sa.DateTime(timezone=True)",
    ),
    Rule(
        "renaming-column", "Breaks the running release, which still uses the old name.", NEW_COLUMN
    ),
    Rule("renaming-object", "Breaks the running release, which still uses the old name.", RELEASE),
    Rule(
        "renaming-table",
        "Breaks the running release, which still uses the old name.",
        "create a view with the old name in the same revision, and suppress this rule",
    ),
    Rule(
        "require-concurrent-index-creation",
        "Builds the index under SHARE; writes are blocked.",
        "op.create_index_online(…) in a separate revision",
    ),
    Rule(
        "require-concurrent-index-deletion",
        "Takes ACCESS EXCLUSIVE: queues behind long readers and blocks every later transaction.",
        "op.drop_index_online(…) in a separate revision",
    ),
    Rule(
        "require-concurrent-partition-detach",
        "Takes ACCESS EXCLUSIVE on the partitioned table: queues behind every transaction that "
        "uses it, and blocks every later one.",
        "ALTER TABLE … DETACH PARTITION … CONCURRENTLY in an autocommit block",
    ),
    Rule(
        "require-concurrent-reindex",
        "Blocks writes to the table, and reads that use the index, while the index is rebuilt.",
        "REINDEX … CONCURRENTLY, manually: it does not change the schema and needs no revision",
    ),
    Rule(
        "syntax-error",
        "Not valid SQL for PostgreSQL 15, or not known to squawk.",
        "correct it; if PostgreSQL accepts it, suppress this rule",
    ),
]

STATEMENT_RULES = [
    Rule(
        "concurrently-in-transaction",
        "PostgreSQL rejects CONCURRENTLY and VACUUM in a transaction, and a revision runs in one.",
        "the online operation, such as op.create_index_online(…), or an autocommit block",
    ),
    Rule(
        "disabled-trigger",
        "Disables integrity checks for all sessions until the trigger is enabled again, with ALL "
        "also foreign keys; takes SHARE ROW EXCLUSIVE, so writes are blocked.",
        "leave the triggers enabled; or SET LOCAL session_replication_role = replica, which needs "
        "a privilege and affects only this transaction",
    ),
    Rule(
        "dynamic-sql",
        "The SQL is built at run time; the lint cannot see it.",
        "a literal statement; or run the plan command, which measures it, and suppress this rule "
        "with a reason",
    ),
    Rule(
        "invalid-index",
        "A concurrent build that fails leaves an invalid index, and IF NOT EXISTS accepts it.",
        "op.create_index_online(…), or DROP INDEX CONCURRENTLY IF EXISTS right before it",
    ),
    Rule(
        "lock-table",
        "Holds the lock until the revision ends; conflicting transactions are blocked.",
        "let each statement take the lock that it needs",
    ),
    Rule(
        "no-lock-timeout",
        "A statement that waits for a lock without a limit blocks every transaction behind it.",
        "leave lock_timeout as MIGRATION_LOCK_TIMEOUT sets it",
    ),
    Rule(
        "not-repeatable",
        "If the revision fails after an autocommit block, the block stays applied, and it is "
        "unknown whether the revision is safe to run again.",
        "an online operation; or drop the leftovers of a failed run first in the block, and set "
        "repeatable = True beside down_revision",
    ),
    Rule(
        "one-autocommit-step",
        "An autocommit block commits: if a later statement fails, half of the revision is applied.",
        "one online operation or autocommit block per revision, and no other change",
    ),
    Rule(
        "one-table",
        "Holds the lock on the first table while it waits for the second. A transaction that locks "
        "both in the other order, as a foreign key check does, deadlocks with it, and PostgreSQL "
        "may abort either.",
        "one revision per table",
    ),
    Rule(
        "own-transaction",
        "Only Alembic may end the transaction: otherwise half of the revision is applied if a "
        "later statement fails.",
        "op.get_context().autocommit_block() around a statement that cannot run in a transaction",
    ),
    Rule(
        "schema-and-data",
        "Holds the locks of the schema change for as long as the data change takes.",
        "a separate revision for each",
    ),
    Rule(
        "table-rewrite",
        "Rewrites the table under ACCESS EXCLUSIVE; reads and writes are blocked.",
        "run it manually at a time of low traffic, outside of migrations",
    ),
    Rule(
        "truncate",
        "Deletes all rows, and no downgrade restores them; reads and writes are blocked.",
        "suppress this rule, and explain why the rows are not needed",
    ),
    Rule(
        "unbatched-write",
        "Locks every changed row until the revision ends; dead rows bloat the table.",
        "op.batched_backfill(…); for few rows, suppress this rule and state how many",
    ),
]

SOURCE_RULES = [
    Rule(
        "docstring",
        "A later reader cannot see why the change was made.",
        "describe the change, its reason and its locks below the first line",
    ),
    Rule(
        "downgrade",
        "A user who downgrades expects that it is gone.",
        "revert each change of upgrade() in downgrade(), or raise an error with the reason",
    ),
    Rule(
        "exception",
        "The suppression has no effect: its rule or its reason is missing, or there is no finding.",
        "# migrate-lint: allow <rule>: <reason>, for a rule with a finding in this revision",
    ),
    Rule(
        "head-file",
        "Without a correct head.txt, git reports no conflict if two branches add a revision.",
        "the renumber command writes it",
    ),
    Rule(
        "imports-app",
        "Application code changes and the revision does not: later it behaves differently, or "
        "fails.",
        "copy the code that it needs into the revision, tables as sa.table(…); import only "
        "Python's standard library, sqlalchemy and alembic",
    ),
    Rule(
        "numbering",
        "The files must sort in the order in which the revisions run.",
        "run the renumber command",
    ),
    Rule(
        "offline-sql",
        "alembic upgrade --sql cannot write it, or writes SQL that a run does not execute.",
        "use op.execute(…) with literal values, or a DO block",
    ),
]

RULES = {rule.name: rule for rule in (*SQUAWK_RULES, *STATEMENT_RULES, *SOURCE_RULES)}
"""All rules by name."""
