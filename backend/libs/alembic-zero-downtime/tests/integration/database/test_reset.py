"""The objects that a reset would drop outside of the schema, and the locks that it takes."""

from collections.abc import Iterator

import pytest
from sqlalchemy import URL, Connection, Engine, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from alembic_zero_downtime.database.reset import (
    ChangedMeanwhileError,
    drop_objects,
    list_dependent_objects,
    list_objects,
    lock_objects,
)
from support.databases import execute, scalar

# Everything is in the schema `public`, or does not depend on it.
SCHEMA = """
    CREATE SCHEMA other CREATE TABLE parent (id int PRIMARY KEY);
    CREATE FUNCTION other.g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TYPE mood AS ENUM ('good');
    CREATE FUNCTION f() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
    CREATE FUNCTION f(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
    CREATE OPERATOR !! (FUNCTION = f, RIGHTARG = int);
    CREATE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
    CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n serial, body text,
                    f int DEFAULT f() CHECK (f(f) = 1), mood mood,
                    twice int GENERATED ALWAYS AS (n * 2) STORED,
                    parent int REFERENCES other.parent);
    CREATE INDEX ON t (f(f));
    CREATE STATISTICS st ON n, f FROM t;
    CREATE POLICY mine ON t USING (f() = 1);
    CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION other.g();
    CREATE RULE quiet AS ON DELETE TO t DO INSTEAD NOTHING;
    CREATE VIEW v AS SELECT id, f() AS f FROM t;
    CREATE MATERIALIZED VIEW m AS SELECT * FROM v;
    CREATE SEQUENCE s;
    CREATE PUBLICATION published FOR TABLE t;
    CREATE TABLE p (n int) PARTITION BY LIST (n);
    CREATE TABLE p_1 PARTITION OF p FOR VALUES IN (1);
    CREATE TABLE child (extra int) INHERITS (t);
    CREATE EXTENSION citext;
"""
DEPENDENTS = {
    "CREATE VIEW other.v AS SELECT 1 AS n FROM t": ["view other.v"],
    "CREATE VIEW other.v AS SELECT * FROM m": ["view other.v"],
    "CREATE VIEW other.a AS SELECT * FROM v; CREATE VIEW other.b AS SELECT * FROM other.a": [
        "view other.a",
        "view other.b",
    ],
    "CREATE MATERIALIZED VIEW other.m AS SELECT id FROM t": ["materialized view other.m"],
    "CREATE TABLE other.u (t int REFERENCES t)": ["table constraint u_t_fkey on other.u"],
    "CREATE TABLE other.u (n int CHECK (f(n) = 1))": ["table constraint u_n_check on other.u"],
    "CREATE TABLE other.u (mood mood)": ["table column other.u.mood"],
    "CREATE TABLE other.u (moods mood[], a int)": ["table column other.u.moods"],
    "CREATE TABLE other.u (row t)": ['table column other.u."row"'],
    "CREATE TABLE other.u (n int DEFAULT f())": ["default value for other.u.n"],
    "CREATE TABLE other.u (n int DEFAULT nextval('s'))": ["default value for other.u.n"],
    "CREATE TABLE other.u (n int); CREATE INDEX i ON other.u (f(n))": ["index other.i"],
    "CREATE TABLE other.p_2 PARTITION OF p FOR VALUES IN (2)": ["table other.p_2"],
    "CREATE TABLE other.child () INHERITS (t)": ["table other.child"],
    "CREATE TABLE other.typed OF pair": ["table other.typed"],
    "CREATE DOMAIN other.d AS mood": ["type other.d"],
    "CREATE FUNCTION other.h(mood) RETURNS int LANGUAGE sql AS 'SELECT 1'": [
        "function other.h(public.mood)"
    ],
    "CREATE FUNCTION other.h() RETURNS int LANGUAGE sql RETURN f()": ["function other.h()"],
    "CREATE STATISTICS other.x ON n, f FROM t": ["statistics object other.x"],
    "CREATE TRIGGER z BEFORE INSERT ON other.parent FOR EACH ROW EXECUTE FUNCTION guard()": [
        "trigger z on other.parent"
    ],
    "CREATE POLICY z ON other.parent USING (f() = 1)": ["policy z on other.parent"],
    "CREATE RULE z AS ON DELETE TO other.parent DO ALSO SELECT f()": ["rule z on other.parent"],
    "CREATE CAST (mood AS int) WITH FUNCTION as_int(mood)": ["cast (public.mood AS integer)"],
    "CREATE EVENT TRIGGER z ON ddl_command_start EXECUTE FUNCTION watch()": ["event trigger z"],
}


@pytest.fixture
def engine(each_url: URL) -> Engine:
    engine = create_engine(each_url, poolclass=NullPool)
    execute(engine, SCHEMA)
    return engine


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection:
        yield connection


@pytest.mark.parametrize("schema", ["public", "My Schema"])
def test_only_the_current_schema_is_dropped(schema: str, empty: Engine) -> None:
    search_path = f'SET search_path = "{schema}"'
    execute(empty, f'CREATE SCHEMA IF NOT EXISTS "{schema}"; {search_path}; {SCHEMA}')
    with empty.connect() as connection:
        connection.exec_driver_sql(search_path)
        connection.exec_driver_sql("DROP EXTENSION citext")
        connection.commit()
        assert list_dependent_objects(connection) == []
        connection.rollback()
        objects = list_objects(connection)
        drop_objects(connection, objects)
        assert list_objects(connection) == []
        connection.commit()
    names = "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relnamespace = "
    assert scalar(empty, f"{names} 'other'::regnamespace") == "parent parent_pkey"
    assert scalar(empty, f"{names} '\"{schema}\"'::regnamespace") is None


def test_every_dependent_object_of_another_schema_is_named(connection: Connection) -> None:
    connection.exec_driver_sql("""
        CREATE TYPE pair AS (a int, b int);
        CREATE FUNCTION as_int(mood) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
    """)
    assert list_dependent_objects(connection) == []
    for statements, expected in DEPENDENTS.items():
        with connection.begin_nested() as savepoint:
            connection.exec_driver_sql(statements)
            assert list_dependent_objects(connection) == expected, statements
            with pytest.raises(ChangedMeanwhileError, match="added since"):
                drop_objects(connection, list_objects(connection))
            savepoint.rollback()


WRITES = [
    "INSERT INTO t DEFAULT VALUES",
    "INSERT INTO p VALUES (1)",
    "DELETE FROM p_1",
    "TRUNCATE t CASCADE",
    "SELECT nextval('s')",
    "SELECT nextval('t_n_seq')",
    "SELECT setval('t_id_seq', 1000)",
    "ALTER TABLE t ADD COLUMN new int",
    "CREATE TABLE other.u (t int REFERENCES t)",
]


def test_other_sessions_can_read_and_not_write(connection: Connection, engine: Engine) -> None:
    lock_objects(connection, list_objects(connection))
    with engine.connect() as other:
        other.exec_driver_sql("SELECT n FROM t; SELECT last_value FROM s; TABLE m")
        other.exec_driver_sql("SET lock_timeout = '20ms'")
        other.commit()
        for statement in WRITES:
            with pytest.raises(DBAPIError, match="lock timeout"):
                other.exec_driver_sql(statement)
            other.rollback()
