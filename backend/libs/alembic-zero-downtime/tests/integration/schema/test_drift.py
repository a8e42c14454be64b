"""Manual changes are found, reported once, and described by the SQL that makes them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import pytest
from sqlalchemy import URL, Connection, Engine, create_engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.pool import NullPool

from alembic_zero_downtime.schema.catalog import Catalog, Item, fingerprint, read_catalog
from alembic_zero_downtime.schema.diff import compare
from alembic_zero_downtime.schema.normalize import normalize_views
from support.drift import columns, others, tables
from support.drift.schema import (
    OUTSIDE,
    SCHEMA,
    Case,
    changed,
    differs,
    extra,
    is_not_null,
)
from support.servers import EACH_SERVER

EXPLAINED = tables.CASES + columns.CASES + others.CASES
CASES = EXPLAINED + tables.UNEXPLAINED


class Subject(NamedTuple):
    """A session with the schema, in a transaction that is rolled back."""

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
def embedded(_shadow_server: URL) -> Iterator[Subject]:
    """Return a session on a server of this worker: two cannot create the same role at once."""
    with subject_on(_shadow_server) as subject:
        yield subject


@pytest.fixture(scope="module")
def system(system_url: URL) -> Iterator[Subject]:
    with subject_on(system_url) as subject:
        yield subject


@pytest.fixture(scope="module", params=EACH_SERVER)
def subject(request: pytest.FixtureRequest) -> Subject:
    found: Subject = request.getfixturevalue(request.param)
    return found


def run(connection: Connection, statements: str) -> None:
    connection.exec_driver_sql(statements, execution_options={"no_parameters": True})


def after(connection: Connection, statements: str) -> Catalog:
    """Return the catalog after the statements, and roll them back."""
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
def test_a_manual_change_is_reported_and_nothing_else(case: Case, subject: Subject) -> None:
    drifted = after(subject.connection, case.statements)
    assert sentences(subject.catalog, drifted) == set(case.sentences)
    assert len(compare(subject.catalog, drifted)) == len(case.sentences)


@pytest.mark.parametrize("case", EXPLAINED, ids=name_of)
def test_the_sql_makes_the_same_change(case: Case, embedded: Subject) -> None:
    drifted = after(embedded.connection, case.statements)
    again = "".join(each.sql for each in compare(embedded.catalog, drifted))
    assert sentences(drifted, after(embedded.connection, again)) == set()


@pytest.mark.parametrize("case", EXPLAINED, ids=name_of)
def test_the_reverse_sql_restores_the_schema(case: Case, embedded: Subject) -> None:
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
def test_out_of_scope_changes_are_ignored(statements: str, subject: Subject) -> None:
    dated = "ALTER TABLE events ADD noticed timestamptz DEFAULT '2024-03-01 00:00+00'"
    before = after(subject.connection, dated)
    assert sentences(before, after(subject.connection, f"{dated}; {statements}")) == set()


def test_two_versions_of_postgresql_have_the_same_catalog(
    embedded: Subject, system: Subject
) -> None:
    assert embedded.catalog.version > system.catalog.version
    normalized = normalize_views(embedded.connection, system.catalog)
    assert sentences(embedded.catalog, normalized) == set()


def test_a_view_is_compared_across_versions(embedded: Subject, system: Subject) -> None:
    view = "CREATE OR REPLACE VIEW large_reports AS SELECT id, title FROM reports WHERE size > 99"
    normalized = normalize_views(embedded.connection, after(system.connection, view))
    assert [each.item.name for each in compare(embedded.catalog, normalized)] == ["large_reports"]


def test_a_view_of_objects_that_the_other_server_lacks_is_unchanged(
    embedded: Subject, system: Subject
) -> None:
    known = after(system.connection, "CREATE VIEW v AS SELECT usename FROM pg_user WHERE '%' <> ''")
    table = after(system.connection, "CREATE TABLE t (n int); CREATE VIEW v AS SELECT n FROM t")
    view = Item("view", None, "v")
    assert normalize_views(embedded.connection, known)[view].startswith("SELECT usename\n")
    assert normalize_views(embedded.connection, table)[view] == table[view]


MAINTAIN = "GRANT MAINTAIN ON reports TO drift_reader"


def test_a_privilege_of_one_version_is_compared_only_if_both_have_it(
    embedded: Subject, system: Subject
) -> None:
    granted = after(embedded.connection, MAINTAIN)
    (difference,) = compare(embedded.catalog, granted)
    assert difference.description == differs(
        "maintenance grant to drift_reader on table reports", "MAINTAIN", None
    )
    assert difference.sql == "GRANT MAINTAIN ON TABLE reports TO drift_reader;"
    old = normalize_views(embedded.connection, system.catalog)
    assert sentences(granted, old) == set()


def test_a_not_null_that_is_not_valid_is_reported(embedded: Subject) -> None:
    drifted = after(embedded.connection, "ALTER TABLE reports ADD NOT NULL size NOT VALID")
    assert sentences(embedded.catalog, drifted) == {
        is_not_null("reports.size"),
        differs("validity of column reports.size", "NOT VALID", None),
    }


def test_a_constraint_that_is_not_valid_is_validated(embedded: Subject) -> None:
    add = "ALTER TABLE reports ADD CONSTRAINT sized CHECK (size > 0)"
    drifted = after(embedded.connection, f"{add} NOT VALID")
    (difference,) = compare(drifted, after(embedded.connection, add))
    assert difference.sql == "ALTER TABLE reports VALIDATE CONSTRAINT sized;"
    assert difference.undo == (
        "ALTER TABLE reports DROP CONSTRAINT sized;\n"
        "ALTER TABLE reports ADD CONSTRAINT sized CHECK ((size > 0)) NOT VALID;"
    )


def test_the_name_of_a_not_null_is_ignored(embedded: Subject) -> None:
    named = "ALTER TABLE reports ADD CONSTRAINT sized NOT NULL size"
    other = after(embedded.connection, "ALTER TABLE reports ALTER size SET NOT NULL")
    assert sentences(other, after(embedded.connection, named)) == set()


def test_an_invalid_index_is_reported(migrated: Engine) -> None:
    with migrated.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        run(connection, "CREATE TABLE twice (n int); INSERT INTO twice VALUES (1), (1)")
    with migrated.connect() as reader:
        before = read_catalog(reader)
    failing = "CREATE UNIQUE INDEX CONCURRENTLY ix_twice_n ON twice (n)"
    with (
        migrated.connect().execution_options(isolation_level="AUTOCOMMIT") as connection,
        pytest.raises(IntegrityError),
    ):
        run(connection, failing)
    with migrated.connect() as reader:
        (difference,) = compare(before, read_catalog(reader))
    assert difference.description == extra("index ix_twice_n of twice")
    assert "CREATE UNIQUE INDEX ix_twice_n" in difference.sql
    invalid = "-- ix_twice_n is an invalid index, left by a CREATE INDEX CONCURRENTLY that failed"
    assert invalid in difference.sql


def test_a_long_definition_is_in_the_sql_and_not_in_the_sentence(embedded: Subject) -> None:
    check = " OR ".join(f"size = {n}" for n in range(1, 60))
    drifted = after(embedded.connection, f"ALTER TABLE reports ADD CHECK ({check})")
    longer = after(embedded.connection, f"ALTER TABLE reports ADD CHECK ({check} OR size = 99)")
    (difference,) = compare(drifted, longer)
    assert str(difference) == changed("constraint reports_size_check of reports")
    assert "size = 99" in difference.sql


def test_the_sentence_names_the_compared_side(embedded: Subject) -> None:
    drifted = after(embedded.connection, "DROP INDEX ix_reports_size")
    (lost,) = compare(embedded.catalog, drifted, "the models")
    assert str(lost) == "index ix_reports_size of reports is missing in the models"


def test_the_same_schema_has_the_same_fingerprint(embedded: Subject, subject: Subject) -> None:
    tables = {item: text for item, text in subject.catalog.items() if "view" not in item.kind}
    same = {item: embedded.catalog[item] for item in reversed(list(tables))}
    assert fingerprint(tables) == fingerprint(same)
    assert len(fingerprint(tables)) == 64
    drifted = after(subject.connection, "ALTER TABLE reports ALTER size SET STATISTICS 7")
    assert fingerprint(drifted) != fingerprint(subject.catalog)
