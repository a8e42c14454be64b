"""Revisions in the style of other projects that look dangerous, and are not, or only in part.

No release uses an object that a revision creates; of one that goes with a table, the table counts.
`rules` are those of its one dangerous call, if any; no other rule may have a finding.
"""

from support.foreign import Foreign

DROP_TABLE = ("ban-drop-table",)
DROP_COLUMN = ("ban-drop-column",)
TABLE = (
    'op.create_table("t", sa.Column("id", sa.BigInteger(), sa.Identity()),\n'
    '                sa.Column("a", sa.Text()), sa.Column("b", sa.Text()))\n'
)
COLUMN = 'op.add_column("t", sa.Column("a_new", sa.Text()))\n'

OF_A_TABLE_THAT_GOES = [
    Foreign(
        "index of a table that goes",
        'op.drop_index("ix_t_a", table_name="t")\nop.drop_table("t")',
        DROP_TABLE,
    ),
    Foreign(
        "index of a table with a name in quotes",
        'op.drop_index("ix of it", table_name="My-Table")\nop.drop_table("My-Table")',
        DROP_TABLE,
    ),
    Foreign(
        "index of a table that goes, in another schema",
        'op.drop_index("ix_t_a", table_name="t", schema="audit", if_exists=True)\n'
        'op.drop_table("t", schema="audit")',
        DROP_TABLE,
    ),
    Foreign(
        "index of a schema that goes",
        'op.execute("DROP INDEX audit.ix_t_a")\n'
        'op.execute("ALTER TABLE audit.t DROP COLUMN a")\n'
        'op.execute("DROP SCHEMA audit CASCADE")',
        ("ban-drop-schema",),
    ),
    Foreign(
        "indexes of tables that go in a function",
        'for name in ("a", "b"):\n    _drop("t", f"ix_t_{name}")\n_drop("u")',
        DROP_TABLE,
        head="def _drop(table, index=None):\n"
        "    if index:\n"
        "        op.drop_index(index, table_name=table)\n"
        "        return\n"
        '    op.execute("DROP TABLE IF EXISTS t, u")',
    ),
    Foreign(
        "indexes of two tables that go",
        'op.drop_index(op.f("ix_t_a"), table_name="t")\n'
        'op.drop_index(op.f("ix_u_a"), table_name="u")\n'
        'op.drop_table("u")\n'
        'op.drop_table("t")',
        (*DROP_TABLE, "one-table"),
    ),
    Foreign(
        "index that only the downgrade describes",
        'op.drop_index("ix_t_a")\nop.drop_table("t")',
        DROP_TABLE,
        downgrade=TABLE + 'op.create_index("ix_t_a", "t", ["a"])',
    ),
    Foreign(
        "index of the SQL",
        'op.execute("DROP INDEX IF EXISTS public.ix_t_a")\nop.execute("DROP TABLE public.t")',
        DROP_TABLE,
        downgrade='op.execute("CREATE TABLE public.t (a text)")\n'
        'op.execute("CREATE INDEX ix_t_a ON public.t (a)")',
    ),
    Foreign(
        "index of a table in a batch",
        'with op.batch_alter_table("t") as batch:\n'
        '    batch.drop_index(batch.f("ix_t_a"))\n'
        'op.drop_table("t")',
        DROP_TABLE,
    ),
    Foreign(
        "constraint, column and rows of a table that goes",
        'op.drop_constraint("fk_t_u", "t", type_="foreignkey")\n'
        'op.drop_column("t", "u_id")\n'
        'op.execute("DELETE FROM t")\n'
        'op.alter_column("t", "a", type_=sa.Integer())\n'
        'op.drop_table("t")',
        DROP_TABLE,
    ),
    Foreign(
        "index of a table that goes with others",
        'op.execute("DROP INDEX ix_t_a")\nop.execute("DROP TABLE IF EXISTS u, t CASCADE")',
        DROP_TABLE,
        downgrade='op.execute("CREATE TABLE u (a text); CREATE TABLE t (a text);"\n'
        '           "CREATE INDEX ix_t_a ON t (a)")',
    ),
    Foreign(
        "index of a table that goes if it is there",
        "inspector = sa.inspect(op.get_bind())\n"
        'if "t" in inspector.get_table_names():\n'
        '    for index in inspector.get_indexes("t"):\n'
        '        op.drop_index(index["name"], table_name="t")\n'
        '    op.drop_table("t")',
        DROP_TABLE,
    ),
    Foreign(
        "trigger of a table that goes",
        'op.execute("ALTER TABLE t DISABLE TRIGGER ALL")\nop.execute("DROP TABLE t")',
        DROP_TABLE,
    ),
    Foreign(
        "table that is renamed before it goes",
        'op.rename_table("t", "t_old")\n'
        'op.drop_index("ix_t_a", table_name="t_old")\n'
        'op.drop_table("t_old")',
        DROP_TABLE,
    ),
    Foreign(
        "index of a table that is gone",
        'op.drop_table("t")\nop.drop_index("ix_t_a", table_name="t", if_exists=True)',
        DROP_TABLE,
    ),
    Foreign(
        "type and sequence of a table that goes",
        'op.drop_table("t")\n'
        'sa.Enum(name="mood").drop(op.get_bind(), checkfirst=True)\n'
        'op.execute("DROP SEQUENCE IF EXISTS t_id_seq")',
        DROP_TABLE,
    ),
    Foreign(
        "index of a column that is gone",
        'op.drop_column("t", "a")\nop.execute("DROP INDEX IF EXISTS ix_t_a")',
        DROP_COLUMN,
        downgrade='op.add_column("t", sa.Column("a", sa.Text()))\n'
        'op.create_index("ix_t_a", "t", ["b", "a"])',
    ),
    Foreign(
        "type of a column that goes",
        'op.drop_column("t", "mood")\nop.execute("DROP TYPE IF EXISTS mood")',
        DROP_COLUMN,
    ),
    Foreign(
        "index of a column that goes",
        'op.drop_index("ix_t_a", table_name="t")\nop.drop_column("t", "a")',
        DROP_COLUMN,
        downgrade='op.add_column("t", sa.Column("a", sa.Text()))\n'
        'op.create_index("ix_t_a", "t", ["a"])',
    ),
]

OF_A_NEW_TABLE = [
    Foreign("new table", TABLE + 'op.create_index("ix_t_a", "t", ["a"])'),
    Foreign(
        "new table that is filled and changed",
        TABLE + 'op.bulk_insert(sa.table("t", sa.column("a")), [{"a": "x"}])\n'
        "op.execute(\"UPDATE t SET b = a WHERE a = 'x'\")\n"
        'op.alter_column("t", "b", nullable=False)\n'
        'op.create_unique_constraint("uq_t_a", "t", ["a"])\n'
        'op.create_check_constraint("ck_t_a", "t", "a <> \'\'")\n'
        'op.alter_column("t", "b", new_column_name="c")\n'
        'op.drop_column("t", "c")',
    ),
    Foreign(
        "new table under its final name",
        'op.execute("CREATE TABLE t_new (a text)")\n'
        'op.execute("INSERT INTO t_new VALUES (1)")\n'
        'op.rename_table("t_new", "t_names")\n'
        'op.create_index("ix_t_names_a", "t_names", ["a"])\n'
        'op.alter_column("t_names", "a", nullable=False)',
    ),
    Foreign(
        "table that takes the place of another",
        'op.execute("CREATE TABLE t_new (LIKE t INCLUDING ALL)")\n'
        'op.drop_table("t")\n'
        'op.rename_table("t_new", "t")\n'
        'op.create_index("ix_t_a", "t", ["a"])',
        DROP_TABLE,
    ),
    Foreign(
        "table of a query",
        'op.execute("CREATE TABLE sums AS SELECT a, sum(b) AS b FROM t GROUP BY a")\n'
        'op.execute("CREATE UNIQUE INDEX ix_sums_a ON sums (a)")\n'
        'op.execute("ALTER TABLE sums ADD PRIMARY KEY (a)")',
    ),
    Foreign(
        "materialized view with an index",
        'op.execute("CREATE MATERIALIZED VIEW sums AS SELECT a FROM t")\n'
        'op.execute("CREATE UNIQUE INDEX ix_sums_a ON sums (a)")\n'
        'op.execute("REFRESH MATERIALIZED VIEW sums")',
    ),
    Foreign(
        "temporary table",
        'op.execute("CREATE TEMP TABLE ids AS SELECT id FROM t WHERE a IS NULL")\n'
        'op.execute("CREATE INDEX ON ids (id)")\n'
        'op.execute("DELETE FROM ids WHERE id > 5")\n'
        'op.execute("DROP TABLE ids")',
    ),
    Foreign(
        "temporary table that goes with the transaction",
        'op.execute("CREATE TEMPORARY TABLE ids (id bigint) ON COMMIT DROP")\n'
        'op.execute("CREATE VIEW v AS SELECT 1")',
        downgrade='op.execute("DROP VIEW v")',
    ),
    Foreign(
        "table that is created if it is missing",
        'if not sa.inspect(op.get_bind()).has_table("t"):\n'
        '    op.create_table("t", sa.Column("a", sa.Text()))\n'
        'op.create_index("ix_t_a", "t", ["a"])',
    ),
    Foreign(
        "early return if the table is there",
        'if "t" in sa.inspect(op.get_bind()).get_table_names():\n'
        "    return\n"
        'op.create_table("t", sa.Column("a", sa.Text()))\n'
        'op.create_index("ix_t_a", "t", ["a"])',
    ),
    Foreign(
        "new partition",
        'op.execute("CREATE TABLE t_2025 PARTITION OF t FOR VALUES IN (2025)")\n'
        'op.execute("CREATE INDEX ix_t_2025_a ON t_2025 (a)")',
    ),
    Foreign(
        "table that is created and dropped",
        'op.execute("CREATE TABLE scratch (a text)")\n'
        'op.execute("CREATE INDEX ix_scratch ON scratch (a)")\n'
        'op.execute("DROP INDEX ix_scratch")\n'
        'op.execute("TRUNCATE scratch")\n'
        'op.execute("DROP TABLE scratch")',
    ),
    Foreign(
        "new table in another schema",
        'op.execute("CREATE SCHEMA audit")\n'
        'op.execute("CREATE TABLE audit.log (a text)")\n'
        'op.execute("CREATE INDEX ix_log_a ON audit.log (a)")\n'
        'op.execute("ALTER TABLE audit.log RENAME TO entries")',
    ),
]

OF_A_NEW_COLUMN = [
    Foreign(
        "column that is built beside and renamed",
        COLUMN + 'op.drop_column("t", "a")\nop.alter_column("t", "a_new", new_column_name="a")',
        DROP_COLUMN,
        downgrade='op.drop_column("t", "a")\nop.add_column("t", sa.Column("a", sa.Text()))',
    ),
    Foreign(
        "column that is renamed by SQL",
        'op.execute("ALTER TABLE public.t ADD COLUMN IF NOT EXISTS a_new text")\n'
        'op.execute("ALTER TABLE public.t DROP COLUMN a")\n'
        'op.execute("ALTER TABLE public.t RENAME COLUMN a_new TO a")',
        DROP_COLUMN,
        downgrade='op.execute("ALTER TABLE public.t DROP COLUMN a, ADD COLUMN a text")',
    ),
    Foreign(
        "column that is renamed twice",
        COLUMN + 'op.alter_column("t", "a_new", new_column_name="b")\n'
        'op.alter_column("t", "b", new_column_name="c")',
        downgrade='op.drop_column("t", "c")',
    ),
    Foreign(
        "column that the downgrade renames back",
        COLUMN + 'op.alter_column("t", "a_new", new_column_name="c")',
        downgrade='op.alter_column("t", "c", new_column_name="a_new")\n'
        'op.drop_column("t", "a_new")',
    ),
    Foreign(
        "column that is added and dropped",
        COLUMN + 'op.execute("SELECT 1")\nop.drop_column("t", "a_new")',
    ),
    Foreign(
        "default that only helps to add a column",
        'op.add_column("t", sa.Column("n", sa.Integer(), server_default="0"))\n'
        'op.alter_column("t", "n", server_default=None)',
        downgrade='op.drop_column("t", "n")',
    ),
    Foreign(
        "columns in a batch",
        'with op.batch_alter_table("t") as batch:\n'
        '    batch.add_column(sa.Column("n", sa.Integer(), server_default="0"))\n'
        '    batch.alter_column("n", server_default=None)',
        downgrade='with op.batch_alter_table("t") as batch:\n    batch.drop_column("n")',
    ),
]

OF_A_NEW_OBJECT = [
    Foreign(
        "view that is replaced",
        'op.execute("DROP VIEW IF EXISTS v")\nop.execute("CREATE VIEW v AS SELECT 2 AS a")',
    ),
    Foreign(
        "function that is replaced",
        'op.execute("DROP FUNCTION IF EXISTS f(text)")\n'
        "op.execute(\"CREATE FUNCTION f(x text) RETURNS int LANGUAGE sql AS 'SELECT 1'\")",
    ),
    Foreign(
        "view that is dropped for a change of its table",
        'op.execute("DROP VIEW reports.v")\n'
        'op.add_column("t", sa.Column("c", sa.Text()))\n'
        'op.execute("CREATE OR REPLACE VIEW reports.v AS SELECT c FROM t")',
    ),
    Foreign(
        "type that is created and dropped",
        "op.execute(\"CREATE TYPE step AS ENUM ('a')\")\nop.execute('DROP TYPE step')",
    ),
    Foreign(
        "enum that is replaced",
        'op.execute("ALTER TYPE mood RENAME TO mood_old")\n'
        "op.execute(\"CREATE TYPE mood AS ENUM ('a', 'b')\")\n"
        'op.execute("ALTER TABLE t ALTER COLUMN m TYPE mood USING m::text::mood")\n'
        'op.execute("DROP TYPE mood_old")',
        ("changing-column-type",),
    ),
    Foreign(
        "enum that is replaced by another name",
        "op.execute(\"CREATE TYPE mood_new AS ENUM ('a', 'b')\")\n"
        'op.execute("ALTER TABLE t ALTER COLUMN m TYPE mood_new USING m::text::mood_new")\n'
        'op.execute("DROP TYPE mood")\n'
        'op.execute("ALTER TYPE mood_new RENAME TO mood")',
        ("changing-column-type",),
    ),
    Foreign(
        "sequence that is created and dropped",
        'op.execute("CREATE SEQUENCE s")\nop.execute("DROP SEQUENCE s")',
    ),
    Foreign(
        "sequence under its final name",
        'op.execute("CREATE SEQUENCE s_new")\nop.execute("ALTER SEQUENCE s_new RENAME TO s_ids")',
        downgrade='op.execute("DROP SEQUENCE s_ids")',
    ),
    Foreign(
        "helper function that goes at the end",
        "op.execute(\"CREATE FUNCTION help_once() RETURNS int LANGUAGE sql AS 'SELECT 1'\")\n"
        'op.execute("SELECT help_once()")\n'
        'op.execute("DROP FUNCTION help_once()")',
    ),
]

OF_UNUSED_OBJECTS = [
    *OF_A_TABLE_THAT_GOES,
    *OF_A_NEW_TABLE,
    *OF_A_NEW_COLUMN,
    *OF_A_NEW_OBJECT,
]
