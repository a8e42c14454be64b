"""Changes of the models, by name, in Python; `tables` are the tables of the models."""

from alembic_zero_downtime.schema.catalog import Item

WRITTEN = {
    "add nullable column": 'add("companies", sa.Column("sector", sa.Text()))',
    "add column with constant default": (
        'add("companies", sa.Column("is_active", sa.Boolean(), server_default=sa.true(),'
        " nullable=False))"
    ),
    "add column with stable default": (
        'add("documents", sa.Column("seen_at", sa.DateTime(timezone=True),'
        " server_default=sa.func.now(), nullable=False))"
    ),
    "add column with volatile default": (
        'add("companies", sa.Column("token", sa.Uuid(),'
        ' server_default=sa.text("gen_random_uuid()"), nullable=False))'
    ),
    "add column and index": (
        'add("companies", sa.Column("sector", sa.Text()));'
        'sa.Index("ix_companies_sector", tables["companies"].c.sector)'
    ),
    "add columns to two tables": (
        'add("companies", sa.Column("sector", sa.Text()));'
        'add("documents", sa.Column("language", sa.Text()))'
    ),
    "add index": 'sa.Index(None, tables["companies"].c.ir_url)',
    "add two indexes": (
        'sa.Index(None, tables["companies"].c.ir_url);'
        'sa.Index(None, tables["documents"].c.file_path)'
    ),
    "add partial index on an expression": (
        'sa.Index("ix_documents_lower_url", sa.text("lower(url)"),'
        ' postgresql_where=sa.text("file_path IS NULL"), _table=tables["documents"])'
    ),
    "add unique constraint": (
        'tables["documents"].append_constraint(sa.UniqueConstraint("company_id", "url", "id"))'
    ),
    "add check": (
        'tables["companies"].append_constraint(sa.CheckConstraint("length(name) < 300",'
        ' name="name_short"))'
    ),
    "add column with its own check": (
        'add("companies", sa.Column("sector", sa.Text(), sa.CheckConstraint("sector <> \'\'",'
        ' name="sector_not_empty")))'
    ),
    "add foreign key": (
        'add("companies", sa.Column("parent_id", sa.BigInteger()));'
        'tables["companies"].append_constraint('
        'sa.ForeignKeyConstraint(["parent_id"], ["companies.id"]))'
    ),
    "add table": (
        'sa.Table("notes", metadata, sa.Column("id", sa.BigInteger(), sa.Identity(),'
        ' primary_key=True), sa.Column("company_id", sa.ForeignKey("companies.id"), index=True,'
        ' nullable=False), sa.Column("text", sa.Text(), sa.CheckConstraint("text <> \'\'",'
        ' name="text_not_empty"), nullable=False))'
    ),
    "drop table": 'metadata.remove(tables["compiled_statements"])',
    "drop nullable column": 'drop("documents", "file_path")',
    "drop column that is not null": 'drop("extractions", "raw_data")',
    "drop index": (
        'tables["documents"].indexes = {each for each in tables["documents"].indexes'
        ' if each.name != "ix_documents_fiscal_year"}'
    ),
    "drop check": 'drop_constraint("companies", "ck_companies_name_not_blank")',
    "drop unique constraint": 'drop_constraint("companies", "uq_companies_name")',
    "drop foreign key": 'drop_constraint("extractions", "fk_extractions_document_id_documents")',
    "set not null": 'tables["companies"].c.primary_ticker.nullable = False',
    "drop not null": 'tables["companies"].c.ir_url.nullable = True',
    "change default": (
        'tables["documents"].c.document_type.server_default = sa.DefaultClause("annual_report")'
    ),
    "change JSONB default": (
        'tables["companies"].c.tickers.server_default = sa.DefaultClause(sa.text('
        '"jsonb_build_array()"))'
    ),
    "change text of a check": (
        'drop_constraint("documents", "ck_documents_fiscal_year_plausible");'
        'tables["documents"].append_constraint(sa.CheckConstraint('
        '"fiscal_year BETWEEN 1900 AND 2200", name="fiscal_year_plausible"))'
    ),
    "change operator class of an index": (
        'drop_index("companies", "ix_companies_tickers"); sa.Index("ix_companies_tickers",'
        ' tables["companies"].c.tickers, postgresql_using="gin")'
    ),
    "make an index partial": (
        'drop_index("documents", "ix_documents_fiscal_year"); sa.Index('
        '"ix_documents_fiscal_year", tables["documents"].c.fiscal_year,'
        ' postgresql_where=sa.text("fiscal_year > 2000"))'
    ),
    "change columns of an index": (
        'drop_index("documents", "ix_documents_fiscal_year"); sa.Index('
        '"ix_documents_fiscal_year", tables["documents"].c.fiscal_year,'
        ' tables["documents"].c.company_id)'
    ),
    "change ON DELETE of a foreign key": (
        'drop_constraint("extractions", "fk_extractions_document_id_documents");'
        'tables["extractions"].append_constraint(sa.ForeignKeyConstraint(["document_id"],'
        ' ["documents.id"], ondelete="RESTRICT"))'
    ),
    "change columns of a unique constraint": (
        'drop_constraint("companies", "uq_companies_name");'
        'tables["companies"].append_constraint(sa.UniqueConstraint("name", "ir_url",'
        ' name="uq_companies_name"))'
    ),
    "comment a column": 'tables["companies"].c.name.comment = "as registered"',
    "comment a table": 'tables["companies"].comment = "who reports"',
}
"""Changes for which autogenerate writes revisions."""

# A downgrade adds the column again without NOT NULL: its values cannot be restored.
FORGOTTEN = {
    "drop column that is not null": {Item("column", "extractions", "raw_data", "nullability")}
}

REFUSED = {
    "add column that is not null": (
        'add("companies", sa.Column("sector", sa.Text(), nullable=False))',
        ["companies.sector is NOT NULL without a server_default", "op.batched_backfill", "expand"],
    ),
    "add identity": (
        'add("companies", sa.Column("number", sa.BigInteger(), sa.Identity(), nullable=False))',
        ["companies.number is an identity or generated column", "rewrites every row"],
    ),
    "add stored column": (
        'add("companies", sa.Column("big", sa.Text(), sa.Computed("upper(name)", persisted=True)))',
        ["companies.big is an identity or generated column"],
    ),
    "change a type": (
        'tables["documents"].c.fiscal_year.type = sa.BigInteger()',
        ["documents.fiscal_year", "rewrites every row"],
    ),
    "change a type that a CHECK is about": (
        'tables["documents"].c.url.type = sa.String()',
        ["documents.url", "reads every row"],
    ),
    "narrow a type": (
        'tables["documents"].c.url.type = sa.String(500)',
        ["documents.url"],
    ),
    "generate a column": (
        (
            'tables["documents"].append_column(sa.Column("file_path", sa.Text, '
            'sa.Computed("url", persisted=True)), replace_existing=True)'
        ),
        ["documents.file_path is an identity or generated column"],
    ),
    "change the primary key": (
        'tables["companies"].primary_key.name = "pk_of_companies"',
        ["pk_companies"],
    ),
    "change a collation": (
        'tables["companies"].c.name.type = sa.Text(collation="C")',
        ["companies.name"],
    ),
}
"""Changes for which autogenerate refuses to write a revision, and parts of the message."""
