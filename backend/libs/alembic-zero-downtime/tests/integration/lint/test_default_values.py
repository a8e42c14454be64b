"""Which defaults of a new column rewrite the table: the lint agrees with PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, create_engine, text
from sqlalchemy.pool import NullPool

from alembic_zero_downtime.lint.default_values import STABLE_FUNCTIONS, SYNTAX, rewrites_table
from support.databases import new_database
from support.lint_revisions import UPGRADE, Linter

CONSTANT = [
    *("text DEFAULT lower('Aé𝄞')", "text DEFAULT md5('x')", "text DEFAULT concat('a', 'now()')"),
    "tstzrange DEFAULT tstzrange(now(), NULL)",
    "timestamptz DEFAULT timezone('UTC', now())",
    "timestamptz DEFAULT now() + interval '1 day'",
    "date DEFAULT date_trunc('month', CURRENT_DATE)::date",
    "text DEFAULT CURRENT_USER",
    "text DEFAULT pg_catalog.upper('a')",
    "jsonb DEFAULT jsonb_build_object('a', 1)",
    "integer DEFAULT char_length('abc') + 1",
    "numeric DEFAULT '1'::numeric(10, 2)",
    "text DEFAULT CAST('2020-01-01' AS varchar(4))",
    "integer DEFAULT (CASE WHEN (1 > 0) THEN (1) ELSE (2) END)",
    "text DEFAULT coalesce(NULL, 'a')",
    "integer[] DEFAULT ARRAY[1, 2]",
    "text DEFAULT\n    upper(\n    'a')",
]
VOLATILE = [
    *("uuid DEFAULT gen_random_uuid()", "float DEFAULT random()", "bigint DEFAULT nextval('s')"),
    "timestamptz DEFAULT clock_timestamp()",
    "text DEFAULT lower(gen_random_uuid()::text)",
    "text DEFAULT lower(to_char(clock_timestamp(), 'YYYY'))",
    "bigint GENERATED ALWAYS AS IDENTITY",
    "text GENERATED ALWAYS AS (lower(word)) STORED",
    'float DEFAULT "random"()',
]
UNKNOWN = [
    "text DEFAULT \"LOWER\"('a')",
    "text DEFAULT public.lower('a')",
    "text DEFAULT own()",
    "text DEFAULT other.now()",
]


@pytest.fixture(scope="module")
def table(migration_server: URL) -> Iterator[Engine]:
    """Return a database with a table of one row, a sequence and functions."""
    with new_database(migration_server) as url:
        engine = create_engine(url, poolclass=NullPool)
        with engine.begin() as connection:
            connection.exec_driver_sql(
                "CREATE TABLE t (word text); INSERT INTO t VALUES ('a'); CREATE SEQUENCE s"
            )
        yield engine
        engine.dispose()


@pytest.mark.parametrize("column", [*CONSTANT, *VOLATILE])
def test_column_rewrites_the_table_as_said(column: str, table: Engine, tmp_path: Path) -> None:
    file = text("SELECT pg_relation_filenode('t')")
    with table.connect() as connection:
        before = connection.scalar(file)
        connection.exec_driver_sql(f"ALTER TABLE t ADD c {column}")
        is_rewritten = connection.scalar(file) != before
    assert is_rewritten is (column in VOLATILE)
    linter = Linter(tmp_path)
    found = linter.find(f"op.execute({f'ALTER TABLE t ADD c {column}'!r})")
    assert (("adding-field-with-default", UPGRADE) in found) is is_rewritten


@pytest.mark.parametrize("column", UNKNOWN)
def test_unknown_function_may_be_volatile(column: str) -> None:
    assert rewrites_table(column.partition("DEFAULT ")[2])


def test_functions_that_are_called_stable_are_so_on_each_server(each_url: URL) -> None:
    engine = create_engine(each_url, poolclass=NullPool)
    query = text(
        "SELECT proname, bool_or(provolatile = 'v') FROM pg_proc"
        " WHERE pronamespace = 'pg_catalog'::regnamespace AND proname = ANY(:names) GROUP BY 1"
    )
    with engine.connect() as connection:
        rows = connection.execute(query, {"names": sorted(STABLE_FUNCTIONS | SYNTAX)}).all()
    assert [name for name, is_volatile in rows if is_volatile] == []
    assert {name for name, _ in rows} >= STABLE_FUNCTIONS
