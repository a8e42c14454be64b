"""A schema with something of everything, and how what people do to it is told."""

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
COMMENT ON TABLE reports IS 'What was read';
COMMENT ON COLUMN reports.size IS 'in pages';
GRANT SELECT, INSERT ON reports TO drift_reader;
GRANT SELECT (id) ON events TO drift_reader;
"""
OPTIONS = "INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1 NO CYCLE"


class Case(NamedTuple):
    """What somebody did by hand, and all that is to be said about it."""

    statements: str
    sentences: tuple[str, ...]


def case(statements: str, *sentences: str) -> Case:
    return Case(statements, sentences)


def extra(what: str) -> str:
    return f"{what} exists in the database and in no migration"


def missing(what: str) -> str:
    return f"{what} is made by the migrations and is not in the database"


def another(what: str) -> str:
    return f"{what} is another one in the database than by the migrations"


def differs(what: str, actual: str | None, expected: str | None) -> str:
    return (
        f"{what} is {actual or 'none'} in the database and {expected or 'none'} by the migrations"
    )


def execute(engine: Engine, statements: str) -> None:
    """Run the statements as they are written, and commit."""
    with engine.begin() as connection:
        connection.exec_driver_sql(statements, execution_options={"no_parameters": True})
