"""What the rules say of PostgreSQL is true: the wrong examples' locks; and the right ones run."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import op
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import URL, Connection, Engine, create_engine, text
from sqlalchemy.pool import NullPool

from alembic_zero_downtime.lint.finding import Rule
from alembic_zero_downtime.lint.rules import RULES
from support.bare import bare
from support.databases import new_database
from support.project import ProjectCopy

TABLES = """
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE DOMAIN ticker AS text;
CREATE TABLE companies (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, ticker ticker
);
CREATE TABLE documents (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, company_id bigint NOT NULL,
    url text, lower_url text GENERATED ALWAYS AS (lower(url)) STORED, file_path text,
    title text, fiscal_year integer, created_at timestamptz DEFAULT now()
);
CREATE INDEX ix_documents_url ON documents (url);
CREATE TABLE extractions (id bigint PRIMARY KEY, document_id bigint REFERENCES documents);
CREATE TABLE readings (id bigint NOT NULL);
CREATE UNIQUE INDEX ix_readings_id ON readings (id);
CREATE TABLE prices (year integer NOT NULL) PARTITION BY LIST (year);
CREATE TABLE prices_2019 PARTITION OF prices FOR VALUES IN (2019);
CREATE DOMAIN isin AS text;
CREATE SCHEMA archive;
CREATE SEQUENCE document_numbers;
CREATE VIEW reports AS SELECT 1 AS one;
CREATE FUNCTION total(bigint) RETURNS bigint LANGUAGE sql AS 'SELECT $1';
INSERT INTO companies (name, ticker) VALUES ('Acme', 'ACM');
INSERT INTO documents (company_id, url, file_path, fiscal_year) VALUES (1, 'a', 'b', 2019);
INSERT INTO extractions VALUES (1, 1);
INSERT INTO readings VALUES (1);
"""
MODES = (
    "ROW EXCLUSIVE",
    "SHARE UPDATE EXCLUSIVE",
    "SHARE",
    "SHARE ROW EXCLUSIVE",
    "ACCESS EXCLUSIVE",
)
LOCK = re.compile(rf"\b({'|'.join(sorted(MODES, key=len, reverse=True))}) on ")
HELD = text(
    "SELECT mode FROM pg_locks WHERE pid = pg_backend_pid()"
    " AND (locktype = 'object' OR relation = ANY(:known))"
)
KNOWN = text("SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace")
NOT_RUN = {
    "adding-required-field": "it fails where there are rows",
    "ban-drop-database": "not in a transaction",
    "ban-drop-extension": "the server may not have it",
    "invalid-index": "not in a transaction",
}

LOCKING = [rule for rule in RULES.values() if LOCK.match(rule.lock) and rule.name not in NOT_RUN]
# A downgrade that is not part of an example, and files beside the revision, are no SQL.
RUNNABLE = [
    rule
    for rule in RULES.values()
    if any(line[:1] not in {"", "#"} for line in rule.right.splitlines())
    and rule.name not in {"docstring", "downgrade", "head-file", "numbering", "ban-drop-extension"}
]


@pytest.fixture(scope="module")
def tables(migration_server: URL) -> Iterator[Engine]:
    """Return a database with the tables of the examples."""
    with new_database(migration_server) as url:
        engine = create_engine(url, poolclass=NullPool)
        with engine.begin() as connection:
            connection.exec_driver_sql(TABLES)
        yield engine
        engine.dispose()


def held_modes(connection: Connection, lines: str) -> set[str]:
    """Run lines of `upgrade`; return the modes of the locks on what existed before."""
    known = list(connection.scalars(KNOWN))
    with Operations.context(MigrationContext.configure(connection)):
        exec(lines, {"op": op, "sa": sa})  # noqa: S102 an example of this library
    modes = connection.scalars(HELD, {"known": known})
    return {re.sub(r"\B([A-Z])", r" \1", mode.removesuffix("Lock")).upper() for mode in modes}


@pytest.mark.parametrize("rule", LOCKING, ids=lambda rule: rule.name)
def test_wrong_example_takes_the_lock_that_is_said(rule: Rule, tables: Engine) -> None:
    with tables.connect() as connection:
        held = held_modes(connection, rule.wrong.rpartition("\n\n")[2])
    said = LOCK.findall(rule.lock)
    assert max(said, key=MODES.index) == max(held & set(MODES), key=MODES.index), held


@pytest.mark.slow
@pytest.mark.parametrize("rule", RUNNABLE, ids=lambda rule: rule.name)
def test_right_example_runs(
    rule: Rule, tmp_path: Path, migration_server: URL, alembic: Callable[..., int]
) -> None:
    project = bare(ProjectCopy(tmp_path))
    first = project.path_of("001")
    source = first.read_text(encoding="utf-8").partition("def upgrade")[0]
    first.write_text(
        f"{source}def upgrade() -> None:\n    op.execute({TABLES!r})\n\n\n"
        "def downgrade() -> None:\n    pass\n",
        encoding="utf-8",
    )
    declarations, _, upgrade = rule.right.rpartition("\n\n")
    project.add(upgrade, declarations=declarations)
    with new_database(migration_server) as url:
        assert alembic(url, "upgrade", "head", ini=project.ini) == 0
