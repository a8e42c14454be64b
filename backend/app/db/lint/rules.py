"""Every rule: whom it hurts where a revision breaks it, and what to do instead.

Rules that squawk looks after keep squawk's names, so that its documentation can be searched.
"""

from app.db.lint.finding import Rule

RELEASE = (
    "let a release go out first that does not use it; then say in an exception which one that was"
)
NEW_COLUMN = (
    "add a column of the new kind, let the code write both, fill the old rows with "
    "op.batched_backfill, and drop the old column when no release reads it"
)

OF_SQUAWK = [
    Rule(
        "adding-field-with-default",
        "Each row gets a value of its own: the whole table is written anew, and nobody can read or "
        "write it meanwhile.",
        "op.add_column_online(…) for a default that differs from row to row; for an identity or a "
        "generated column, a plain one that the code or a trigger fills, and op.batched_backfill",
    ),
    Rule(
        "adding-foreign-key-constraint",
        "All rows are checked, and nobody can write to either table meanwhile.",
        "op.create_foreign_key_online(…) in a revision of its own",
    ),
    Rule(
        "adding-not-nullable-field",
        "All rows are read to see whether one is NULL, and nobody can read or write the table "
        "meanwhile.",
        "op.set_not_null_online(…) in a revision of its own",
    ),
    Rule(
        "adding-required-field",
        "It fails on a table with rows, and code that still runs cannot insert any more.",
        "give it a constant server_default; or let it be NULL, fill it with op.batched_backfill, "
        "and op.set_not_null_online(…)",
    ),
    Rule(
        "adding-serial-primary-key-field",
        "The index of the key is built, and nobody can read or write the table meanwhile.",
        "op.create_index_online(…, unique=True), and in the next revision ALTER TABLE … ADD "
        "CONSTRAINT … PRIMARY KEY USING INDEX, where the columns are NOT NULL already",
    ),
    Rule(
        "ban-alter-domain-with-add-constraint",
        "All tables with a column of this domain are read, and nobody can write to them meanwhile.",
        "use text and a CHECK on the table: op.create_check_constraint_online(…)",
    ),
    Rule(
        "ban-alter-identity",
        "Code that still runs expects the server to number rows, or not to, and fails.",
        RELEASE,
    ),
    Rule(
        "ban-char-field",
        "char(n) fills up with spaces, and another length is another type.",
        "text and a CHECK",
    ),
    Rule(
        "ban-create-domain-with-constraint",
        "A rule of a domain cannot be changed without reading every table that uses it.",
        "text and a CHECK on the table",
    ),
    Rule("ban-drop-column", "Code that still runs reads and writes it, and fails.", RELEASE),
    Rule("ban-drop-database", "Everything in it is lost, and no downgrade helps.", "by hand"),
    Rule(
        "ban-drop-default",
        "Code that still runs leaves the column out, and writes NULL or fails.",
        RELEASE,
    ),
    Rule("ban-drop-domain", "Code that still runs uses it, and fails.", RELEASE),
    Rule("ban-drop-extension", "What it brought is gone for code that still runs.", RELEASE),
    Rule("ban-drop-function", "Code that still runs calls it, and fails.", RELEASE),
    Rule(
        "ban-drop-generated-expression",
        "Code that still runs leaves the column to the server, and it stays NULL.",
        RELEASE,
    ),
    Rule("ban-drop-schema", "Code that still runs uses what is in it, and fails.", RELEASE),
    Rule("ban-drop-sequence", "Code that still runs takes numbers from it, and fails.", RELEASE),
    Rule("ban-drop-table", "Code that still runs reads and writes it, and fails.", RELEASE),
    Rule("ban-drop-type", "Code that still runs uses it, and fails.", RELEASE),
    Rule("ban-drop-view", "Code that still runs reads it, and fails.", RELEASE),
    Rule("ban-duplicate-column-assignments", "PostgreSQL refuses it.", "set each column once"),
    Rule("ban-set-schema", "Code that still runs looks for it in the old place.", RELEASE),
    Rule(
        "changing-column-type",
        "As a rule the whole table is written anew, and nobody can read or write it meanwhile; "
        "code that still runs expects the old type.",
        f"{NEW_COLUMN}; where PostgreSQL rewrites nothing, such as from varchar to text, say so "
        "in an exception",
    ),
    Rule(
        "constraint-missing-not-valid",
        "All rows are checked while the lock of its ALTER TABLE is held: nobody can write, or not "
        "even read.",
        "op.create_check_constraint_online(…) or op.create_foreign_key_online(…): NOT VALID first, "
        "and VALIDATE in a transaction of its own; there is no such way for EXCLUDE",
    ),
    Rule(
        "disallowed-unique-constraint",
        "Its index is built, and nobody can read or write the table meanwhile.",
        "op.create_unique_constraint_online(…) in a revision of its own",
    ),
    Rule(
        "identifier-too-long",
        "PostgreSQL cuts a name after 63 bytes, and another revision looks for the whole of it.",
        "a shorter name",
    ),
    Rule(
        "prefer-identity",
        "serial leaves a sequence that others may use and that grants forget; in a table that has "
        "rows, it also writes all of them anew.",
        "sa.Identity()",
    ),
    Rule(
        "prefer-text-field",
        "Another length of varchar(n) is another type, under a lock on the table.",
        "text, and a CHECK where the length matters",
    ),
    Rule(
        "prefer-timestamp-tz",
        "A moment without its time zone is another one on each machine.",
        "sa.DateTime(timezone=True)",
    ),
    Rule("renaming-column", "Code that still runs knows the old name only.", NEW_COLUMN),
    Rule("renaming-object", "Code that still runs knows the old name only.", RELEASE),
    Rule(
        "renaming-table",
        "Code that still runs knows the old name only.",
        "rename it together with a view of the old name, in one revision, and say so in an "
        "exception",
    ),
    Rule(
        "require-concurrent-index-creation",
        "Nobody can write to the table while the index is built.",
        "op.create_index_online(…) in a revision of its own",
    ),
    Rule(
        "require-concurrent-index-deletion",
        "Whoever reads a table for long keeps the drop waiting, and it keeps everybody else.",
        "op.drop_index_online(…) in a revision of its own",
    ),
    Rule(
        "require-concurrent-partition-detach",
        "Nobody can read or write the partitioned table until all who use it are done.",
        "ALTER TABLE … DETACH PARTITION … CONCURRENTLY in an autocommit block",
    ),
    Rule(
        "require-concurrent-reindex",
        "Nobody can write to the table while the index is built, or read through that index.",
        "REINDEX … CONCURRENTLY, by hand: it changes no schema and needs no revision",
    ),
    Rule(
        "syntax-error",
        "It is no SQL that PostgreSQL 15 understands, or squawk does not know it.",
        "mend it; if PostgreSQL takes it, say so in an exception",
    ),
]

OF_STATEMENTS = [
    Rule(
        "concurrently-in-transaction",
        "PostgreSQL refuses CONCURRENTLY and VACUUM in a transaction, and a revision is one.",
        "the online operation, such as op.create_index_online(…), or an autocommit block",
    ),
    Rule(
        "invalid-index",
        "A concurrent build that fails leaves its index, which is not valid; IF NOT EXISTS takes "
        "that for done.",
        "op.create_index_online(…), or DROP INDEX CONCURRENTLY IF EXISTS right before it",
    ),
    Rule(
        "lock-table",
        "The lock is held until the revision ends, and everybody else waits that long.",
        "leave it to each statement to take the lock that it needs",
    ),
    Rule(
        "no-lock-timeout",
        "A statement that waits for a lock without end lets everybody else queue behind it.",
        "leave lock_timeout as MIGRATION_LOCK_TIMEOUT sets it",
    ),
    Rule(
        "not-repeatable",
        "What an autocommit block has done stays when the revision fails behind it, and nobody "
        "knows whether it may run again.",
        "an online operation; or let the block begin by dropping what a first run leaves, and say "
        "repeatable = True beside down_revision",
    ),
    Rule(
        "one-autocommit-step",
        "An autocommit block commits: if what comes after it fails, half of the revision stays.",
        "one online operation or autocommit block in a revision, and nothing beside it",
    ),
    Rule(
        "one-table",
        "The lock on the first table is held while the second one is waited for. Whoever uses both "
        "in the other order, as a foreign key's check does, ends in a deadlock, and PostgreSQL may "
        "end the client.",
        "a revision for each table",
    ),
    Rule(
        "own-transaction",
        "Alembic, not the revision, decides when its transaction ends: otherwise half of it stays "
        "when the rest fails.",
        "op.get_context().autocommit_block() around what cannot be in a transaction",
    ),
    Rule(
        "schema-and-data",
        "The locks of the schema's change are held for as long as the change of the data takes.",
        "a revision for each",
    ),
    Rule(
        "table-rewrite",
        "The whole table is written anew, and nobody can read or write it meanwhile.",
        "do it by hand in a quiet hour, outside of migrations",
    ),
    Rule(
        "truncate",
        "All rows are lost, no downgrade brings them back, and nobody can read meanwhile.",
        "say in an exception why nobody needs them",
    ),
    Rule(
        "unbatched-write",
        "All rows that it changes stay locked until the revision ends, and their old versions "
        "swell the table.",
        "op.batched_backfill(…); where there are few rows, say in an exception how many",
    ),
]

OF_CODE = [
    Rule(
        "docstring",
        "Whoever reads it in a year, or at night, cannot see what it is for.",
        "say below the first line what it changes and why, and what it locks",
    ),
    Rule(
        "downgrade",
        "Whoever takes it back believes that it is gone.",
        "undo in downgrade() what upgrade() does, or raise an error that says why it cannot be",
    ),
    Rule(
        "exception",
        "Nobody knows what it allows, or whether it was meant.",
        "# migrate-lint: allow <rule>: <reason>, for a rule that finds something here",
    ),
    Rule(
        "head-file",
        "Without a true head.txt, git sees no conflict where two branches add a revision.",
        "make migrate-renumber writes it",
    ),
    Rule(
        "imports-app",
        "Other code goes on and the revision stays: one day it does something else, or fails.",
        "copy what it needs into the revision, tables as sa.table(…); it may import Python's own "
        "modules, sqlalchemy and alembic",
    ),
    Rule(
        "numbering",
        "The files are to be read in the order in which they run.",
        "make migrate-renumber",
    ),
    Rule(
        "offline-sql",
        "alembic upgrade --sql cannot write it, or writes something else than what a run does.",
        "say it with op.execute(…) and literal values, or in a DO block",
    ),
]

RULES = {rule.name: rule for rule in (*OF_SQUAWK, *OF_STATEMENTS, *OF_CODE)}
"""All rules by their names."""
