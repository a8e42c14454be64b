"""A target whose catalogs describe large tables, and its copy for plans."""

from collections.abc import Iterator

import pytest
from sqlalchemy import URL, Engine, create_engine
from sqlalchemy.pool import NullPool

from support.databases import execute, new_database
from support.large_tables import enlarge
from support.planning import Planner, planning

OTHER_RELATIONS = """
    CREATE SCHEMA other;
    CREATE TABLE other.readings (id bigint PRIMARY KEY, word text);
    CREATE TABLE parts (id bigint, year int) PARTITION BY RANGE (year);
    CREATE TABLE parts_2020 PARTITION OF parts FOR VALUES FROM (2020) TO (2021);
    CREATE MATERIALIZED VIEW years AS SELECT document_type FROM documents;
    CREATE VIEW pages AS SELECT company_id FROM documents;
    CREATE TABLE kept (id bigint PRIMARY KEY);
    CREATE TABLE keeping (kept_id bigint REFERENCES kept);
    INSERT INTO kept SELECT generate_series(1, 500);
    INSERT INTO keeping SELECT n FROM generate_series(1, 500) AS n, generate_series(1, 60);
    CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN PERFORM FROM documents; RETURN NEW; END';
    CREATE TRIGGER notes BEFORE UPDATE ON keeping FOR EACH ROW EXECUTE FUNCTION note();
    ANALYZE kept, keeping;
    CREATE TABLE late (id bigint);
    ANALYZE late;
    INSERT INTO late SELECT generate_series(1, 2000);
    UPDATE pg_class SET relpages = 500000, reltuples = 9e6
     WHERE oid IN ('other.readings'::regclass, 'parts_2020'::regclass, 'years'::regclass);
"""


@pytest.fixture(scope="module")
def target(migration_server: URL, migrated_template: str) -> Iterator[Engine]:
    """Return a database at head whose catalogs describe large tables."""
    with new_database(migration_server, migrated_template) as url:
        engine = create_engine(url, poolclass=NullPool)
        with engine.begin() as connection:
            enlarge(connection)
        execute(engine, OTHER_RELATIONS)
        yield engine


@pytest.fixture(scope="module")
def planner(target: Engine) -> Iterator[Planner]:
    with planning(target) as planner:
        yield planner
