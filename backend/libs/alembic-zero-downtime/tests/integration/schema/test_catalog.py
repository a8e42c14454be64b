"""The definitions of a schema do not depend on its name or on the settings of the session."""

import pytest
import sqlalchemy as sa
from sqlalchemy import URL, Connection, Engine, MetaData, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from alembic_zero_downtime.schema.catalog import Item, read_catalog
from alembic_zero_downtime.schema.diff import compare
from alembic_zero_downtime.schema.metadata import TEMPORARY, catalog_of_models, read_models
from alembic_zero_downtime.tables import MIGRATION_TABLES
from project.models import NAMING_CONVENTION, metadata
from support.databases import execute
from support.drift.schema import OUTSIDE, SCHEMA

MOOD = sa.Enum("good", "it's bad", name="mood")
MODELS = MetaData(naming_convention=NAMING_CONVENTION)
sa.Table(
    "authors",
    MODELS,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("name", sa.Text(collation="C"), nullable=False, comment="as it's printed"),
    sa.Column("mood", MOOD, server_default="good"),
    comment="People, 100 % of them",
)
sa.Table(
    "books",
    MODELS,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("author", sa.ForeignKey("authors.id", ondelete="CASCADE"), index=True),
    sa.Column("mood", MOOD),
    sa.Column("pages", sa.Integer, sa.CheckConstraint("pages > 0", name="pages_positive")),
    sa.Column("sheets", sa.Integer, sa.Computed("pages / 2", persisted=True)),
    sa.Column("details", sa.dialects.postgresql.JSONB, server_default=sa.text("'{}'")),
    sa.Index("ix_books_long", sa.text("lower(details::text)"), postgresql_where="pages > 500"),
)


def run(connection: Connection, statements: str) -> None:
    connection.exec_driver_sql(statements, execution_options={"no_parameters": True})


def names(connection: Connection, kind: str) -> set[str]:
    return {item.name for item in read_catalog(connection) if item.kind == kind}


def test_a_schema_has_the_same_definitions_under_any_name(each_url: URL) -> None:
    engine = create_engine(each_url, poolclass=NullPool)
    catalogs = []
    with engine.connect() as connection:
        run(connection, OUTSIDE)
        for schema, quoted in (("one", "one"), ('An "other" 100 %', '"An ""other"" 100 %"')):
            run(connection, f"CREATE SCHEMA {quoted}; SET LOCAL search_path = {quoted}")
            run(connection, SCHEMA)
            catalogs.append(read_catalog(connection))
            run(connection, "SET LOCAL search_path = public")
            assert read_catalog(connection, schema) == catalogs[-1]
        assert len(read_catalog(connection)) == 0
        assert len(read_catalog(connection, "there_is_no_such_schema")) == 0
    assert catalogs[0] == catalogs[1]
    assert not any("one." in text for text in catalogs[0].values())


def test_objects_of_another_schema_are_qualified(empty: Engine) -> None:
    with empty.connect() as connection:
        run(connection, "CREATE SCHEMA far; CREATE TYPE far.mood AS ENUM ('good')")
        run(connection, "CREATE TABLE t (mood far.mood)")
        assert read_catalog(connection)[Item("column", "t", "mood")] == "far.mood"


def test_migration_tables_and_extensions_are_left_out(migrated: Engine) -> None:
    with migrated.connect() as connection:
        run(connection, "CREATE TABLE theirs (id serial PRIMARY KEY)")
        run(connection, "CREATE FUNCTION theirs() RETURNS int LANGUAGE sql AS 'SELECT 1'")
        run(connection, "CREATE TYPE their_mood AS ENUM ('good'); CREATE SEQUENCE their_numbers")
        run(connection, "CREATE VIEW their_view AS SELECT 1 AS n")
        before = read_catalog(connection)
        for name in ("TABLE theirs", "FUNCTION theirs()", "TYPE their_mood", "VIEW their_view"):
            run(connection, f"ALTER EXTENSION plpgsql ADD {name}")
        for sequence in ("theirs_id_seq", "their_numbers"):
            run(connection, f"ALTER EXTENSION plpgsql ADD SEQUENCE {sequence}")
        after = read_catalog(connection)
        assert not names(connection, "table") & {*MIGRATION_TABLES}
    assert [str(item) for item in before if "their" in str(item)]
    assert [str(item) for item in after if "their" in str(item)] == []


def test_the_constructors_of_a_range_type_are_left_out(empty: Engine) -> None:
    with empty.connect() as connection:
        run(connection, "CREATE TYPE weeks AS RANGE (SUBTYPE = integer)")
        assert {item.kind for item in read_catalog(connection)} == {"type"}


PARTITIONED = """
CREATE TABLE parents (n integer PRIMARY KEY);
CREATE TABLE parts (n integer REFERENCES parents, m integer) PARTITION BY RANGE (n);
CREATE TABLE first PARTITION OF parts DEFAULT;
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE TRIGGER t AFTER INSERT ON parts FOR EACH ROW EXECUTE FUNCTION f();
CREATE INDEX i ON parts (m);
"""


def test_the_parts_that_a_partition_inherits_are_listed_for_the_parent(empty: Engine) -> None:
    with empty.connect() as connection:
        run(connection, PARTITIONED)
        catalog = read_catalog(connection)
    kinds = {"column", "constraint", "index", "trigger"}
    assert {item.kind for item in catalog if item.table == "parts"} == kinds
    assert {item.kind for item in catalog if item.table == "first"} == {"column"}


def test_reading_restores_the_settings_of_the_transaction(migrated: Engine) -> None:
    with migrated.connect() as connection:
        run(connection, "SET TRANSACTION READ ONLY; SET LOCAL DateStyle = 'German'")
        run(connection, "SET LOCAL search_path = pg_catalog, public")
        read_catalog(connection, "public")
        assert connection.scalar(text("SHOW search_path")) == "pg_catalog, public"
        assert str(connection.scalar(text("SHOW DateStyle"))).startswith("German")
        with pytest.raises(DBAPIError, match="read-only"):
            run(connection, "CREATE TABLE t ()")


def test_reading_does_not_wait_for_writers(migrated: Engine) -> None:
    with migrated.connect() as other, migrated.connect() as connection:
        run(other, "LOCK TABLE companies IN EXCLUSIVE MODE")
        run(connection, "SET LOCAL lock_timeout = '100ms'")
        assert "companies" in names(connection, "table")


def test_the_migrations_build_the_schema_of_the_models(migrated: Engine) -> None:
    with migrated.connect() as connection:
        models = read_models(connection, metadata).catalog
        assert models == catalog_of_models(read_catalog(connection))


@pytest.fixture
def built(empty: Engine) -> Engine:
    """Return a database with the tables of `MODELS`, created manually."""
    with empty.begin() as connection:
        run(
            connection,
            """
            CREATE TYPE mood AS ENUM ('good', 'it''s bad');
            CREATE TABLE authors (
                name text COLLATE "C" NOT NULL,
                id bigint GENERATED ALWAYS AS IDENTITY,
                mood mood DEFAULT 'good',
                CONSTRAINT pk_authors PRIMARY KEY (id)
            );
            COMMENT ON TABLE authors IS 'People, 100 % of them';
            COMMENT ON COLUMN authors.name IS 'as it''s printed';
            CREATE TABLE books (
                id serial,
                author bigint,
                mood mood,
                pages integer,
                sheets integer GENERATED ALWAYS AS (pages / 2) STORED,
                details jsonb DEFAULT '{}',
                CONSTRAINT pk_books PRIMARY KEY (id),
                CONSTRAINT fk_books_author_authors
                    FOREIGN KEY (author) REFERENCES authors ON DELETE CASCADE,
                CONSTRAINT ck_books_pages_positive CHECK (pages > 0)
            );
            CREATE INDEX ix_books_author ON books (author);
            CREATE INDEX ix_books_long ON books (lower(details::text)) WHERE pages > 500;
            """,
        )
    return empty


def test_models_have_the_definitions_that_the_server_prints(built: Engine) -> None:
    with built.connect() as connection:
        models = read_models(connection, MODELS).catalog
        assert models == catalog_of_models(read_catalog(connection))


@pytest.mark.parametrize(
    "statements",
    [
        (
            "ALTER TABLE books DROP CONSTRAINT ck_books_pages_positive, "
            "ADD CONSTRAINT ck_books_pages_positive CHECK (pages > 1)"
        ),
        "ALTER TABLE books ALTER details SET DEFAULT '[]'",
        (
            "DROP INDEX ix_books_long; "
            "CREATE INDEX ix_books_long ON books (lower(details::text)) WHERE pages > 50"
        ),
        "ALTER TYPE mood ADD VALUE 'worse'",
        "COMMENT ON TABLE authors IS 'People, 99 % of them'",
        'ALTER TABLE authors ALTER name TYPE text COLLATE "POSIX"',
    ],
)
def test_differences_that_autogenerate_does_not_detect_are_found(
    statements: str, built: Engine
) -> None:
    with built.connect() as connection:
        run(connection, statements)
        models = read_models(connection, MODELS).catalog
        assert len(compare(catalog_of_models(read_catalog(connection)), models)) == 1


@pytest.mark.parametrize(
    "statements",
    [
        "CREATE VIEW v AS SELECT id FROM books",
        "CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "CREATE SEQUENCE s",
        "GRANT SELECT ON books TO PUBLIC",
        "ALTER TABLE books ALTER mood SET STATISTICS 5, ALTER details SET STORAGE MAIN",
        "ALTER TABLE books SET (fillfactor = 50); ALTER TABLE books ENABLE ROW LEVEL SECURITY",
    ],
)
def test_definitions_that_models_cannot_express_are_ignored(statements: str, built: Engine) -> None:
    with built.connect() as connection:
        run(connection, statements)
        models = read_models(connection, MODELS).catalog
        assert models == catalog_of_models(read_catalog(connection))


def test_reading_models_locks_no_table_and_leaves_nothing(built: Engine) -> None:
    with built.connect() as other, built.connect() as connection:
        run(other, "LOCK TABLE authors, books IN ACCESS EXCLUSIVE MODE")
        run(connection, "SET LOCAL lock_timeout = '100ms'; CREATE TABLE mine (n int)")
        before = read_catalog(connection, TEMPORARY)
        assert len(read_models(connection, MODELS).catalog) > 20
        assert read_catalog(connection, TEMPORARY) == before
        assert not connection.get_execution_options().get("schema_translate_map")
        assert connection.scalar(text("SELECT count(*) FROM mine")) == 0


def test_models_of_another_schema_have_its_name(empty: Engine) -> None:
    elsewhere = MetaData()
    sa.Table("t", elsewhere, sa.Column("n", sa.Integer), schema="far")
    with empty.connect() as connection:
        items = set(read_models(connection, elsewhere).catalog)
    assert items == {
        Item("table", None, "t", schema="far"),
        Item("column", "t", "n", schema="far"),
    }


def test_a_check_of_varchar_that_was_restored_from_its_text_is_the_same(empty: Engine) -> None:
    """The server prints IN as a cast of an array, and that text with a cast of each element."""
    execute(empty, "CREATE TABLE t (c varchar, CONSTRAINT known CHECK (c IN ('a', 'it''s')))")
    with empty.connect() as connection:
        before = read_catalog(connection)
    text = before[Item("constraint", "t", "known")]
    execute(empty, f"ALTER TABLE t DROP CONSTRAINT known, ADD CONSTRAINT known {text}")
    with empty.connect() as connection:
        assert read_catalog(connection) == before
