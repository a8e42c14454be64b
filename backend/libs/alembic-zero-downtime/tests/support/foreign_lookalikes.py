"""Unsafe revisions that look like harmless ones."""

from support.foreign import DROP, INDEX, TYPE, WRITE, Foreign

LOOKALIKES = [
    Foreign(
        "table that is created anew",
        'op.execute("DROP TABLE IF EXISTS t")\nop.execute("CREATE TABLE t (a text)")',
        ("ban-drop-table",),
    ),
    Foreign(
        "table of the same name in another schema",
        'op.execute("CREATE TABLE archive.t AS SELECT * FROM t")\n'
        'op.execute("ALTER TABLE t DROP COLUMN a")',
        DROP,
    ),
    Foreign(
        "column of the same name in another table",
        'op.add_column("u", sa.Column("a", sa.Text()))\nop.drop_column("t", "a")',
        DROP,
    ),
    Foreign(
        "column that is renamed out of the way",
        'op.alter_column("t", "a", new_column_name="a_old")\n'
        'op.add_column("t", sa.Column("a", sa.Text()))\n'
        'op.drop_column("t", "a_old")',
        ("renaming-column", *DROP),
    ),
    Foreign(
        "new column and another one in one statement",
        'op.add_column("t", sa.Column("b", sa.Text()))\n'
        'op.execute("ALTER TABLE t DROP COLUMN b, DROP COLUMN a")',
        DROP,
    ),
    Foreign(
        "default that the INSERTs of the release need",
        'op.add_column("t", sa.Column("n", sa.Integer(), server_default="0", nullable=False))\n'
        'op.alter_column("t", "n", server_default=None)',
        ("ban-drop-default",),
    ),
    Foreign(
        "type of a new column",
        'op.add_column("t", sa.Column("n", sa.Integer()))\n'
        'op.alter_column("t", "n", type_=sa.BigInteger())',
        TYPE,
    ),
    Foreign(
        "new column that is filled and made NOT NULL",
        'op.add_column("t", sa.Column("n", sa.Integer()))\n'
        'op.execute("UPDATE t SET n = 1")\n'
        'op.alter_column("t", "n", nullable=False)',
        ("adding-not-nullable-field", "schema-and-data", *WRITE),
    ),
    Foreign(
        "view that goes with all that depends on it",
        'op.execute("DROP VIEW v CASCADE")\nop.execute("CREATE VIEW v AS SELECT 1 AS a")',
        ("ban-drop-view",),
    ),
    Foreign(
        "view that is created under another name",
        'op.execute("DROP VIEW v")\nop.execute("CREATE VIEW w AS SELECT 1 AS a")',
        ("ban-drop-view",),
    ),
    Foreign(
        "materialized view that is built again",
        'op.execute("DROP MATERIALIZED VIEW v")\n'
        'op.execute("CREATE MATERIALIZED VIEW v AS SELECT 1 AS a")',
        ("ban-drop-view",),
    ),
    Foreign(
        "type that is renamed",
        'op.execute("ALTER TYPE mood RENAME TO feeling")',
        ("renaming-object",),
    ),
    Foreign(
        "type that goes with all that uses it",
        'op.drop_table("t")\nop.execute("DROP TYPE mood CASCADE")',
        ("ban-drop-table", "ban-drop-type"),
    ),
    Foreign(
        "sequence of another table than the one that goes",
        'op.drop_table("t")\nop.execute("DROP SEQUENCE u_id_seq")',
        ("ban-drop-table", "ban-drop-sequence"),
    ),
    Foreign(
        "index of another table than the one that goes",
        'op.drop_index("ix_u_a", table_name="u")\nop.drop_table("t")',
        ("require-concurrent-index-deletion", "ban-drop-table"),
    ),
    Foreign(
        "index that is created again",
        'op.drop_index("ix_t_a", table_name="t")\nop.create_index("ix_t_a", "t", ["a", "b"])',
        ("require-concurrent-index-deletion", *INDEX),
    ),
    Foreign(
        "index of another column than the one that goes",
        'op.drop_index("ix_t_b", table_name="t")\nop.drop_column("t", "a")',
        ("require-concurrent-index-deletion", *DROP),
        downgrade='op.add_column("t", sa.Column("a", sa.Text()))\n'
        'op.create_index("ix_t_b", "t", ["b"])',
    ),
    Foreign(
        "table that is there already",
        'if not sa.inspect(op.get_bind()).has_table("t"):\n'
        '    op.create_table("t", sa.Column("a", sa.Text()))\n'
        "else:\n"
        '    op.drop_column("t", "a")',
        DROP,
    ),
    Foreign(
        "concurrent build on a new table",
        'op.execute("CREATE TABLE t (a text)")\n'
        'op.execute("CREATE INDEX CONCURRENTLY ix_t_a ON t (a)")',
        ("concurrently-in-transaction", "invalid-index"),
    ),
    Foreign(
        "rows of another table by a new one",
        'op.execute("CREATE TABLE ids AS SELECT id FROM t")\n'
        'op.execute("DELETE FROM t USING ids WHERE t.id = ids.id")',
        WRITE,
    ),
    *(
        Foreign(
            f"no key: {condition}",
            f'op.get_bind().execute(sa.text("DELETE FROM t WHERE {condition}"), {{"id": 1}})',
            WRITE,
        )
        for condition in (
            "id > :id",
            "u_id = :id",
            "id = :id OR a IS NULL",
            "id <> :id",
            "id = id",
            "id IN (SELECT t_id FROM u WHERE id = :id)",
            "NOT id = :id",
            "id = ANY(SELECT t_id FROM u)",
            "id <> ALL(:id)",
        )
    ),
    Foreign(
        "syntax that squawk does not know",
        'op.execute("ALTER TABLE t FROBNICATE")\nop.drop_column("t", "a")',
        ("syntax-error", *DROP),
    ),
]
