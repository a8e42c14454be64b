"""Unsafe revisions of other projects that read rows, and branch on them."""

from support.foreign import DROP, INDEX, ROWS, TYPE, WRITE, Foreign

BEHIND_ROWS = [
    Foreign(
        "rows fetched before",
        'rows = op.get_bind().execute(sa.text("SELECT a FROM t")).fetchall()\n'
        'op.execute("ALTER TABLE t ALTER COLUMN a TYPE bigint")\n'
        'op.create_index("ix_t_a", "t", ["a"])\n'
        'op.drop_column("t", "a")',
        (*INDEX, *DROP, *TYPE),
    ),
    Foreign(
        "a count decides",
        "conn = op.get_bind()\n"
        'if conn.execute(sa.text("SELECT count(*) FROM t")).scalar() > 1000:\n'
        '    op.create_index("ix_t_a", "t", ["a"], postgresql_concurrently=True)\n'
        "else:\n"
        '    op.create_index("ix_t_a", "t", ["a"])',
        ("concurrently-in-transaction", "invalid-index", *INDEX),
    ),
    Foreign(
        "the first row is None",
        'row = op.get_bind().execute(sa.text("SELECT 1 FROM t")).first()\n'
        "if row is None:\n"
        '    op.drop_column("t", "a")',
        DROP,
    ),
    Foreign(
        "the first row is not None",
        'row = op.get_bind().execute(sa.text("SELECT 1 FROM t")).one_or_none()\n'
        "if row is not None:\n"
        '    op.drop_column("t", "a")',
        DROP,
    ),
    Foreign(
        "an early return if a row is there",
        'if op.get_bind().execute(sa.text("SELECT 1 FROM t")).fetchone():\n'
        "    return\n"
        'op.drop_column("t", "a")',
        DROP,
    ),
    Foreign(
        "mappings in a loop",
        'for row in op.get_bind().execute(sa.text("SELECT a, b FROM t")).mappings():\n'
        "    op.execute(f\"UPDATE t SET b = '{row['a'].upper()}' WHERE a = {row['b']}\")",
        (*WRITE, *ROWS),
    ),
    Foreign(
        "the number of changed rows decides",
        'done = op.get_bind().execute(sa.text("UPDATE t SET a = 1 WHERE a IS NULL"))\n'
        "if done.rowcount > 0:\n"
        '    op.alter_column("t", "a", nullable=False)',
        ("schema-and-data", "adding-not-nullable-field", *WRITE),
    ),
    Foreign(
        "a helper that reads the catalogs",
        'if _exists("SELECT 1 FROM pg_indexes WHERE indexname = :name", name="ix_t_a"):\n'
        '    op.drop_index("ix_t_a")',
        ("require-concurrent-index-deletion",),
        head="def _exists(sql, **values):\n"
        "    return bool(op.get_bind().execute(sa.text(sql), values).scalar())",
    ),
    Foreign(
        "a helper for each table",
        "for table in TABLES:\n    _convert(table)",
        TYPE,
        head='TABLES = ["t", "u"]\n\n\n'
        "def _convert(table):\n"
        "    bind = op.get_bind()\n"
        '    found = bind.scalar(sa.text("SELECT data_type FROM information_schema.columns"))\n'
        '    if found == "bigint":\n'
        "        return\n"
        '    if table == "t":\n'
        '        op.alter_column("t", "id", type_=sa.BigInteger())',
    ),
    Foreign(
        "a read that may fail",
        "bind = op.get_bind()\n"
        "try:\n"
        '    bind.execute(sa.text("SELECT a FROM t LIMIT 1"))\n'
        "except sa.exc.ProgrammingError:\n"
        '    op.execute("TRUNCATE t")',
        ("truncate",),
    ),
    Foreign(
        "a helper that catches the error of a read",
        'if not _can_read("t"):\n    op.rename_table("u", "t")',
        ("renaming-table",),
        head="def _can_read(table):\n"
        "    try:\n"
        '        op.get_bind().execute(sa.text(f"SELECT 1 FROM {table}"))\n'
        "        return True\n"
        "    except Exception as error:\n"
        "        print(error.orig.pgcode)\n"
        "        return False",
    ),
    Foreign(
        "a change that may fail",
        "try:\n"
        '    op.drop_constraint("fk_a", "t")\n'
        "except Exception:\n"
        '    op.execute("DELETE FROM t")',
        WRITE,
    ),
    Foreign(
        "a table in a batch after a read",
        'count = op.get_bind().execute(sa.text("SELECT count(*) FROM t")).scalar()\n'
        'print(f"{count} rows")\n'
        'with op.batch_alter_table("t") as batch:\n'
        '    batch.drop_column("a")\n'
        '    batch.create_index(batch.f("ix_t_b"), ["b"])',
        (*DROP, *INDEX),
    ),
    Foreign(
        "rows that are inserted elsewhere",
        'rows = op.get_bind().execute(sa.text("SELECT id, data FROM t")).fetchall()\n'
        'target = sa.table("u", sa.column("t_id", sa.Integer), sa.column("kind", sa.Text))\n'
        'op.bulk_insert(target, [{"t_id": row.id, "kind": row.data["kind"]} for row in rows])\n'
        'op.drop_column("t", "data")',
        ("schema-and-data", *DROP, *ROWS),
    ),
    Foreign(
        "JSON of a row",
        'for id_, text in op.get_bind().execute(sa.text("SELECT id, data FROM t")):\n'
        "    data = json.loads(text)\n"
        '    data["kind"] = data.pop("type", None) or "none"\n'
        '    op.execute(sa.text("UPDATE t SET data = :data WHERE id = :id")\n'
        "               .bindparams(data=json.dumps(data), id=id_))\n"
        'op.drop_column("t", "type")',
        ("schema-and-data", *DROP, *ROWS),
        head="import json",
    ),
    Foreign(
        "batches until nothing is left",
        "bind = op.get_bind()\n"
        "while True:\n"
        '    rows = bind.execute(sa.text("SELECT id FROM t WHERE b IS NULL LIMIT 5")).fetchall()\n'
        "    if not rows:\n"
        "        break\n"
        "    for (id_,) in rows:\n"
        '        bind.execute(sa.text("UPDATE t SET b = a WHERE c = :c"), {"c": id_})\n'
        'op.drop_column("t", "a")',
        ("schema-and-data", *WRITE, *DROP, *ROWS),
    ),
    Foreign(
        "batches by a number of rows",
        "bind = op.get_bind()\n"
        'total = bind.scalar(sa.text("SELECT max(id) FROM t"))\n'
        "for start in range(0, total + 1, 1000):\n"
        '    bind.execute(sa.text("UPDATE t SET b = a WHERE id BETWEEN :a AND :b"),\n'
        '                 {"a": start, "b": start + 999})\n'
        'op.create_index("ix_t_b", "t", ["b"])',
        ("schema-and-data", *WRITE, *INDEX),
    ),
    Foreign(
        "a page of rows",
        "bind, last = op.get_bind(), 0\n"
        "while last is not None:\n"
        '    rows = bind.execute(sa.text("SELECT id FROM t WHERE id > :id"), {"id": last}).all()\n'
        "    last = rows[-1].id if len(rows) == 1000 else None\n"
        'op.execute("DELETE FROM t")',
        WRITE,
    ),
    Foreign(
        "the type of a value",
        'value = op.get_bind().execute(sa.text("SELECT a FROM t")).scalar_one()\n'
        "if isinstance(value, dict):\n"
        '    op.alter_column("t", "a", type_=sa.Text())\n'
        "elif isinstance(value, str):\n"
        '    op.execute("UPDATE t SET a = NULL")',
        (*TYPE, *WRITE),
    ),
    Foreign(
        "the length of a result",
        'rows = list(op.get_bind().execute(sa.text("SELECT a FROM t")))\n'
        "if len(rows) >= 2:\n"
        '    op.drop_column("t", "a")',
        DROP,
    ),
    Foreign(
        "a dict of rows",
        'ids = dict(op.get_bind().execute(sa.text("SELECT name, id FROM t")).fetchall())\n'
        "op.execute(f\"DELETE FROM u WHERE t_id = {ids['old']}\")",
        WRITE,
    ),
    Foreign(
        "names that are joined",
        'rows = op.get_bind().execute(sa.text("SELECT name FROM t")).fetchall()\n'
        'names = ", ".join(f"\'{name}\'" for (name,) in rows)\n'
        'op.execute("UPDATE u SET a = 1 WHERE name IN (" + names + ")")',
        WRITE,
    ),
    Foreign(
        "ids that are joined",
        'ids = [row[0] for row in op.get_bind().execute(sa.text("SELECT t_id FROM t"))]\n'
        "if ids:\n"
        '    op.execute("DELETE FROM u WHERE t_id IN (%s)" % ",".join(map(str, ids)))',
        WRITE,
    ),
    Foreign(
        "ids in an expression",
        't = sa.table("t", sa.column("id"), sa.column("kind"))\n'
        'found = op.get_bind().execute(sa.select(t.c.id).where(t.c.kind == "x")).scalars().all()\n'
        "op.execute(t.delete().where(t.c.kind.in_(found)))",
        WRITE,
    ),
    Foreign(
        "a cursor of the driver",
        "cursor = op.get_bind().connection.cursor()\n"
        'cursor.execute("SELECT id FROM t WHERE a = %s", (1,))\n'
        "for (id_,) in cursor.fetchall():\n"
        '    cursor.execute("UPDATE t SET a = %s WHERE b = %s", (2, id_))',
        (*WRITE, *ROWS),
    ),
    Foreign(
        "SQL of the driver",
        'if op.get_bind().exec_driver_sql("SELECT 1 FROM t").fetchone():\n'
        '    op.get_bind().exec_driver_sql("CREATE INDEX ix_t_a ON t (a)")',
        INDEX,
    ),
    Foreign(
        "the connection of the context",
        "connection = op.get_context().connection\n"
        'if connection.execute(sa.text("SELECT 1")).scalar():\n'
        '    connection.execute(sa.text("ALTER TABLE t DROP COLUMN a"))',
        DROP,
    ),
    Foreign(
        "a bind that is handed on",
        "_work(op.get_bind())",
        (*WRITE, *ROWS),
        head="def _rows(bind):\n"
        '    for row in bind.execute(sa.text("SELECT * FROM t")):\n'
        "        yield row\n\n\n"
        "def _work(bind):\n"
        "    for row in _rows(bind):\n"
        "        if row.kind in {'a', 'b'}:\n"
        '            bind.execute(sa.text("UPDATE t SET a = 1 WHERE kind = :kind"), row._asdict())',
    ),
    Foreign(
        "an assertion",
        'assert op.get_bind().execute(sa.text("SELECT count(*) FROM t")).scalar() == 0, "rows"\n'
        'op.drop_column("t", "a")',
        DROP,
    ),
    Foreign(
        "an error if there are rows",
        'if op.get_bind().execute(sa.text("SELECT count(*) FROM t")).scalar():\n'
        '    raise RuntimeError("there are rows")\n'
        'op.drop_column("t", "a")',
        DROP,
    ),
    Foreign(
        "an error in a helper if there are rows",
        '_check("t")\nop.drop_column("t", "a")',
        DROP,
        head="def _check(table):\n"
        '    if op.get_bind().execute(sa.text(f"SELECT 1 FROM {table}")).fetchall():\n'
        '        raise ValueError("there are rows")',
    ),
    Foreign(
        "a value that is matched",
        'match op.get_bind().execute(sa.text("SELECT a FROM t")).scalar():\n'
        '    case "x":\n'
        '        op.drop_column("t", "a")\n'
        "    case None:\n"
        '        op.create_index("ix_t_b", "t", ["b"])\n'
        "    case _:\n"
        '        op.execute("UPDATE t SET a = 1")',
        (*DROP, *INDEX, *WRITE),
    ),
    Foreign(
        "an assignment in a condition",
        'if (row := op.get_bind().execute(sa.text("SELECT a FROM t")).first()) and row.a > 3:\n'
        '    op.drop_column("t", "a")',
        DROP,
    ),
    Foreign(
        "a conditional expression",
        'kind = op.get_bind().execute(sa.text("SELECT a FROM t")).scalar()\n'
        'op.drop_column("t", "a") if kind is None else op.execute("DELETE FROM t")',
        (*DROP, *WRITE),
    ),
    Foreign(
        "a nested function",
        "bind = op.get_bind()\n\n"
        "def exists(name):\n"
        '    return bind.scalar(sa.text("SELECT to_regclass(:n)"), {"n": name}) is not None\n\n'
        'if exists("ix_t_a"):\n'
        '    op.execute("DROP INDEX ix_t_a")',
        ("require-concurrent-index-deletion",),
    ),
    Foreign(
        "a class of the revision",
        'Step(op.get_bind()).run("t")',
        DROP,
        head="class Step:\n"
        "    def __init__(self, bind):\n"
        "        self.bind = bind\n\n"
        "    def run(self, table):\n"
        '        if self.bind.execute(sa.text("SELECT 1")).scalar():\n'
        '            op.drop_column(table, "a")',
    ),
    Foreign(
        "a savepoint",
        "bind = op.get_bind()\n"
        "with bind.begin_nested():\n"
        '    if bind.execute(sa.text("SELECT 1")).scalar():\n'
        '        bind.execute(sa.text("UPDATE t SET a = 1"))',
        WRITE,
    ),
    Foreign(
        "a commit of the connection",
        'bind = op.get_bind()\nbind.execute(sa.text("SELECT 1")).scalar()\nbind.commit()',
        ("own-transaction",),
    ),
    Foreign(
        "a date of a row",
        'first = op.get_bind().execute(sa.text("SELECT min(created_at) FROM t")).scalar()\n'
        "month = first.replace(day=1) + datetime.timedelta(days=31)\n"
        "while month < datetime.datetime.now():\n"
        "    op.execute(f\"DELETE FROM t WHERE created_at < '{month:%Y-%m-%d}'\")\n"
        "    month += datetime.timedelta(days=31)",
        WRITE,
        head="import datetime",
    ),
    Foreign(
        "a type that may exist",
        "bind = op.get_bind()\n"
        "found = bind.execute(sa.text(\"SELECT 1 FROM pg_type WHERE typname = 'mood'\")).scalar()\n"
        "if not found:\n"
        '    sa.Enum("a", "b", name="mood").create(bind)\n'
        'op.execute("ALTER TABLE t ALTER COLUMN mood TYPE mood USING mood::mood")',
        TYPE,
    ),
    Foreign(
        "rows by a name that is read",
        'table = op.get_bind().execute(sa.text("SELECT name FROM tenants")).scalar()\n'
        'op.execute(f"DROP TABLE {table}.users")',
        ("ban-drop-table",),
    ),
    Foreign(
        "a statement that is read",
        'for (sql,) in op.get_bind().execute(sa.text("SELECT sql FROM statements")):\n'
        "    op.execute(sql)",
        ("dynamic-sql",),
    ),
    Foreign(
        "every schema",
        'for (schema,) in op.get_bind().execute(sa.text("SELECT name FROM tenants")).fetchall():\n'
        '    op.create_index("ix_t_a", "t", ["a"], schema=schema)\n'
        '    op.drop_column("t", "b", schema=schema)',
        (*INDEX, *DROP),
    ),
    Foreign(
        "sorted and grouped rows",
        'rows = op.get_bind().execute(sa.text("SELECT kind, id FROM t")).fetchall()\n'
        "groups = collections.defaultdict(list)\n"
        "for kind, id_ in sorted(rows, key=lambda row: row[0]):\n"
        "    groups[kind].append(id_)\n"
        "for kind, ids in groups.items():\n"
        "    if len(ids) > 1:\n"
        "        op.execute(f\"DELETE FROM t WHERE kind = '{kind}' AND id <> {min(ids)}\")",
        (*WRITE, *ROWS),
        head="import collections",
    ),
    Foreign(
        "a log of the progress",
        "log.info('%s rows', op.get_bind().execute(sa.text('SELECT count(*) FROM t')).scalar())\n"
        'op.drop_column("t", "a")',
        DROP,
        head="import logging\n\nlog = logging.getLogger('alembic')",
    ),
    Foreign(
        "the version of the server",
        'version = op.get_bind().execute(sa.text("SHOW server_version_num")).scalar()\n'
        "if int(version) >= 120000:\n"
        "    op.execute(\"ALTER TYPE mood ADD VALUE 'c'\")\n"
        'op.drop_column("t", "a")',
        DROP,
    ),
    Foreign(
        "the version in the dialect",
        'if op.get_bind().dialect.server_version_info >= (12,):\n    op.drop_column("t", "a")',
        DROP,
    ),
]
