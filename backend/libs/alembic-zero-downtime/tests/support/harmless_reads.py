"""Harmless revisions of other projects that select rows by their keys, or read."""

from support.foreign import Foreign

BY_KEY = [
    Foreign(
        "row by its key, as a parameter",
        'op.get_bind().execute(sa.text("UPDATE t SET a = :a WHERE id = :id"), {"a": "x", "id": 1})',
    ),
    Foreign(
        "rows by their keys, in a loop over constants",
        'bind = op.get_bind()\nfor id_, name in {1: "a", 2: "b"}.items():\n'
        '    bind.execute(sa.text("UPDATE t SET a = :a WHERE t.id = :id"), dict(a=name, id=id_))',
    ),
    Foreign(
        "row by its key, bound before",
        'op.execute(sa.text("DELETE FROM t WHERE id = :id").bindparams(id=5))',
    ),
    Foreign(
        "row by its key, in an expression",
        't = sa.table("t", sa.column("id", sa.Integer), sa.column("a", sa.Text))\n'
        'op.execute(t.update().where(t.c.id == 7).values(a="x"))\n'
        "op.execute(t.delete().where(t.c.id.in_([1, 2])))",
    ),
    Foreign(
        "row by its key, which is read",
        'bind = op.get_bind()\nfound = bind.execute(sa.text("SELECT id FROM t LIMIT 1")).first()\n'
        "if found:\n"
        '    bind.execute(sa.text("UPDATE t SET a = 1 WHERE id = :id"), {"id": found.id})',
    ),
    Foreign(
        "row by a parameter of an expression",
        't = sa.table("t", sa.column("id", sa.Integer), sa.column("a", sa.Text))\n'
        'change = t.update().where(t.c.id == sa.bindparam("key")).values(a=sa.bindparam("new"))\n'
        'op.get_bind().execute(change, [{"key": 1, "new": "x"}, {"key": 2, "new": "y"}])',
    ),
    Foreign(
        "row by its key and another condition",
        "op.execute(\"UPDATE t SET a = 'x' WHERE id = 5 AND a IS NULL\")",
    ),
    Foreign(
        "rows by an array of keys",
        'op.get_bind().execute(sa.text("DELETE FROM t WHERE id = ANY(:ids)"), {"ids": [1, 2]})',
    ),
    Foreign(
        "row by its key, which is returned",
        'for row in op.get_bind().execute(sa.text("DELETE FROM t WHERE id = 5 RETURNING a")):\n'
        "    op.execute(f\"INSERT INTO u VALUES ('{row.a}')\")",
    ),
    Foreign(
        "row by a key with its type",
        "op.execute(\"DELETE FROM t WHERE id = '6f1c'::uuid\")",
    ),
    Foreign(
        "row by its key, in the driver's form",
        'op.get_bind().exec_driver_sql("UPDATE t SET a = %s WHERE id = %s", ("x", 3))',
    ),
    Foreign(
        "rows that are inserted",
        'bind = op.get_bind()\nt = sa.table("t", sa.column("id"), sa.column("a"))\n'
        'bind.execute(t.insert(), [{"id": 1, "a": "x"}, {"id": 2, "a": "y"}])\n'
        'bind.execute(sa.text("INSERT INTO t VALUES (:id) ON CONFLICT DO NOTHING"), {"id": 3})',
    ),
]

READS = [
    Foreign(
        "only a count",
        'print(op.get_bind().execute(sa.text("SELECT count(*) FROM t")).scalar())\n'
        'op.add_column("t", sa.Column("a", sa.Text()))',
    ),
    Foreign(
        "column that is added if it is missing",
        'names = [each["name"] for each in sa.inspect(op.get_bind()).get_columns("t")]\n'
        'if "a" not in names:\n    op.add_column("t", sa.Column("a", sa.Text()))',
        downgrade='op.drop_column("t", "a")',
    ),
    Foreign(
        "error if there are rows",
        'if op.get_bind().execute(sa.text("SELECT 1 FROM t WHERE a IS NULL")).first():\n'
        '    raise RuntimeError("fill a first")\n'
        'op.set_not_null_online("t", "a")',
    ),
    Foreign(
        "value that is converted",
        'value = op.get_bind().execute(sa.text("SELECT a FROM t")).scalar()\n'
        'number = int(value or 0) + len(str(value).split(","))\n'
        'text = json.dumps({"n": number, "v": value, "at": datetime.date.today().isoformat()})\n'
        'op.execute(sa.text("INSERT INTO u (a) VALUES (:a)").bindparams(a=text))',
        head="import datetime\nimport json",
    ),
    Foreign(
        "not on another database",
        'if op.get_bind().dialect.name == "sqlite":\n    op.execute("PRAGMA foreign_keys=OFF")\n'
        'if op.get_context().dialect.name == "mysql":\n    op.execute("ALTER TABLE t ENGINE = x")\n'
        'op.add_column("t", sa.Column("a", sa.Text()))',
    ),
    Foreign(
        "type that is created if it is missing",
        'sa.Enum("a", "b", name="mood").create(op.get_bind(), checkfirst=True)\n'
        'op.add_column("t", sa.Column("m", postgresql.ENUM("a", "b", name="mood",'
        " create_type=False)))",
        head="from sqlalchemy.dialects import postgresql",
        downgrade='op.drop_column("t", "m")\n'
        'sa.Enum(name="mood").drop(op.get_bind(), checkfirst=True)',
    ),
    Foreign(
        "online operation if the index is missing",
        'names = {each["name"] for each in sa.inspect(op.get_bind()).get_indexes("t")}\n'
        'if "ix_t_a" not in names:\n    op.create_index_online("ix_t_a", "t", ["a"])',
        downgrade='op.drop_index_online("ix_t_a", "t")',
    ),
    Foreign(
        "offline mode that is refused",
        "if context.is_offline_mode():\n"
        '    raise RuntimeError("this revision reads")\n'
        'op.get_bind().execute(sa.text("SELECT 1")).scalar_one()\n'
        'op.add_column("t", sa.Column("a", sa.Text()))',
    ),
    Foreign(
        "table that is reflected",
        't = sa.Table("t", sa.MetaData(), autoload_with=op.get_bind())\n'
        "op.execute(t.insert().values(a=1, b=2))",
    ),
    Foreign(
        "session that inserts",
        "session = Session(bind=op.get_bind())\n"
        "if session.query(Kind).filter_by(name='a').one_or_none() is None:\n"
        "    session.add(Kind(name='a'))\n"
        "session.flush()\n"
        "session.commit()",
        head="from sqlalchemy.orm import Session, declarative_base\n\n"
        "Base = declarative_base()\n\n\n"
        "class Kind(Base):\n"
        '    __tablename__ = "kinds"\n'
        "    id = sa.Column(sa.Integer, primary_key=True)\n"
        "    name = sa.Column(sa.Text)",
    ),
    Foreign(
        "module that may be missing",
        'op.add_column("t", sa.Column("a", Kind()))',
        head="try:\n    from no_such_package.types import Kind\n"
        "except ImportError:\n    Kind = sa.Text",
        downgrade='op.drop_column("t", "a")',
    ),
    Foreign(
        "extension that may be there",
        'op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")\n'
        'op.add_column("t", sa.Column("a", sa.Text()))',
        downgrade='op.drop_column("t", "a")',
    ),
    Foreign(
        "downgrade that reads",
        'op.add_column("t", sa.Column("a", sa.Text()))',
        downgrade='if op.get_bind().execute(sa.text("SELECT 1 FROM t")).first():\n'
        '    raise RuntimeError("there are rows")\n'
        'op.drop_column("t", "a")',
    ),
    Foreign(
        "pages of rows that are only counted",
        "bind, seen = op.get_bind(), 0\n"
        "while True:\n"
        '    rows = bind.execute(sa.text("SELECT id FROM t OFFSET :n"), {"n": seen}).fetchall()\n'
        "    seen += len(rows)\n"
        "    if len(rows) < 1000:\n"
        "        break",
    ),
]

OF_FEW_ROWS = [
    Foreign(
        "seeds that are not there yet",
        'names = {row.name for row in op.get_bind().execute(sa.text("SELECT name FROM kinds"))}\n'
        'for name in ("a", "b"):\n'
        "    if name not in names:\n"
        "        op.execute(f\"INSERT INTO kinds (name) VALUES ('{name}')\")",
    ),
    Foreign(
        "seeds that refer to rows",
        'kinds = dict(op.get_bind().execute(sa.text("SELECT name, id FROM kinds")).all())\n'
        'for name, kind in (("x", "a"), ("y", "b")):\n'
        '    op.get_bind().execute(sa.text("INSERT INTO t VALUES (:a, :b)"),\n'
        '                          {"a": name, "b": kinds[kind]})',
    ),
    Foreign(
        "seeds with a query for each",
        "bind = op.get_bind()\n"
        'for name in ("a", "b"):\n'
        '    row = bind.execute(sa.text("SELECT id FROM t WHERE a = :a"), {"a": name}).fetchone()\n'
        "    if row is not None:\n"
        '        bind.execute(sa.text("UPDATE t SET b = 1 WHERE id = :id"), {"id": row[0]})',
    ),
    Foreign(
        "rows by a limit, or by their keys",
        'for sql in ("SELECT id FROM t LIMIT 10", "SELECT id FROM t WHERE id IN (1, 2)",\n'
        '            "SELECT id FROM t WHERE id = ANY(ARRAY[1, 2]) ORDER BY id"):\n'
        "    for row in op.get_bind().execute(sa.text(sql)):\n"
        '        op.execute(f"UPDATE t SET b = 1 WHERE id = {row.id}")',
    ),
    Foreign(
        "tables in the catalogs",
        "sql = \"SELECT tablename FROM pg_tables WHERE schemaname = 'public'\"\n"
        "for row in op.get_bind().execute(sa.text(sql)):\n"
        "    op.execute(f\"INSERT INTO tables (name) VALUES ('{row.tablename}')\")\n"
        "for name in sa.inspect(op.get_bind()).get_table_names():\n"
        "    op.execute(f\"INSERT INTO tables (name) VALUES ('{name}')\")",
    ),
    Foreign(
        "rows of a new table",
        'op.execute("CREATE TABLE kinds (id bigint, name text)")\n'
        "op.execute(\"INSERT INTO kinds VALUES (1, 'a')\")\n"
        'for row in op.get_bind().execute(sa.text("SELECT id FROM kinds")):\n'
        "    op.execute(f\"UPDATE kinds SET name = 'b' WHERE id = {row.id}\")",
    ),
    Foreign(
        "rows that are only checked",
        'for row in op.get_bind().execute(sa.text("SELECT id, a FROM t")):\n'
        "    if row.a is None:\n"
        '        raise ValueError(f"row {row.id} has no value")\n'
        'op.execute("UPDATE t SET b = 1 WHERE id = 7")',
    ),
    Foreign(
        "one row, whose columns are a list",
        'row = op.get_bind().execute(sa.text("SELECT a, b FROM t")).first()\n'
        "for column, value in zip(('a', 'b'), row):\n"
        '    op.get_bind().execute(sa.text("INSERT INTO u VALUES (:c, :v)"),\n'
        '                          {"c": column, "v": value})',
    ),
    Foreign(
        "a wait",
        "bind = op.get_bind()\n"
        'while bind.scalar(sa.text("SELECT count(*) FROM t WHERE busy")):\n'
        "    time.sleep(1)\n"
        'op.execute("UPDATE t SET b = 1 WHERE id = 7")',
        head="import time",
    ),
    Foreign(
        "batches that each commit",
        "with op.get_context().autocommit_block():\n"
        '    sql = "SELECT id FROM t WHERE a IS NULL LIMIT 500"\n'
        "    while rows := op.get_bind().execute(sa.text(sql)).all():\n"
        "        for row in rows:\n"
        '            op.execute(f"UPDATE t SET a = 1 WHERE id = {row.id}")',
        head="repeatable = True",
    ),
    Foreign(
        "backfill in batches after a read",
        'if op.get_bind().execute(sa.text("SELECT id FROM t")).all():\n'
        '    op.batched_backfill("t", values={"a": "b"}, where="a IS NULL")',
    ),
]
