"""Unsafe revisions of other projects that use sessions, settings and an application."""

from support.foreign import DROP, INDEX, ROWS, TYPE, WRITE, Foreign

MODELS = """
from sqlalchemy.orm import Session, declarative_base, sessionmaker

Base = declarative_base()


class User(Base):
    __tablename__ = "users"
    id = sa.Column(sa.Integer, primary_key=True)
    name = sa.Column(sa.Text)
    kind = sa.Column(sa.Enum("a", "b", name="user_kind"))
    data = sa.Column(sa.JSON)
"""

BEHIND_PROJECTS = [
    Foreign(
        "offline mode",
        "if context.is_offline_mode():\n"
        '    op.execute("UPDATE t SET a = 1")\n'
        "else:\n"
        '    op.get_bind().execute(sa.text("DELETE FROM t"))',
        WRITE,
    ),
    Foreign(
        "not in offline mode",
        'if not context.is_offline_mode():\n    op.create_index("ix_t_a", "t", ["a"])',
        INDEX,
    ),
    Foreign(
        "an early return offline",
        'if op.get_context().as_sql:\n    return\nop.drop_column("t", "a")',
        DROP,
    ),
    Foreign(
        "the configuration",
        'if op.get_context().config.get_main_option("legacy"):\n'
        "    return\n"
        'op.drop_column("t", "a")',
        DROP,
    ),
    Foreign(
        "the configuration of the script",
        'url = context.config.get_main_option("sqlalchemy.url")\nop.drop_column("t", "a")',
        DROP,
    ),
    Foreign(
        "an argument of the command line",
        'if context.get_x_argument(as_dictionary=True).get("data"):\n'
        '    op.execute("UPDATE t SET a = 1")',
        WRITE,
    ),
    Foreign(
        "the environment",
        'if os.environ.get("DROP_OLD") == "1":\n    op.drop_column("t", "a")\n'
        'if os.getenv("BIG"):\n    op.create_index("ix_t_b", "t", ["b"])',
        (*DROP, *INDEX),
        head="import os",
    ),
    Foreign(
        "an environment variable that has to be there",
        'schema = os.environ["TENANT"]\nop.execute(f"DROP TABLE {schema}.t")',
        ("ban-drop-table",),
        head="import os",
    ),
    Foreign(
        "a session that updates all",
        "session = Session(bind=op.get_bind())\n"
        "session.query(User).filter(User.name.is_(None)).update({'name': 'x'})\n"
        "session.commit()",
        WRITE,
        head=MODELS,
    ),
    Foreign(
        "a session that deletes",
        "with Session(op.get_bind()) as session:\n"
        "    session.query(User).filter_by(kind='a').delete(synchronize_session=False)\n"
        "    session.commit()\n"
        'op.drop_column("users", "kind")',
        ("schema-and-data", *WRITE, *DROP),
        head=MODELS,
    ),
    Foreign(
        "objects that a session loads",
        "session = sessionmaker(bind=op.get_bind())()\n"
        "for user in session.query(User).order_by(User.id).all():\n"
        "    user.name = user.data['name'].strip()\n"
        "    session.add(user)\n"
        "session.commit()\n"
        'op.alter_column("users", "name", nullable=False)',
        ("adding-not-nullable-field", "schema-and-data", *ROWS),
        head=MODELS,
    ),
    Foreign(
        "objects that a session deletes",
        "session = Session(bind=op.get_bind())\n"
        "for user in session.query(User).filter(User.name == 'x'):\n"
        "    session.delete(user)\n"
        "session.commit()\n"
        'op.drop_column("users", "kind")',
        ("schema-and-data", *DROP, *ROWS),
        head=MODELS,
    ),
    Foreign(
        "objects by select",
        "session = Session(bind=op.get_bind())\n"
        "user = session.scalars(sa.select(User)).first()\n"
        "if user is None:\n"
        "    return\n"
        "session.execute(sa.update(User).values(name='x'))\n"
        'op.drop_column("users", "name")',
        ("schema-and-data", *WRITE, *DROP),
        head=MODELS,
    ),
    Foreign(
        "an application that cannot be imported",
        'op.execute("UPDATE t SET a = 1")\nconvert_all(op.get_bind())\nop.drop_column("t", "a")',
        ("schema-and-data", "unseen-code", *WRITE, *DROP),
        head="from shop.core.legacy import convert_all",
    ),
    Foreign(
        "models and types of an application that cannot be imported",
        "session = db.Session(bind=op.get_bind())\n"
        "for item in session.query(Item).all():\n"
        "    item.data = {}\n"
        'op.create_table("files", sa.Column("id", types.UUID(binary=True), nullable=False))\n'
        'op.create_index("ix_files_id", "files", ["id"])\n'
        'op.alter_column("items", "data", existing_type=types.JSON(), type_=types.Data())\n'
        'op.drop_column("items", "kind")',
        ("schema-and-data", *TYPE, *DROP, *ROWS),
        head="from sqlalchemy.orm import declarative_base\n"
        "from shop import Audited, db, types\n\n"
        "Base = declarative_base()\n\n\n"
        "class Item(Audited, Base):\n"
        '    __tablename__ = "items"\n'
        "    id = sa.Column(types.UUID, primary_key=True)\n"
        "    data = sa.Column(types.JSON(none_as_null=True))",
    ),
    Foreign(
        "a model that cannot be defined",
        'op.drop_column("items", "kind")',
        ("unseen-code", *DROP),
        head="from shop import Model\n\n\n"
        "class Item(Model.of(1), sa.Table):\n"
        "    id = Model.columns[0] + None",
    ),
    Foreign(
        "another engine",
        "with sa.create_engine(os.environ['OTHER']).begin() as connection:\n"
        '    connection.execute(sa.text("DELETE FROM t"))\n'
        'op.drop_column("t", "a")',
        ("schema-and-data", *WRITE, *DROP),
        head="import os",
    ),
    Foreign(
        "another engine that is not connected to",
        'with sa.create_engine("postgresql+psycopg2://nowhere/shop").begin() as connection:\n'
        '    connection.execute(sa.text("DELETE FROM t"))\n'
        'op.drop_column("t", "a")',
        ("schema-and-data", *WRITE, *DROP),
    ),
    Foreign(
        "an import in the function",
        "from shop import models\n"
        "models.db.session.query(models.User).delete()\n"
        'op.drop_column("t", "a")',
        ("unseen-code", *DROP),
    ),
    Foreign(
        "another transaction",
        "with op.get_bind().engine.begin() as connection:\n"
        '    connection.execute(sa.text("DELETE FROM t"))',
        WRITE,
    ),
    Foreign(
        "operations on the connection",
        "operations = Operations(MigrationContext.configure(op.get_bind()))\n"
        'operations.drop_column("t", "a")',
        DROP,
        head="from alembic.migration import MigrationContext\n"
        "from alembic.operations import Operations",
    ),
    Foreign(
        "a frame of rows",
        'frame = pd.read_sql("SELECT * FROM t", op.get_bind())\n'
        "for _, row in frame.iterrows():\n"
        "    op.execute(f\"UPDATE t SET a = {row['b']} WHERE kind = 'x'\")\n"
        'op.drop_column("t", "b")',
        ("schema-and-data", "unseen-code", *WRITE, *DROP),
        head="import pandas_that_is_not_installed as pd",
    ),
]
