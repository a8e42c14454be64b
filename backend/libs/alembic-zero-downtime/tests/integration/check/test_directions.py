"""The SQL of each difference makes it, or undoes it, in any combination of differences."""

from collections.abc import Iterator
from itertools import chain

import pytest
from sqlalchemy import URL, Connection, create_engine
from sqlalchemy.pool import NullPool

from alembic_zero_downtime.check.directions import Directions, TrialDatabase, try_directions
from alembic_zero_downtime.schema.catalog import Catalog, read_catalog
from alembic_zero_downtime.schema.diff import compare
from support.drift import columns, others, tables
from support.drift.schema import OUTSIDE, SCHEMA


@pytest.fixture(scope="module")
def connection(_shadow_server: URL) -> Iterator[Connection]:
    """Return a session with the schema, in a transaction that is rolled back."""
    engine = create_engine(_shadow_server, poolclass=NullPool)
    with engine.connect() as session:
        run(session, OUTSIDE + SCHEMA)
        yield session
        session.rollback()


@pytest.fixture(scope="module")
def expected(connection: Connection) -> Catalog:
    return read_catalog(connection)


def run(connection: Connection, statements: str) -> None:
    connection.exec_driver_sql(statements, execution_options={"no_parameters": True})


def after(connection: Connection, *scripts: str) -> Catalog:
    """Return the catalog after the scripts, and roll them back."""
    with connection.begin_nested() as savepoint:
        for script in filter(None, scripts):
            run(connection, script)
        catalog = read_catalog(connection)
        savepoint.rollback()
    return catalog


def directions(
    connection: Connection, expected: Catalog, statements: str
) -> tuple[Directions, Directions]:
    """Return both directions of a change, after running their scripts."""
    actual = after(connection, statements)
    differences = compare(expected, actual)
    database = TrialDatabase(connection, read_catalog)
    done, undone = try_directions(database, differences, expected, actual)
    assert {each.failure for each in chain(done.by_item.values(), undone.by_item.values())} == {
        None
    }
    assert compare(after(connection, done.script), actual) == ()
    assert compare(after(connection, statements, undone.script), expected) == ()
    return done, undone


INVALID, *UNEXPLAINED = sorted(tables.UNEXPLAINED, key=lambda case: "indisvalid" not in case[0])
CASES = [*tables.CASES, *columns.CASES, *others.CASES, *UNEXPLAINED]
# Several objects that depend on each other.
COMBINED = [
    "DROP VIEW large_reports; CREATE VIEW large_reports AS SELECT id FROM reports",
    "CREATE OR REPLACE VIEW large_reports AS SELECT id, title, note FROM reports",
    (
        "DROP VIEW large_reports; DROP MATERIALIZED VIEW titles;"
        "ALTER TABLE reports ALTER title TYPE varchar(20);"
        "CREATE VIEW large_reports AS SELECT id, title FROM reports WHERE size > 100"
    ),
    "DROP MATERIALIZED VIEW titles; ALTER TABLE reports ALTER note TYPE integer USING 1",
    "ALTER TABLE reports ALTER note TYPE jsonb USING to_jsonb(note)",
    (
        "ALTER TABLE reports ALTER note TYPE boolean USING true;"
        "ALTER TABLE reports ALTER note SET DEFAULT false"
    ),
    (
        "ALTER TABLE reports ALTER mood DROP DEFAULT; DROP INDEX ix_reports_title;"
        "DROP STATISTICS st_reports; ALTER TABLE reports ALTER mood TYPE text;"
        "CREATE INDEX ix_reports_title ON reports (lower(title), mood)"
    ),
    "DROP FUNCTION newest(); CREATE FUNCTION newest() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    (
        "ALTER TABLE reports CLUSTER ON ix_reports_title; DROP INDEX ix_reports_size;"
        "CREATE INDEX ix_reports_size ON reports (size)"
    ),
    "ALTER TYPE mood RENAME TO feeling; ALTER INDEX ix_reports_size RENAME TO ix_size",
    "ALTER TABLE reports RENAME note TO remark; ALTER TABLE events RENAME TO happenings",
    "ALTER TABLE reports RENAME CONSTRAINT ck_reports_size TO ck_size",
    (
        "CREATE TABLE a (id int PRIMARY KEY, b int);"
        "CREATE TABLE b (id int PRIMARY KEY REFERENCES a);"
        "ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b; CREATE VIEW v AS SELECT a.id FROM a, b;"
        "CREATE VIEW w AS SELECT * FROM v"
    ),
    (
        "DROP VIEW large_reports; ALTER TABLE reports DROP note, ADD extra mood;"
        "ALTER TYPE mood RENAME VALUE 'bad' TO 'poor'"
    ),
    (
        "ALTER TYPE mood ADD VALUE 'fair'; COMMENT ON TYPE mood IS 'how it is';"
        "CREATE TABLE moods (all_of mood[] DEFAULT '{good}', one mood CHECK (one <> 'bad'));"
    ),
    "DROP TABLE reports CASCADE; DROP TABLE events CASCADE; DROP TYPE mood CASCADE",
    "ALTER TABLE reports ALTER area DROP EXPRESSION; DROP FUNCTION twice",
    (
        "ALTER SEQUENCE tickets AS integer; ALTER TABLE reports ALTER number DROP DEFAULT;"
        "DROP SEQUENCE reports_number_seq"
    ),
    (
        "ALTER TABLE reports ALTER share TYPE numeric; DROP DOMAIN percentage;"
        "CREATE DOMAIN percentage AS integer CHECK (VALUE >= 0)"
    ),
    (
        "CREATE TABLE late () INHERITS (reports); DROP INDEX ix_titles_size;"
        "CREATE FUNCTION f(mood) RETURNS mood LANGUAGE sql AS 'SELECT $1'"
    ),
]


@pytest.mark.parametrize(
    "statements",
    [*(each.statements for each in CASES), *COMBINED],
    ids=lambda statements: statements[:60],
)
def test_both_directions_run(statements: str, connection: Connection, expected: Catalog) -> None:
    directions(connection, expected, statements)


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE reports ALTER id DROP IDENTITY",
        "ALTER TABLE reports ALTER id SET GENERATED BY DEFAULT SET INCREMENT BY 10",
    ],
)
def test_a_restored_identity_continues_after_the_highest_number(
    change: str, connection: Connection, expected: Catalog
) -> None:
    _, undone = directions(connection, expected, change)
    with connection.begin_nested() as savepoint:
        run(connection, "INSERT INTO reports (title) SELECT generate_series(1, 5)::text")
        run(connection, f"{change}; {undone.script}")
        run(connection, "INSERT INTO reports (title) VALUES ('next')")
        numbers = connection.exec_driver_sql("SELECT id FROM reports WHERE title = 'next'")
        assert numbers.scalar_one() > 5
        savepoint.rollback()


@pytest.mark.parametrize(
    ("change", "losses"),
    [
        ("CREATE TABLE extra (id int)", {"the rows of table extra"}),
        ("ALTER TABLE reports ADD extra int", {"the values of column reports.extra"}),
        ("ALTER TABLE reports ADD extra int GENERATED ALWAYS AS (size) STORED", set()),
        ("CREATE SEQUENCE extra", {"the position of sequence extra"}),
        ("CREATE INDEX extra ON reports (note)", set()),
        ("ALTER TABLE reports ALTER number TYPE bigint",
         {"what integer cannot hold of the values of column reports.number"}),
        ("ALTER TABLE reports ALTER number TYPE smallint", set()),
        ("ALTER TABLE reports ALTER note TYPE varchar(5)", set()),
        ("ALTER TABLE reports RENAME note TO remark", set()),
        ("ALTER TABLE reports ALTER area DROP EXPRESSION", {"the values of column reports.area"}),
    ],
)  # fmt: skip
def test_data_that_the_way_back_loses_is_named(
    change: str, losses: set[str], connection: Connection, expected: Catalog
) -> None:
    _, undone = directions(connection, expected, change)
    assert {each for way in undone.by_item.values() for each in way.losses} == losses


def test_an_ambiguous_rename_is_not_guessed(connection: Connection, expected: Catalog) -> None:
    change = "ALTER TABLE reports DROP note, ADD remark text, ADD comment text"
    done, _ = directions(connection, expected, change)
    assert "RENAME" not in done.script
    renamed, _ = directions(connection, expected, "ALTER TABLE reports RENAME note TO remark")
    assert renamed.script == "ALTER TABLE reports RENAME COLUMN note TO remark;"
