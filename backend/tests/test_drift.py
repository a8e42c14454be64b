"""What people do by hand is found, said once, and explained by the SQL that does it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import pytest
from sqlalchemy import URL, Connection, Engine, create_engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.pool import NullPool

from app.db.embedded.disposable import disposable_server
from app.db.migrations.drift.catalog import Catalog, Item, fingerprint, read_catalog
from app.db.migrations.drift.comparison import compare
from app.db.migrations.drift.reprint import reprint_views
from tests import drift_elsewhere, drift_on_columns, drift_on_tables
from tests.drift_schema import OUTSIDE, SCHEMA, Case, differs, extra

EXPLAINED = drift_on_tables.CASES + drift_on_columns.CASES + drift_elsewhere.CASES
CASES = EXPLAINED + drift_on_tables.UNEXPLAINED


class Subject(NamedTuple):
    """A session with the schema in a transaction that nobody commits."""

    connection: Connection
    catalog: Catalog


@contextmanager
def subject_on(url: URL) -> Iterator[Subject]:
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        run(connection, OUTSIDE + SCHEMA)
        yield Subject(connection, read_catalog(connection))
        connection.rollback()


@pytest.fixture(scope="module")
def embedded() -> Iterator[Subject]:
    with disposable_server() as url, subject_on(url) as subject:
        yield subject


@pytest.fixture(scope="module")
def system(system_url: URL) -> Iterator[Subject]:
    with subject_on(system_url) as subject:
        yield subject


@pytest.fixture(scope="module", params=["embedded", "system"])
def subject(request: pytest.FixtureRequest) -> Subject:
    found: Subject = request.getfixturevalue(request.param)
    return found


def run(connection: Connection, statements: str) -> None:
    connection.exec_driver_sql(statements, execution_options={"no_parameters": True})


def after(connection: Connection, statements: str) -> Catalog:
    """Return the catalog after the statements, and take them back."""
    with connection.begin_nested() as savepoint:
        run(connection, statements)
        catalog = read_catalog(connection)
        savepoint.rollback()
    return catalog


def sentences(expected: Catalog, actual: Catalog) -> set[str]:
    return {str(each) for each in compare(expected, actual)}


def name_of(case: object) -> str:
    return case.statements[:60] if isinstance(case, Case) else ""


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_what_is_done_by_hand_is_said_and_nothing_else(case: Case, subject: Subject) -> None:
    drifted = after(subject.connection, case.statements)
    assert sentences(subject.catalog, drifted) == set(case.sentences)
    assert len(compare(subject.catalog, drifted)) == len(case.sentences)


@pytest.mark.parametrize("case", EXPLAINED, ids=name_of)
def test_the_sql_does_the_same_again(case: Case, embedded: Subject) -> None:
    drifted = after(embedded.connection, case.statements)
    again = "".join(each.sql for each in compare(embedded.catalog, drifted))
    assert sentences(drifted, after(embedded.connection, again)) == set()


@pytest.mark.parametrize("case", EXPLAINED, ids=name_of)
def test_the_sql_of_the_other_direction_takes_it_back(case: Case, embedded: Subject) -> None:
    drifted = after(embedded.connection, case.statements)
    back = "".join(each.sql for each in compare(drifted, embedded.catalog))
    restored = after(embedded.connection, f"{case.statements}; {back}")
    assert sentences(embedded.catalog, restored) == set()


@pytest.mark.parametrize(
    "statements",
    [
        "SELECT 1",
        "ALTER TABLE reports DROP note; ALTER TABLE reports ADD note text",
        "SET LOCAL timezone = 'Asia/Tokyo'; SET LOCAL datestyle = 'German'",
        "SET LOCAL quote_all_identifiers = on; SET LOCAL standard_conforming_strings = off",
        "SET LOCAL search_path = public, pg_catalog, pg_temp",
        "CREATE TEMPORARY TABLE reports (id bigint)",
        "INSERT INTO reports (title) VALUES ('a'); REFRESH MATERIALIZED VIEW titles",
        "ALTER TABLE events OWNER TO drift_writer",
        "ALTER SEQUENCE tickets RESTART 5; SELECT nextval('tickets')",
    ],
)
def test_nothing_is_said_of_what_is_no_part_of_the_schema(
    statements: str, subject: Subject
) -> None:
    moment = "ALTER TABLE events ADD noticed timestamptz DEFAULT '2024-03-01 00:00+00'"
    before = after(subject.connection, moment)
    assert sentences(before, after(subject.connection, f"{moment}; {statements}")) == set()


def test_two_versions_of_postgresql_agree(embedded: Subject, system: Subject) -> None:
    assert embedded.catalog.version > system.catalog.version
    reprinted = reprint_views(embedded.connection, system.catalog)
    assert sentences(embedded.catalog, reprinted) == set()


def test_a_view_is_compared_across_versions(embedded: Subject, system: Subject) -> None:
    view = "CREATE OR REPLACE VIEW large_reports AS SELECT id, title FROM reports WHERE size > 99"
    reprinted = reprint_views(embedded.connection, after(system.connection, view))
    assert [each.item.name for each in compare(embedded.catalog, reprinted)] == ["large_reports"]


def test_a_view_of_what_the_other_server_lacks_stays_as_it_is(
    embedded: Subject, system: Subject
) -> None:
    known = after(system.connection, "CREATE VIEW v AS SELECT usename FROM pg_user WHERE '%' <> ''")
    table = after(system.connection, "CREATE TABLE t (n int); CREATE VIEW v AS SELECT n FROM t")
    view = Item("view", None, "v")
    assert reprint_views(embedded.connection, known)[view].startswith("SELECT usename\n")
    assert reprint_views(embedded.connection, table)[view] == table[view]


MAINTAIN = "GRANT MAINTAIN ON reports TO drift_reader"


def test_a_privilege_that_only_one_version_has_is_compared_where_both_have_it(
    embedded: Subject, system: Subject
) -> None:
    granted = after(embedded.connection, MAINTAIN)
    (difference,) = compare(embedded.catalog, granted)
    assert difference.words == differs(
        "maintenance grant to drift_reader on table reports", "MAINTAIN", None
    )
    assert difference.sql == "GRANT MAINTAIN ON TABLE reports TO drift_reader;"
    old = reprint_views(embedded.connection, system.catalog)
    assert sentences(granted, old) == set()


def test_a_not_null_that_was_never_validated_is_found(embedded: Subject) -> None:
    drifted = after(embedded.connection, "ALTER TABLE reports ADD NOT NULL size NOT VALID")
    assert sentences(embedded.catalog, drifted) == {
        differs("nullability of column reports.size", "NOT NULL", None),
        differs("validity of column reports.size", "NOT VALID", None),
    }


def test_the_name_of_a_not_null_is_no_difference(embedded: Subject) -> None:
    named = "ALTER TABLE reports ADD CONSTRAINT sized NOT NULL size"
    other = after(embedded.connection, "ALTER TABLE reports ALTER size SET NOT NULL")
    assert sentences(other, after(embedded.connection, named)) == set()


def test_an_index_that_was_not_finished_is_found(migrated: Engine) -> None:
    with migrated.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        run(connection, "CREATE TABLE twice (n int); INSERT INTO twice VALUES (1), (1)")
    with migrated.connect() as reader:
        before = read_catalog(reader)
    unfinished = "CREATE UNIQUE INDEX CONCURRENTLY ix_twice_n ON twice (n)"
    with (
        migrated.connect().execution_options(isolation_level="AUTOCOMMIT") as connection,
        pytest.raises(IntegrityError),
    ):
        run(connection, unfinished)
    with migrated.connect() as reader:
        (difference,) = compare(before, read_catalog(reader))
    assert difference.words == extra("index ix_twice_n of twice")
    assert "CREATE UNIQUE INDEX ix_twice_n" in difference.sql
    assert "did not come to its end" in difference.sql


def test_a_long_definition_is_not_in_the_sentence_but_in_the_sql(embedded: Subject) -> None:
    check = " OR ".join(f"size = {n}" for n in range(1, 60))
    drifted = after(embedded.connection, f"ALTER TABLE reports ADD CHECK ({check})")
    changed = after(embedded.connection, f"ALTER TABLE reports ADD CHECK ({check} OR size = 99)")
    (difference,) = compare(drifted, changed)
    assert str(difference).endswith("is another one in the database than by the migrations")
    assert "size = 99" in difference.sql


def test_the_place_is_in_the_sentence(embedded: Subject) -> None:
    drifted = after(embedded.connection, "DROP INDEX ix_reports_size")
    (lost,) = compare(embedded.catalog, drifted, "the models")
    assert "is made by the migrations and is not in the models" in str(lost)


def test_two_databases_with_one_schema_have_one_fingerprint(
    embedded: Subject, subject: Subject
) -> None:
    tables = {item: text for item, text in subject.catalog.items() if "view" not in item.kind}
    same = {item: embedded.catalog[item] for item in reversed(list(tables))}
    assert fingerprint(tables) == fingerprint(same)
    assert len(fingerprint(tables)) == 64
    drifted = after(subject.connection, "ALTER TABLE reports ALTER size SET STATISTICS 7")
    assert fingerprint(drifted) != fingerprint(subject.catalog)
