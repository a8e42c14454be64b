"""SQL text reaches the database as it is written in a revision, in a run and with `--sql`."""

import io
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import op
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine
from sqlalchemy.exc import StatementError

import alembic_zero_downtime.implementation  # noqa: F401 as env.py does
from alembic_zero_downtime.errors import MigrationError
from alembic_zero_downtime.lint.rendering import render_revisions
from support.blocking import Revision, apply
from support.project import ProjectCopy
from support.shell import psql

TEXTS = [
    *("100%", "%s %(x)s %%", ":x", "a :x: b", "(?:a|b)", "10:30", "a::text", "@x:=1", "$1 ?"),
    *(r"C:\temp\new", r"\d+\.", "{} {x} {0}", "a\tb", "it''s", '"', "-- no comment", "ü €"),
]
# `\:` is a colon, as SQLAlchemy documents it.
ESCAPED = {r"\:x": ":x", r"(?\:a)": "(?:a)", r"\\:x": r"\:x"}
TABLE = sa.table("texts", sa.column("id", sa.Integer), sa.column("body", sa.Text))
Bodies = Callable[..., list[Any]]
CREATE = "CREATE TABLE texts (id integer, body text)"


def as_script(revision: Revision, dialect_name: str = "postgresql") -> str:
    """Return the SQL that `alembic upgrade --sql` writes."""
    buffer = io.StringIO()
    options: dict[str, Any] = {"as_sql": True, "literal_binds": True, "output_buffer": buffer}
    context = MigrationContext.configure(
        dialect_name=dialect_name, dialect_opts={"paramstyle": "named"}, opts=options
    )
    with Operations.context(context), context.begin_transaction(_per_migration=True):
        revision()
    return buffer.getvalue()


@pytest.fixture(params=["run", "--sql"])
def bodies(request: pytest.FixtureRequest, empty: Engine) -> Bodies:
    """Return a function that runs a revision, or its script, and returns the texts of the table."""

    def run(revision: Revision, query: str = "SELECT body FROM texts") -> list[Any]:
        if request.param == "run":
            apply(empty.url, revision)
        else:
            psql(empty.url, as_script(revision))
        with empty.connect() as connection:
            return list(connection.exec_driver_sql(query).scalars())

    return run


@pytest.mark.parametrize("text", [*TEXTS, *ESCAPED])
def test_a_string_reaches_the_database_as_written(text: str, bodies: Bodies) -> None:
    def revision() -> None:
        op.execute(CREATE)
        op.execute(f"INSERT INTO texts (body) VALUES ('{text}')")

    assert bodies(revision) == [ESCAPED.get(text, text).replace("''", "'")]


def test_values_are_parameters_wherever_a_revision_passes_them(bodies: Bodies) -> None:
    values = [text.replace("''", "'") for text in (*TEXTS, *ESCAPED)]

    def revision() -> None:
        op.execute(CREATE)
        insert = sa.text("INSERT INTO texts (body) VALUES (:body)")
        for value in values:
            op.execute(TABLE.insert().values(body=value))
            op.execute(insert.bindparams(body=value))
        op.bulk_insert(TABLE, [{"body": value} for value in values])
        op.get_bind().execute(insert, [{"body": value} for value in values])
        op.get_bind().execute(TABLE.insert(), {"body": "one"})

    found = bodies(revision)
    assert sorted(found) == sorted([*values * 4, "one"])


NULL = sa.text("INSERT INTO texts (body) VALUES (:body)")


@pytest.mark.parametrize(
    "revision",
    [lambda: op.execute(NULL), lambda: op.get_bind().execute(NULL)],
    ids=["op.execute", "connection"],
)
def test_a_parameter_without_a_value_is_refused_in_a_run_and_in_a_script(
    revision: Revision, empty: Engine
) -> None:
    apply(empty.url, lambda: op.execute(CREATE))
    with pytest.raises(StatementError, match="A value is required for bind parameter 'body'"):
        apply(empty.url, revision)
    with pytest.raises(MigrationError, match=r"parameter body has no value.*bindparams\(body="):
        as_script(revision)


def test_a_comment_at_the_end_of_a_string_does_not_hide_the_next_statement(bodies: Bodies) -> None:
    def revision() -> None:
        op.execute(CREATE)
        op.execute("INSERT INTO texts (body) VALUES ('a') -- the first")
        op.execute("INSERT INTO texts (body) VALUES ('b')")

    assert bodies(revision) == ["a", "b"]


DEFINITIONS = """
    SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint
     WHERE contype = 'c' AND conrelid > 0
    UNION ALL SELECT adrelid::regclass::text, pg_get_expr(adbin, adrelid) FROM pg_attrdef
    UNION ALL SELECT indrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
    UNION ALL SELECT objoid::regclass::text, description FROM pg_description
"""
OF_TEXT = f"""
    SELECT string_agg(definition, E'\n') FROM ({DEFINITIONS}) AS found (name, definition)
     WHERE name ~ '^texts' GROUP BY name ORDER BY substr(name, 6)::integer
"""


def create_with_texts(table: str, text: str) -> None:
    literal = f"'{text}'"
    op.create_table(
        table,
        sa.Column("id", sa.Integer, comment=text),
        sa.Column("body", sa.Text, server_default=text),
        sa.Column("other", sa.Text, server_default=sa.text(literal)),
        sa.Column("made", sa.Text, sa.Computed(f"body || {literal}", persisted=True)),
        sa.CheckConstraint(f"body <> {literal}", name="ck"),
        comment=text,
    )
    condition, expression = sa.text(f"body <> {literal}"), sa.text(f"(body || {literal})")
    op.create_index(f"ix_{table}", table, [expression], postgresql_where=condition)


def change_with_texts(table: str, text: str) -> None:
    literal = f"'{text}'"
    condition, expression = sa.text(f"body <> {literal}"), sa.text(f"(body || {literal})")
    op.create_index_online(f"ix_{table}", table, [expression], postgresql_where=condition)
    op.create_check_constraint_online("ck", table, f"body <> {literal}")
    column = sa.Column("other", sa.Text, server_default=sa.text(literal), comment=text)
    op.add_column_online(table, column)
    op.batched_backfill(table, {"body": literal}, where=f"body IS DISTINCT FROM {literal}")


@pytest.mark.parametrize(
    ("change", "count"), [(create_with_texts, 8), (change_with_texts, 5)], ids=["plain", "online"]
)
def test_the_texts_of_definitions_reach_the_database_as_written(
    change: Any, count: int, bodies: Bodies
) -> None:
    texts = [text for text in TEXTS if text != "it''s"]

    def revision() -> None:
        for number, text in enumerate(texts):
            change(f"texts{number}", text)

    if change is change_with_texts:
        tables = (
            f"CREATE TABLE texts{number} (id integer PRIMARY KEY, body text)"
            for number, _ in enumerate(texts)
        )
        create = "; ".join(tables)
        bodies(lambda: op.execute(create), "SELECT 1")
    found = bodies(revision, OF_TEXT)
    assert [each.count(text) for text, each in zip(texts, found, strict=True)] == [count] * len(
        found
    )


def test_lint_renders_a_string_as_a_run_sends_it(project: ProjectCopy) -> None:
    revision = project.add("op.execute(\"SELECT ':x', '(?:a)', '100%'\")")
    path = project.path_of(revision)
    rendering = render_revisions(project.environment, [path])[path].upgrade
    assert rendering.failures == ()
    (statement,) = rendering.statements
    assert statement.statement.text == "SELECT ':x', '(?:a)', '100%'"
