"""Unsafe revisions of other projects that ask for tables and columns."""

from support.foreign import DROP, INDEX, TYPE, WRITE, Foreign

BEHIND_SCHEMAS = [
    Foreign(
        "an early return if the table is not there",
        "inspector = sa.inspect(op.get_bind())\n"
        'if "t" not in inspector.get_table_names():\n'
        "    return\n"
        'op.drop_column("t", "a")',
        DROP,
    ),
    Foreign(
        "an early return if the table is there",
        'if sa.inspect(op.get_bind()).has_table("t"):\n'
        "    return\n"
        'op.alter_column("u", "a", type_=sa.BigInteger())',
        TYPE,
    ),
    Foreign(
        "a column that is there",
        'columns = [each["name"] for each in sa.inspect(op.get_bind()).get_columns("t")]\n'
        'if "a" in columns:\n'
        '    op.drop_column("t", "a")',
        DROP,
    ),
    Foreign(
        "a set of columns",
        'columns = {each["name"] for each in sa.inspect(op.get_bind()).get_columns("t")}\n'
        'if "a" not in columns:\n'
        '    op.create_index("ix_t_b", "t", ["b"])',
        INDEX,
    ),
    Foreign(
        "columns that are too many",
        'columns = {each["name"] for each in sa.inspect(op.get_bind()).get_columns("t")}\n'
        'for name in columns - {"id", "a"}:\n'
        '    op.drop_column("t", name)',
        DROP,
    ),
    Foreign(
        "columns that are missing",
        'columns = {each["name"] for each in sa.inspect(op.get_bind()).get_columns("t")}\n'
        'for name in {"a", "b"} - columns:\n'
        '    op.create_index(f"ix_t_{name}", "t", [name])',
        INDEX,
    ),
    Foreign(
        "a helper that looks for a column",
        'if not _has_column("t", "a"):\n'
        '    op.execute("UPDATE t SET b = 1")\n'
        'if _has_column("t", "b"):\n'
        '    op.drop_column("t", "b")',
        ("schema-and-data", *WRITE, *DROP),
        head="def _has_column(table, name):\n"
        "    inspector = sa.inspect(op.get_bind())\n"
        "    return any(each['name'] == name for each in inspector.get_columns(table))",
    ),
    Foreign(
        "foreign keys by the names that they have",
        "inspector = sa.inspect(op.get_bind())\n"
        'for key in inspector.get_foreign_keys("t"):\n'
        '    if key["referred_table"] == "u":\n'
        '        op.drop_constraint(key["name"], "t", type_="foreignkey")\n'
        'op.create_foreign_key(None, "t", "v", ["v_id"], ["id"])',
        ("adding-foreign-key-constraint",),
    ),
    Foreign(
        "indexes by the names that they have",
        'for index in sa.inspect(op.get_bind()).get_indexes("t"):\n'
        '    op.drop_index(index["name"], table_name="t")',
        ("require-concurrent-index-deletion",),
    ),
    Foreign(
        "a table that is reflected",
        't = sa.Table("t", sa.MetaData(), autoload_with=op.get_bind())\n'
        'op.execute(t.update().where(t.c.kind == "x").values(kind="y"))\n'
        'op.drop_column("t", "kind")',
        ("schema-and-data", *WRITE, *DROP),
    ),
    Foreign(
        "all tables are reflected",
        "metadata = sa.MetaData()\n"
        "metadata.reflect(bind=op.get_bind())\n"
        'op.execute(metadata.tables["t"].delete())\n'
        'op.drop_column("t", "a")',
        ("schema-and-data", *WRITE, *DROP),
    ),
    Foreign(
        "two conditions in one",
        "bind = op.get_bind()\n"
        "inspector = sa.inspect(bind)\n"
        'if inspector.has_table("t") and not inspector.has_table("u"):\n'
        '    op.rename_table("t", "u")',
        ("renaming-table",),
    ),
]
