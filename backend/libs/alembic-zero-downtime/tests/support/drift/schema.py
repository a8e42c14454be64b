"""A schema with every kind of object, and the sentences that describe differences from it."""

from typing import NamedTuple

from sqlalchemy import Engine

OUTSIDE = """
CREATE ROLE drift_reader;
CREATE ROLE drift_writer;
CREATE FOREIGN DATA WRAPPER elsewhere;
CREATE SERVER far FOREIGN DATA WRAPPER elsewhere;
CREATE ACCESS METHOD pile TYPE TABLE HANDLER heap_tableam_handler;
"""
SCHEMA = """
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE TYPE span AS (low integer, high integer);
CREATE DOMAIN percentage AS numeric CHECK (VALUE >= 0);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE FUNCTION twice(number integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 2 * number';
CREATE PROCEDURE tidy() LANGUAGE sql AS 'SELECT 1';
CREATE AGGREGATE total(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '0');
CREATE SEQUENCE tickets;
CREATE TABLE reports (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_reports PRIMARY KEY,
    number serial,
    title text NOT NULL,
    mood mood DEFAULT 'good',
    share percentage,
    note text,
    size integer,
    area integer GENERATED ALWAYS AS (twice(size)) STORED,
    details jsonb DEFAULT '{}',
    parent bigint CONSTRAINT fk_reports_parent REFERENCES reports ON DELETE CASCADE,
    CONSTRAINT uq_reports_title UNIQUE (title),
    CONSTRAINT ck_reports_size CHECK (size > 0)
);
CREATE INDEX ix_reports_size ON reports (size) WHERE size > 10;
CREATE INDEX ix_reports_title ON reports (lower(title), mood);
CREATE FUNCTION newest() RETURNS bigint LANGUAGE sql BEGIN ATOMIC
    SELECT max(id) FROM reports;
END;
CREATE STATISTICS st_reports (ndistinct) ON mood, size FROM reports;
CREATE TRIGGER touched BEFORE UPDATE ON reports
    FOR EACH ROW WHEN (old.size > 1) EXECUTE FUNCTION touch();
CREATE RULE keep AS ON DELETE TO reports WHERE old.size = 7 DO INSTEAD NOTHING;
CREATE POLICY readable ON reports FOR SELECT USING (size < 1000);
CREATE VIEW large_reports AS SELECT id, title FROM reports WHERE size > 100;
CREATE MATERIALIZED VIEW titles AS SELECT title, size FROM reports;
CREATE INDEX ix_titles_size ON titles (size);
CREATE TABLE events (id bigint, happened date NOT NULL) PARTITION BY RANGE (happened);
CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE "Odd ""name" ("Größe %" integer);
COMMENT ON TABLE reports IS 'Published reports';
COMMENT ON COLUMN reports.size IS 'in pages';
GRANT SELECT, INSERT ON reports TO drift_reader;
GRANT SELECT (id) ON events TO drift_reader;
"""
OPTIONS = "INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1 NO CYCLE"


class Case(NamedTuple):
    """A manual change, and the differences that it makes, as sentences."""

    statements: str
    sentences: tuple[str, ...]


def case(statements: str, *sentences: str) -> Case:
    return Case(statements, sentences)


def extra(name: str) -> str:
    return f"{name} exists in the database and in no migration"


def missing(name: str) -> str:
    return f"{name} is missing in the database"


def changed(name: str) -> str:
    """Return the sentence of a definition that is too long to quote."""
    return f"{name} differs between the database and the migrations"


def differs(name: str, actual: str | None, expected: str | None) -> str:
    migrations = f"make it {expected}" if expected else "set none"
    return f"{name} is {actual or 'missing'} in the database; the migrations {migrations}"


def allows_null(column: str) -> str:
    return f"column {column} allows NULL in the database; the migrations make it NOT NULL"


def is_not_null(column: str) -> str:
    return f"column {column} is NOT NULL in the database; the migrations allow NULL"


def execute(engine: Engine, statements: str) -> None:
    """Execute the statements verbatim, and commit."""
    with engine.begin() as connection:
        connection.exec_driver_sql(statements, execution_options={"no_parameters": True})
