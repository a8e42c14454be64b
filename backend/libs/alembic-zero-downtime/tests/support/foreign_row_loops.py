"""Revisions of other projects that read all rows of a table, and write them one by one."""

from support.foreign import DROP, ROWS, WRITE, Foreign

UPDATE = 'sa.text("UPDATE t SET a = :a WHERE id = :id")'
READ = 'rows = op.get_bind().execute(sa.text("SELECT id, a FROM t"))\n'
CURSOR = 'cursor = op.get_bind().connection.cursor()\ncursor.execute("SELECT id FROM t")\n'
CHANGE = 'op.execute(f"UPDATE t SET a = 1 WHERE id = {row[0]}")'
USER = """
from sqlalchemy.orm import Session, declarative_base

Base = declarative_base()


class User(Base):
    __tablename__ = "users"
    id = sa.Column(sa.Integer, primary_key=True)
    name = sa.Column(sa.Text)
"""

ONE_BY_ONE = [
    Foreign(
        "parameters of a row",
        f"{READ}for row in rows.mappings():\n    op.get_bind().execute({UPDATE}, dict(row))",
        ROWS,
    ),
    Foreign(
        "keys in a list",
        f"{READ}ids = [row.id for row in rows]\nfor id_ in ids:\n"
        f"    op.execute({UPDATE}.bindparams(a=1, id=id_))",
        ROWS,
    ),
    Foreign(
        "many sets of parameters",
        f"{READ}found = [dict(id=row.id, a=row.a.strip()) for row in rows]\n"
        f"if found:\n    op.get_bind().execute({UPDATE}, found)",
        ROWS,
    ),
    Foreign(
        "numbered rows", f"{READ}for _, row in enumerate(sorted(rows), 1):\n    {CHANGE}", ROWS
    ),
    Foreign(
        "rows of two queries",
        f"{READ}limited = op.get_bind().execute(sa.text('SELECT id FROM t LIMIT 1')).all()\n"
        f"for row in limited + rows.all():\n    {CHANGE}",
        ROWS,
    ),
    Foreign(
        "slices of rows",
        f"{READ}found = rows.all()\nfor first in range(0, len(found), 100):\n"
        f"    for row in found[first : first + 100]:\n        {CHANGE}",
        ROWS,
    ),
    Foreign(
        "rows after the first of each group",
        f"{READ}groups = collections.defaultdict(list)\nfor row in rows:\n"
        "    groups[row.a].append(row)\nfor found in groups.values():\n"
        f"    for row in found[1:]:\n        {CHANGE}",
        ROWS,
        head="import collections",
    ),
    Foreign(
        "rows until there are none",
        f"{READ}while True:\n"
        f"    row = rows.fetchone()\n    if row is None:\n        break\n    {CHANGE}",
        ROWS,
    ),
    Foreign(
        "packets of rows",
        f"{READ}while found := rows.fetchmany(100):\n    for row in found:\n        {CHANGE}",
        ROWS,
    ),
    Foreign(
        "the next row",
        f"{READ}found = iter(rows)\nwhile row := next(found, None):\n    {CHANGE}",
        ROWS,
    ),
    Foreign(
        "batches in one transaction",
        'sql = "SELECT id FROM t WHERE a IS NULL LIMIT 500"\n'
        "while rows := op.get_bind().execute(sa.text(sql)).all():\n"
        f"    for row in rows:\n        {CHANGE}",
        ROWS,
    ),
    Foreign(
        "pages of a generator",
        f"for row in _rows(op.get_bind()):\n    {CHANGE}",
        ROWS,
        head="def _rows(bind):\n"
        "    last = 0\n"
        "    while True:\n"
        '        sql = "SELECT id FROM t WHERE id > :last ORDER BY id LIMIT 100"\n'
        '        page = bind.execute(sa.text(sql), {"last": last}).all()\n'
        "        if not page:\n"
        "            return\n"
        "        yield from page\n"
        "        last = page[-1].id",
    ),
    Foreign("rows of a cursor", f"{CURSOR}for row in cursor:\n    {CHANGE}", ROWS),
    Foreign(
        "rows of a cursor until there are none",
        f"{CURSOR}row = cursor.fetchone()\nwhile row:\n    {CHANGE}\n    row = cursor.fetchone()",
        ROWS,
    ),
    Foreign(
        "calls of a cursor",
        f"{CURSOR}for row in iter(cursor.fetchone, None):\n    {CHANGE}",
        ROWS,
    ),
    Foreign(
        "calls of a result",
        f"{READ}for row in iter(rows.fetchone, None):\n    {CHANGE}",
        ROWS,
    ),
    Foreign(
        "batches of the driver",
        f"{CURSOR}sets = [(row[0], 1) for row in cursor]\n"
        'extras.execute_batch(cursor, "UPDATE t SET a = %s WHERE id = %s", sets)\n'
        'extras.execute_values(cursor, "INSERT INTO u (t_id, a) VALUES %s", sets)',
        ROWS,
        head="from psycopg2 import extras",
    ),
    Foreign(
        "a comprehension, and a function of each row",
        f"{READ}[op.execute(f'DELETE FROM t WHERE id = {{row.id}}') for row in rows]\n"
        f"{READ}list(map(lambda row: {CHANGE}, rows))",
        ROWS,
    ),
    Foreign(
        "objects of a session",
        "session = Session(bind=op.get_bind())\n"
        "for user in session.scalars(sa.select(User)):\n    user.name = user.name.strip()\n"
        "session.commit()",
        ROWS,
        head=USER,
    ),
    Foreign(
        "new objects of a session",
        f"{READ}session = Session(bind=op.get_bind())\n"
        "for row in rows:\n    session.add(User(name=row.a))\nsession.commit()",
        ROWS,
        head=USER,
    ),
    Foreign(
        "rows that are kept in a new table",
        f'{READ}op.create_table("u", sa.Column("a", sa.Text()))\n'
        "for row in rows:\n    op.execute(f\"INSERT INTO u VALUES ('{row.a}')\")\n"
        'op.drop_column("t", "a")',
        (*DROP, *ROWS),
    ),
    Foreign(
        "the rest of a list, by a key of another name",
        f"{READ}found = list(rows)\nfor row in found[1:]:\n"
        '    op.execute(f"DELETE FROM u WHERE t_id = {row.id}")',
        (*ROWS, *WRITE),
    ),
]
