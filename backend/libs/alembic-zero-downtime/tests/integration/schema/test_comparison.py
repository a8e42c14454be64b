"""Models are compared with a database as its server prints both."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, MetaData, text
from sqlalchemy.dialects import postgresql as pg

from alembic_zero_downtime.autogenerate.proposals import list_differences
from alembic_zero_downtime.schema.comparison import ModelComparison, compare_models

LONG = "valuation_of_the_financial_instrument_at_the_end_of_the_period"
NAMING = {
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "ix": "ix_%(table_name)s_%(column_0_name)s",
}
UNICODE = "ü" * 40  # the server keeps 31 of these letters, of two bytes each


def compare(engine: Engine, metadata: MetaData, **options: Any) -> ModelComparison:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": "v", **options})
        return compare_models(context, metadata)


def build(engine: Engine, statements: str) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(statements, execution_options={"no_parameters": True})


def table(*parts: Any, name: str = "t", **options: Any) -> MetaData:
    metadata = MetaData(naming_convention=NAMING)
    sa.Table(name, metadata, *parts, **options)
    return metadata


def column(type_: Any, default: Any = None, **options: Any) -> MetaData:
    return table(sa.Column("a", type_, server_default=default, **options))


def in_two_schemas() -> MetaData:
    metadata = MetaData()
    sa.Table("owner", metadata, sa.Column("id", sa.Integer, primary_key=True), schema="shared")
    mood = pg.ENUM("good", name="mood", schema="shared")
    key = sa.ForeignKey("shared.owner.id", name="fk_t_owner")
    sa.Table("t", metadata, sa.Column("owner_id", sa.Integer, key), sa.Column("m", mood))
    return metadata


def with_schemas_in_texts() -> MetaData:
    moods, tones = pg.ENUM("a", "b", name="Mood", schema="s"), pg.ENUM("c", name="tone")
    default = text("""'a'::s."Mood\"""")
    models = table(
        sa.Column("a", moods, server_default=default),
        sa.Column("b", tones),
        sa.Column("c", sa.BigInteger, server_default=text("nextval('s.numbers')")),
        sa.CheckConstraint("""a <> 'b'::s."Mood" OR b = 'c'::Public.Tone""", name="x"),
    )
    sa.Sequence("numbers", schema="s", metadata=models)
    return models


def key() -> sa.Column[int]:
    return sa.Column("id", sa.Integer, primary_key=True)


ALIKE: dict[str, tuple[str, Callable[[], MetaData]]] = {
    "json default": (
        "CREATE TABLE t (a json DEFAULT '{}')",
        lambda: column(pg.JSON, text("'{}'")),
    ),
    "jsonb default": (
        """CREATE TABLE t (a jsonb DEFAULT '{"b":1}')""",
        lambda: column(pg.JSONB, text("""'{"b": 1}'::jsonb""")),
    ),
    "apostrophe": ("CREATE TABLE t (a text DEFAULT 'it''s')", lambda: column(sa.Text, "it's")),
    "array": (
        "CREATE TABLE t (a int[] DEFAULT '{}')",
        lambda: column(pg.ARRAY(sa.Integer), text("'{}'")),
    ),
    "negative number": (
        "CREATE TABLE t (a int DEFAULT '-1')",
        lambda: column(sa.Integer, text("-1")),
    ),
    "interval": (
        "CREATE TABLE t (a interval DEFAULT '24:00')",
        lambda: column(sa.Interval, text("interval '24 hours'")),
    ),
    "name of a boolean": (  # of the CHECK that other databases need
        "CREATE TABLE t (a bool)",
        lambda: column(sa.Boolean(create_constraint=True, name="yes")),
    ),
    "schemas of types in texts": (
        """CREATE SCHEMA s; CREATE TYPE s."Mood" AS ENUM ('a', 'b'); CREATE TYPE tone AS ENUM ('c');
        CREATE SEQUENCE s.numbers; CREATE TABLE t (a s."Mood" DEFAULT 'a', b tone,
        c bigint DEFAULT nextval('s.numbers'), CONSTRAINT ck_t_x CHECK (a <> 'b' OR b = 'c'))""",
        with_schemas_in_texts,
    ),
    "boolean": ("CREATE TABLE t (a bool DEFAULT 't')", lambda: column(sa.Boolean, sa.true())),
    "now and CURRENT_TIMESTAMP": (
        "CREATE TABLE t (a timestamptz DEFAULT CURRENT_TIMESTAMP)",
        lambda: column(sa.DateTime(timezone=True), sa.func.now()),
    ),
    "now and LOCALTIMESTAMP": (
        "CREATE TABLE t (a timestamp DEFAULT LOCALTIMESTAMP)",
        lambda: column(sa.DateTime, sa.func.now()),
    ),
    "CURRENT_DATE and a cast of now": (
        "CREATE TABLE t (a date DEFAULT CURRENT_DATE)",
        lambda: column(sa.Date, text("now()::date")),
    ),
    "the moment of the creation": (
        "CREATE TABLE t (a timestamptz DEFAULT 'now')",
        lambda: column(sa.DateTime(timezone=True), "now"),
    ),
    "serial whose table was renamed": (
        "CREATE TABLE old (id serial PRIMARY KEY); ALTER TABLE old RENAME TO t",
        lambda: table(key()),
    ),
    "long name of a CHECK": (
        (
            "CREATE TABLE t (n int, CONSTRAINT"
            " ck_t_valuation_of_the_financial_instrument_at_the_end_o_f894 CHECK (n > 0))"
        ),
        lambda: table(sa.Column("n", sa.Integer), sa.CheckConstraint("n > 0", name=LONG)),
    ),
    "unicode names": (
        (
            f'CREATE TABLE "{UNICODE}" ("{UNICODE}" int);'
            f'CREATE INDEX "i{UNICODE}" ON "{UNICODE}" ("{UNICODE}")'
        ),
        lambda: table(
            sa.Column(UNICODE, sa.Integer), sa.Index(f"i{UNICODE}", UNICODE), name=UNICODE
        ),
    ),
    "names of 64 and more": (
        f"CREATE TABLE {'t' * 70} ({'c' * 64} int CONSTRAINT c CHECK ({'c' * 64} > 0))",
        lambda: table(
            sa.Column("c" * 64, sa.Integer),
            sa.CheckConstraint(f"{'c' * 64} > 0", name=sa.schema.conv("c")),
            name="t" * 70,
        ),
    ),
    "names with quotes and percent signs": (
        'CREATE TABLE "A ""t"" 100 %" ("b:c" int); CREATE INDEX "i %" ON "A ""t"" 100 %" ("b:c")',
        lambda: table(sa.Column("b:c", sa.Integer), sa.Index("i %", "b:c"), name='A "t" 100 %'),
    ),
    "constraints without names": (
        (
            "CREATE TABLE t (a int CONSTRAINT one UNIQUE CONSTRAINT two CHECK (a > 0),"
            " b int CONSTRAINT three PRIMARY KEY)"
        ),
        lambda: table(
            sa.Column("a", sa.Integer, unique=True),
            sa.Column("b", sa.Integer, primary_key=True, autoincrement=False),
            sa.CheckConstraint(text("a > 0"), name=sa.schema.conv("two")),
        ),
    ),
    "index twice": (
        "CREATE TABLE t (a text); CREATE INDEX ix_t_a ON t (a)",
        lambda: table(sa.Column("a", sa.Text, index=True), sa.Index("ix_t_a", "a")),
    ),
    "partitions and subpartitions": (
        (
            "CREATE TABLE t (a int, CONSTRAINT t_pkey PRIMARY KEY (a)) PARTITION BY RANGE (a);"
            "CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (9) PARTITION BY RANGE (a);"
            "CREATE TABLE t2 PARTITION OF t1 DEFAULT; CREATE INDEX own ON t2 (a)"
        ),
        lambda: table(
            sa.Column("a", sa.Integer, primary_key=True, autoincrement=False),
            postgresql_partition_by="RANGE (a)",
        ),
    ),
    "children by inheritance": (
        "CREATE TABLE t (a int); CREATE TABLE c () INHERITS (t); CREATE TABLE d () INHERITS (c)",
        lambda: column(sa.Integer),
    ),
    "view, materialized view and their indexes": (
        (
            "CREATE TABLE t (a int); CREATE VIEW v AS TABLE t;"
            "CREATE MATERIALIZED VIEW m AS TABLE t;"
            "CREATE UNIQUE INDEX im ON m (a)"
        ),
        lambda: column(sa.Integer),
    ),
    "model of a view": (
        "CREATE VIEW t AS SELECT 1 AS a, 2 AS b",
        lambda: table(sa.Column("a", sa.Integer, primary_key=True)),
    ),
    "foreign table": (
        (
            "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;"
            "CREATE FOREIGN TABLE t (a int) SERVER s"
        ),
        lambda: column(sa.BigInteger),
    ),
    "table of an extension": (
        "CREATE TABLE t (a int); ALTER EXTENSION plpgsql ADD TABLE t",
        lambda: column(sa.BigInteger),
    ),
    "unlogged table": (
        "CREATE UNLOGGED TABLE t (a int)",
        lambda: table(sa.Column("a", sa.Integer), prefixes=["UNLOGGED"]),
    ),
    "enum that a migration creates": (
        "CREATE TYPE mood AS ENUM ('good'); CREATE TABLE t (a mood)",
        lambda: column(pg.ENUM("good", name="mood", create_type=False)),
    ),
    "two schemas": (
        (
            "CREATE SCHEMA shared; CREATE TYPE shared.mood AS ENUM ('good');"
            "CREATE TABLE shared.owner (id serial PRIMARY KEY); CREATE TABLE shared.other (n int);"
            "CREATE TABLE t (m shared.mood, owner_id int"
            " CONSTRAINT fk_t_owner REFERENCES shared.owner)"
        ),
        in_two_schemas,
    ),
    "current schema by its name": (
        "CREATE TABLE t (a int)",
        lambda: table(sa.Column("a", sa.Integer), schema="public"),
    ),
    "comment with quotes": (
        "CREATE TABLE t (a int); COMMENT ON COLUMN t.a IS 'it''s 100 % \"a\" :b \\c'",
        lambda: column(sa.Integer, comment='it\'s 100 % "a" :b \\c'),
    ),
}


@pytest.mark.parametrize("name", ALIKE)
def test_what_the_server_prints_alike_is_no_difference(name: str, empty: Engine) -> None:
    statements, models = ALIKE[name]
    build(empty, statements)
    result = compare(empty, models())
    assert (result.differing, result.left_out) == ((), ())


DIFFERENT: dict[str, tuple[str, Callable[[], MetaData], str]] = {
    "text of a CHECK": (
        "CREATE TABLE t (a int CONSTRAINT c CHECK (a > 0))",
        lambda: table(
            sa.Column("a", sa.Integer), sa.CheckConstraint("a > 1", name=sa.schema.conv("c"))
        ),
        "constraint c of t",
    ),
    "precision of CURRENT_TIMESTAMP": (
        "CREATE TABLE t (a timestamptz DEFAULT CURRENT_TIMESTAMP(3))",
        lambda: column(sa.DateTime(timezone=True), sa.func.now()),
        "default of column t.a",
    ),
    "function in a string": (
        "CREATE TABLE t (a text DEFAULT 'CURRENT_TIMESTAMP')",
        lambda: column(sa.Text, "now()"),
        "default of column t.a",
    ),
    "column of another schema": (
        "CREATE SCHEMA s; CREATE TABLE s.t (a int)",
        lambda: table(sa.Column("a", sa.BigInteger), schema="s"),
        "column s.t.a",
    ),
    "removed table": ("CREATE TABLE old (a int)", MetaData, "table old"),
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_what_the_server_prints_differently_is_a_difference(name: str, empty: Engine) -> None:
    statements, models, item = DIFFERENT[name]
    build(empty, statements)
    (difference,) = compare(empty, models()).differences()
    assert item in difference.description


def test_a_model_that_cannot_be_created_is_named_and_does_not_stop_the_others(
    empty: Engine,
) -> None:
    metadata = MetaData()
    sa.Table("bad", metadata, key(), sa.Column("a", sa.Integer, server_default=text("f()")))
    sa.Table("lost", metadata, sa.Column("id", sa.ForeignKey("nowhere.id"), primary_key=True))
    sa.Table("child", metadata, key(), sa.Column("bad_id", sa.Integer, sa.ForeignKey("bad.id")))
    sa.Table("good", metadata, sa.Column("a", sa.Integer), sa.Column("b", sa.Integer))
    sa.Index("same", metadata.tables["good"].c.a)
    sa.Index("same", metadata.tables["good"].c.b)
    build(
        empty, "CREATE TABLE bad (id int); CREATE TABLE good (a int); CREATE INDEX same ON good (a)"
    )
    result = compare(empty, metadata)
    assert {str(each) for each in result.differences()} == {
        "column good.b exists in the models and in no migration",
        "table child exists in the models and in no migration",
    }
    index, bad, lost = sorted(result.left_out)
    assert "table bad of the models cannot be created" in bad
    assert "function f() does not exist" in bad
    assert "table lost" in lost
    assert "could not find table 'nowhere'" in lost
    assert "index same of good" in index
    assert all("include_object" in each for each in result.left_out)


def test_a_model_that_the_project_excludes_is_not_named(empty: Engine) -> None:
    metadata = column(sa.Integer, text("f()"))
    result = compare(empty, metadata, include_object=lambda _, name, *__: name != "t")
    assert (result.differing, result.left_out) == ((), ())


@pytest.mark.parametrize(
    "options",
    [
        {"include_object": lambda _, name, kind, *__: (kind, name) != ("index", "ix")},
        {"include_object": lambda *arguments: not (arguments[3] and arguments[4] is None)},
        {"include_name": lambda name, kind, _: (kind, name) != ("index", "ix")},
        {"include_name": lambda name, kind, _: (kind, name) != ("table", "t")},
    ],
)
def test_the_options_of_the_project_decide_what_is_compared(
    options: dict[str, Any], empty: Engine
) -> None:
    build(empty, "CREATE TABLE t (a int); CREATE INDEX ix ON t (a)")
    assert compare(empty, column(sa.Integer), **options).differing == ()
    assert len(compare(empty, column(sa.Integer)).differing) == 1


@pytest.mark.parametrize("setting", [False, lambda *_: False])
def test_compare_type_and_compare_server_default_are_asked(setting: Any, empty: Engine) -> None:
    build(empty, "CREATE TABLE t (a int DEFAULT 1)")
    models = column(sa.BigInteger, text("2"))
    assert len(compare(empty, models).differing) == 2
    options = {"compare_type": setting, "compare_server_default": setting}
    assert compare(empty, models, **options).differing == ()


def test_other_schemas_are_compared_with_include_schemas(empty: Engine) -> None:
    build(empty, "CREATE SCHEMA s; CREATE TABLE s.t (a int)")
    assert compare(empty, MetaData()).differing == ()
    result = compare(empty, MetaData(), include_schemas=True)
    assert [str(each) for each in result.differences()] == ["table s.t is missing in the models"]


def test_a_role_that_may_create_no_schema_compares_in_temporary_tables(empty: Engine) -> None:
    build(empty, "CREATE TABLE t (a int)")
    role = f"reader_{empty.url.database}"
    build(empty, f"CREATE ROLE {role}; GRANT SELECT ON t TO {role}")
    try:
        with empty.connect() as connection:
            connection.exec_driver_sql(f"SET ROLE {role}")
            context = MigrationContext.configure(connection)
            assert compare_models(context, column(sa.Integer)).differing == ()
    finally:
        build(empty, f"DROP OWNED BY {role}; DROP ROLE {role}")


def test_alembic_check_lists_the_same_differences(empty: Engine) -> None:
    build(empty, "CREATE TABLE t (a int DEFAULT 1); CREATE TABLE old (a int)")
    with empty.connect() as connection:
        context = MigrationContext.configure(connection)
        found = list_differences(context, column(sa.Integer, text("2")))
    assert [type(each).__name__ for each in found] == ["ModifyTableOps", "DropTableOp"]


def test_a_table_with_a_long_name_is_changed_under_the_name_that_the_server_keeps(
    empty: Engine,
) -> None:
    build(empty, f'CREATE TABLE "{UNICODE}" (a int)')
    models = table(sa.Column("a", sa.Integer), sa.Column(UNICODE, sa.Integer), name=UNICODE)
    with empty.connect() as connection:
        (change,) = list_differences(MigrationContext.configure(connection), models)
    assert isinstance(change, ops.ModifyTableOps)
    (add,) = change.ops
    assert isinstance(add, ops.AddColumnOp)
    assert (change.table_name, add.column.name) == ("ü" * 31, UNICODE)
