"""Revisions for the lint and the plan: unsafe and safe ones for a large table in use."""

from typing import NamedTuple


class Case(NamedTuple):
    """A revision, and the results of the lint and the plan.

    Attributes:
        name: of the case.
        upgrade: the lines of its function.
        lint: the rule that the lint reports; None if the file alone does not show it.
        plan: of an unsafe revision, a part of the plan's alternative, or None if it blocks nothing
            for long; of a safe one, its risk.
    """

    name: str
    upgrade: str
    lint: str | None
    plan: str | None


UNSAFE = [
    Case(
        "index",
        'op.create_index("ix_documents_probe", "documents", ["url"])',
        lint="require-concurrent-index-creation",
        plan="op.create_index_online",
    ),
    Case(
        "unique index",
        'op.create_index("ix_documents_probe", "documents", ["id", "url"], unique=True)',
        lint="require-concurrent-index-creation",
        plan="op.create_index_online",
    ),
    Case(
        "index in SQL",
        'op.execute("CREATE INDEX ix_documents_probe ON documents (url, fiscal_year)")',
        lint="require-concurrent-index-creation",
        plan="op.create_index_online",
    ),
    Case(
        "unique constraint",
        'op.create_unique_constraint("uq_documents_probe", "documents", ["id", "url"])',
        lint="disallowed-unique-constraint",
        plan="op.create_unique_constraint_online",
    ),
    Case(
        "primary key",
        'op.drop_constraint("pk_compiled_statements", "compiled_statements")\n'
        'op.create_primary_key("pk_compiled_statements", "compiled_statements", ["id"])',
        lint="adding-serial-primary-key-field",
        plan="op.create_index_online",
    ),
    Case(
        "exclusion constraint",
        'op.execute("ALTER TABLE documents ADD CONSTRAINT ex_documents_probe"\n'
        '           " EXCLUDE USING btree (id WITH =)")',
        lint="constraint-missing-not-valid",
        plan="op.create_unique_constraint_online",
    ),
    Case(
        "foreign key",
        'op.create_foreign_key("fk_documents_probe", "documents", "companies",'
        ' ["company_id"], ["id"])',
        lint="adding-foreign-key-constraint",
        plan="op.create_foreign_key_online",
    ),
    Case(
        "check",
        'op.create_check_constraint("ck_documents_probe", "documents", "fiscal_year > 1950")',
        lint="constraint-missing-not-valid",
        plan="op.create_check_constraint_online",
    ),
    Case(
        "not null",
        'op.alter_column("documents", "file_path", nullable=False)',
        lint="adding-not-nullable-field",
        plan="op.set_not_null_online",
    ),
    Case(
        "type changed",
        'op.alter_column("documents", "fiscal_year", type_=sa.BigInteger())',
        lint="changing-column-type",
        plan="a new column",
    ),
    Case(
        "type shortened",
        'op.alter_column("documents", "url", type_=sa.String(500))',
        lint="changing-column-type",
        plan="a new column",
    ),
    Case(
        "type changed by a conversion",
        'op.alter_column("documents", "created_at", type_=sa.Date(),\n'
        "                postgresql_using=\"(created_at AT TIME ZONE 'UTC')::date\")",
        lint="changing-column-type",
        plan="a new column",
    ),
    Case(
        "column with a volatile default",
        'op.add_column("documents", sa.Column("probe", sa.Uuid(),\n'
        '              server_default=sa.text("gen_random_uuid()")))',
        lint="adding-field-with-default",
        plan="op.batched_backfill",
    ),
    Case(
        "identity column",
        'op.add_column("documents", sa.Column("probe", sa.BigInteger(), sa.Identity()))',
        lint="adding-field-with-default",
        plan="op.batched_backfill",
    ),
    Case(
        "generated column",
        'op.add_column("documents", sa.Column("probe", sa.Text(),\n'
        '              sa.Computed("lower(url)", persisted=True)))',
        lint="adding-field-with-default",
        plan="op.batched_backfill",
    ),
    Case(
        "column with a check",
        'op.add_column("documents", sa.Column("probe", sa.Integer()))\n'
        'op.create_check_constraint("ck_documents_probe", "documents", "probe > 0")',
        lint="constraint-missing-not-valid",
        plan="op.create_check_constraint_online",
    ),
    Case(
        "update of all rows",
        "op.execute(\"UPDATE documents SET file_path = 'none' WHERE file_path IS NULL\")",
        lint="unbatched-write",
        plan="op.batched_backfill",
    ),
    Case(
        "update with a join",
        "op.execute(\"UPDATE extractions SET raw_data = raw_data || '{}'\"\n"
        '           " FROM documents WHERE documents.id = document_id")',
        lint="unbatched-write",
        plan="op.batched_backfill",
    ),
    Case(
        "update by an expression",
        'documents = sa.table("documents", sa.column("url", sa.Text()))\n'
        "op.execute(sa.update(documents).values(url=sa.func.trim(documents.c.url)))",
        lint="unbatched-write",
        plan="op.batched_backfill",
    ),
    Case(
        "deletion of all rows",
        'op.execute("DELETE FROM extractions")',
        lint="unbatched-write",
        plan="op.batched_backfill",
    ),
    Case(
        "short lock held during a long update",
        'op.add_column("compiled_statements", sa.Column("probe", sa.Text()))\n'
        'op.execute("UPDATE extractions SET raw_data = raw_data")',
        lint="unbatched-write",
        plan="a separate revision",
    ),
    Case(
        "lock held while an index is built",
        'op.execute("LOCK TABLE compiled_statements")\n'
        'op.create_index("ix_documents_probe", "documents", ["url"])',
        lint="lock-table",
        plan="a separate revision",
    ),
    Case(
        "cluster",
        'op.execute("CLUSTER documents USING pk_documents")',
        lint="table-rewrite",
        plan="outside of migrations",
    ),
    Case(
        "vacuum full",
        'with op.get_context().autocommit_block():\n    op.execute("VACUUM FULL documents")',
        lint="table-rewrite",
        plan="outside of migrations",
    ),
    Case(
        "table set unlogged",
        'op.execute("ALTER TABLE extractions SET UNLOGGED")',
        lint="table-rewrite",
        plan="outside of migrations",
    ),
    Case(
        "reindex",
        'op.execute("REINDEX INDEX pk_documents")',
        lint="require-concurrent-reindex",
        plan="REINDEX INDEX CONCURRENTLY",
    ),
    Case(
        "index in an autocommit block, not concurrent",
        "with op.get_context().autocommit_block():\n"
        '    op.execute("CREATE INDEX ix_documents_probe ON documents (url)")',
        lint="require-concurrent-index-creation",
        plan="op.create_index_online",
    ),
    Case(
        "foreign key validated while its own lock is held",
        'op.create_foreign_key("fk_documents_probe", "documents", "companies",\n'
        '                      ["company_id"], ["id"], postgresql_not_valid=True)\n'
        'op.execute("ALTER TABLE documents VALIDATE CONSTRAINT fk_documents_probe")',
        lint="constraint-missing-not-valid",
        plan="a separate revision",
    ),
    Case(
        "function that updates all rows",
        'op.execute("DO $$ BEGIN UPDATE documents SET file_path = url; END $$")',
        lint="unbatched-write",
        plan="op.batched_backfill",
    ),
    Case(
        "renamed column",
        'op.alter_column("documents", "file_path", new_column_name="path")',
        lint="renaming-column",
        plan=None,
    ),
    Case(
        "renamed table",
        'op.rename_table("extractions", "readings")',
        lint="renaming-table",
        plan=None,
    ),
    Case(
        "dropped column",
        'op.drop_column("documents", "file_path")',
        lint="ban-drop-column",
        plan=None,
    ),
    Case(
        "dropped table",
        'op.drop_table("compiled_statements")',
        lint="ban-drop-table",
        plan=None,
    ),
    Case(
        "truncated table",
        'op.execute("TRUNCATE extractions")',
        lint="truncate",
        plan=None,
    ),
    Case(
        "default dropped",
        'op.alter_column("documents", "created_at", server_default=None)',
        lint="ban-drop-default",
        plan=None,
    ),
]
"""Revisions that are unsafe on a large database."""

SAFE = [
    Case(
        "new table with an index, a check and a row",
        'op.create_table("probes", sa.Column("id", sa.BigInteger(),\n'
        "                sa.Identity(), primary_key=True),\n"
        '                sa.Column("word", sa.Text(), nullable=False))\n'
        'op.create_index("ix_probes_word", "probes", ["word"])\n'
        'op.create_check_constraint("ck_probes_word", "probes", "word <> \'\'")\n'
        "op.execute(\"INSERT INTO probes VALUES (1, 'one')\")",
        lint=None,
        plan="safe",
    ),
    Case(
        "nullable column",
        'op.add_column("documents", sa.Column("probe", sa.Text()))',
        lint=None,
        plan="short lock",
    ),
    Case(
        "column with a constant default",
        'op.add_column("documents", sa.Column("probe", sa.Integer(),'
        ' server_default="0", nullable=False))',
        lint=None,
        plan="short lock",
    ),
    Case(
        "column with now() as its default",
        'op.add_column("documents", sa.Column("probe", sa.DateTime(timezone=True),\n'
        "              server_default=sa.func.now()))",
        lint=None,
        plan="short lock",
    ),
    Case(
        "default set",
        'op.alter_column("documents", "file_path", server_default="none")',
        lint=None,
        plan="short lock",
    ),
    Case(
        "not null dropped",
        'op.alter_column("documents", "url", nullable=True)',
        lint=None,
        plan="short lock",
    ),
    Case(
        "comment",
        'op.create_table_comment("documents", "Published by a company")',
        lint=None,
        plan="safe",
    ),
    Case(
        "index online",
        'op.create_index_online("ix_documents_probe", "documents", ["url"])',
        lint=None,
        plan="safe",
    ),
    Case(
        "index dropped online",
        'op.drop_index_online("ix_documents_fiscal_year", "documents")',
        lint=None,
        plan="safe",
    ),
    Case(
        "foreign key online",
        'op.create_foreign_key_online("fk_documents_probe", "documents", "companies",\n'
        '                             ["company_id"], ["id"])',
        lint=None,
        plan="short lock",
    ),
    Case(
        "check online",
        'op.create_check_constraint_online("ck_documents_probe", "documents",'
        ' "fiscal_year > 1950")',
        lint=None,
        plan="short lock",
    ),
    Case(
        "unique constraint online",
        'op.create_unique_constraint_online("uq_documents_probe", "documents", ["id", "url"])',
        lint=None,
        plan="short lock",
    ),
    Case(
        "not null online",
        'op.set_not_null_online("documents", "file_path")',
        lint=None,
        plan="short lock",
    ),
    Case(
        "column online",
        'op.add_column_online("documents", sa.Column("probe", sa.Uuid(),\n'
        '                     server_default=sa.text("gen_random_uuid()")))',
        lint=None,
        plan="short lock",
    ),
    Case(
        "backfill in batches",
        'op.batched_backfill("documents", values={"file_path": "url"}, where="file_path IS NULL")',
        lint=None,
        plan="safe",
    ),
    Case(
        "a few rows of a small table",
        "op.execute(\"INSERT INTO companies (name, ir_url) VALUES ('Probe', 'https://probe')\")",
        lint=None,
        plan="safe",
    ),
    Case(
        "one row of a large table, by its key",
        'op.execute("UPDATE documents SET file_path = url WHERE id = 42")',
        lint=None,
        plan="safe",
    ),
    Case(
        "view",
        'op.execute("CREATE VIEW reports AS SELECT id, url FROM documents")',
        lint=None,
        plan="safe",
    ),
    Case(
        "statistics",
        'op.execute("CREATE STATISTICS st_documents ON company_id, fiscal_year FROM documents")',
        lint=None,
        plan="safe",
    ),
]
"""Revisions that are safe on every database."""
