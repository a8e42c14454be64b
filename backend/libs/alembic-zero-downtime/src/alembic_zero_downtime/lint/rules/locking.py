"""The rules of squawk about changes that block a table while it is scanned or rewritten."""

from alembic_zero_downtime.lint.finding import Rule

NEW_COLUMN = (
    "add a new column, let the code write both, fill the existing rows with op.batched_backfill, "
    "and drop the old column when no release reads it"
)

LOCKING_RULES = [
    Rule(
        "adding-field-with-default",
        finds="A new column with a volatile default, an identity, or a stored generated value.",
        why="Rewrites the table under ACCESS EXCLUSIVE; reads and writes are blocked.",
        lock="ACCESS EXCLUSIVE on the table until every row is rewritten",
        fix="op.add_column_online(…) for a volatile default; for an identity or a generated "
        "column, a plain column that the code or a trigger fills, and op.batched_backfill",
        wrong='default = sa.text("gen_random_uuid()")\n'
        'op.add_column("documents", sa.Column("token", sa.Uuid(), server_default=default))',
        right='default = sa.text("gen_random_uuid()")\n'
        'op.add_column_online("documents", sa.Column("token", sa.Uuid(), server_default=default))',
    ),
    Rule(
        "adding-foreign-key-constraint",
        finds="A foreign key that is validated at once, also one of a new column.",
        why="Scans the table to check every row; writes to both tables are blocked.",
        lock="SHARE ROW EXCLUSIVE on both tables until every row is checked",
        fix="op.create_foreign_key_online(…) in a separate revision",
        wrong="op.create_foreign_key(\n"
        '    "fk_documents_company", "documents", "companies", ["company_id"], ["id"]\n)',
        right="op.create_foreign_key_online(\n"
        '    "fk_documents_company", "documents", "companies", ["company_id"], ["id"]\n)',
    ),
    Rule(
        "adding-not-nullable-field",
        finds="SET NOT NULL on a column that exists already.",
        why="Scans the table under ACCESS EXCLUSIVE; reads and writes are blocked.",
        lock="ACCESS EXCLUSIVE on the table until every row is checked",
        fix="op.set_not_null_online(…) in a separate revision",
        wrong='op.alter_column("documents", "file_path", nullable=False)',
        right='op.set_not_null_online("documents", "file_path")',
    ),
    Rule(
        "adding-required-field",
        finds="A new column that is NOT NULL and has no default.",
        why="Fails on a table with rows, and the previous release can no longer INSERT.",
        lock="ACCESS EXCLUSIVE on the table, briefly",
        fix="a constant server_default; or allow NULL, fill it with op.batched_backfill, and then "
        "op.set_not_null_online(…)",
        wrong='op.add_column("documents", sa.Column("kind", sa.Text(), nullable=False))',
        right='kind = sa.Column("kind", sa.Text(), server_default="report", nullable=False)\n'
        'op.add_column("documents", kind)',
    ),
    Rule(
        "adding-serial-primary-key-field",
        finds="A primary key of a table that exists already.",
        why="Builds the index of the key under ACCESS EXCLUSIVE; reads and writes are blocked.",
        lock="ACCESS EXCLUSIVE on the table until the index is built",
        fix="op.create_index_online(…, unique=True), and in the next revision ALTER TABLE … ADD "
        "CONSTRAINT … PRIMARY KEY USING INDEX, if the columns are NOT NULL already",
        wrong='op.create_primary_key("pk_readings", "readings", ["id"])',
        right="# The revision before this one builds ix_readings_id with op.create_index_online.\n"
        "op.execute(\n"
        '    "ALTER TABLE readings ADD CONSTRAINT pk_readings PRIMARY KEY USING INDEX '
        'ix_readings_id"\n)',
    ),
    Rule(
        "ban-alter-domain-with-add-constraint",
        finds="A constraint that is added to a domain, also NOT NULL.",
        why="Scans every table with a column of this domain; writes to them are blocked.",
        lock="SHARE on every table with a column of the domain until every row is checked",
        fix="text and a CHECK on the table: op.create_check_constraint_online(…)",
        wrong="op.execute(\"ALTER DOMAIN ticker ADD CONSTRAINT ck_ticker CHECK (VALUE <> '')\")",
        right='op.create_check_constraint_online("ck_companies_ticker", "companies", '
        "\"ticker <> ''\")",
    ),
    Rule(
        "changing-column-type",
        finds="A column whose type changes.",
        why="Usually rewrites the table under ACCESS EXCLUSIVE (reads and writes are blocked), "
        "and breaks the running release, which expects the old type.",
        lock="ACCESS EXCLUSIVE on the table until every row is rewritten and the indexes are built",
        fix=f"{NEW_COLUMN}; if PostgreSQL does not rewrite, such as from varchar to text, "
        "suppress this rule",
        wrong='op.alter_column("documents", "fiscal_year", type_=sa.BigInteger())',
        right='op.add_column("documents", sa.Column("fiscal_year_wide", sa.BigInteger()))',
    ),
    Rule(
        "constraint-missing-not-valid",
        finds="A CHECK or an EXCLUDE that is validated at once, and a VALIDATE in the transaction "
        "that has added the constraint.",
        why="Scans the table under the lock of ALTER TABLE; writes, or reads and writes, are "
        "blocked.",
        lock="ACCESS EXCLUSIVE on the table until every row is checked",
        fix="op.create_check_constraint_online(…) or op.create_foreign_key_online(…): NOT VALID "
        "first, then VALIDATE in a separate transaction; EXCLUDE has no NOT VALID",
        wrong='op.create_check_constraint("ck_documents_year", "documents", "fiscal_year > 1950")',
        right="op.create_check_constraint_online(\n"
        '    "ck_documents_year", "documents", "fiscal_year > 1950"\n)',
    ),
    Rule(
        "disallowed-unique-constraint",
        finds="A unique constraint that builds its own index.",
        why="Builds its index under ACCESS EXCLUSIVE; reads and writes are blocked.",
        lock="ACCESS EXCLUSIVE on the table until the index is built",
        fix="op.create_unique_constraint_online(…) in a separate revision",
        wrong='op.create_unique_constraint("uq_documents_url", "documents", ["company_id", "url"])',
        right="op.create_unique_constraint_online(\n"
        '    "uq_documents_url", "documents", ["company_id", "url"]\n)',
    ),
    Rule(
        "require-concurrent-index-creation",
        finds="An index that is built without CONCURRENTLY on a table that exists already.",
        why="Builds the index under SHARE; writes are blocked.",
        lock="SHARE on the table until the index is built",
        fix="op.create_index_online(…) in a separate revision",
        wrong='op.create_index("ix_documents_year", "documents", ["fiscal_year"])',
        right='op.create_index_online("ix_documents_year", "documents", ["fiscal_year"])',
    ),
    Rule(
        "require-concurrent-index-deletion",
        finds="An index that is dropped without CONCURRENTLY, also if a later revision drops its "
        "table: the revisions may be deployed one by one.",
        why="Takes ACCESS EXCLUSIVE: queues behind long readers and blocks every later "
        "transaction.",
        lock="ACCESS EXCLUSIVE on the table and the index, briefly once it is granted",
        fix="op.drop_index_online(…) in a separate revision",
        wrong='op.drop_index("ix_documents_url", "documents")',
        right='op.drop_index_online("ix_documents_url", "documents")',
    ),
    Rule(
        "require-concurrent-partition-detach",
        finds="A partition that is detached without CONCURRENTLY.",
        why="Takes ACCESS EXCLUSIVE on the partitioned table: queues behind every transaction "
        "that uses it, and blocks every later one.",
        lock="ACCESS EXCLUSIVE on the partitioned table and the partition, briefly once it is "
        "granted",
        fix="ALTER TABLE … DETACH PARTITION … CONCURRENTLY in an autocommit block",
        wrong='op.execute("ALTER TABLE prices DETACH PARTITION prices_2019")',
        right="repeatable = False\n\nwith op.get_context().autocommit_block():\n"
        '    op.execute("ALTER TABLE prices DETACH PARTITION prices_2019 CONCURRENTLY")',
    ),
    Rule(
        "require-concurrent-reindex",
        finds="REINDEX without CONCURRENTLY.",
        why="Blocks writes to the table, and reads that use the index, while the index is rebuilt.",
        lock="SHARE on the table and ACCESS EXCLUSIVE on the index until it is rebuilt",
        fix="REINDEX … CONCURRENTLY, manually: it does not change the schema and needs no revision",
        wrong='op.execute("REINDEX INDEX ix_documents_url")',
        right="# Not in a revision, but in psql: REINDEX INDEX CONCURRENTLY ix_documents_url;",
    ),
]
