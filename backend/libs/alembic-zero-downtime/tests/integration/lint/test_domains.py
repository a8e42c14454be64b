"""Which domains make a new column rewrite its table: the lint agrees with PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, create_engine, text
from sqlalchemy.pool import NullPool

from support.databases import new_database
from support.lint_revisions import Linter, write

DOMAINS = (
    "CREATE DOMAIN plain AS text",
    "CREATE DOMAIN filled AS text DEFAULT 'a'",
    "CREATE DOMAIN checked AS text CHECK (VALUE <> '')",
    "CREATE DOMAIN required text DEFAULT 'a' NOT NULL",
    "CREATE DOMAIN token AS uuid DEFAULT gen_random_uuid() CONSTRAINT c NULL",
    "CREATE DOMAIN of_checked AS public.checked",
    "CREATE DOMAIN of_token AS token",
    "CREATE DOMAIN words AS text[] CHECK (cardinality(VALUE) > 0)",
    "CREATE DOMAIN of_array AS checked[]",
    "CREATE DOMAIN later AS text",
    "ALTER DOMAIN later ADD CONSTRAINT c CHECK (VALUE <> '') NOT VALID",
    "CREATE DOMAIN before AS text CHECK (VALUE <> '')",
    'ALTER DOMAIN before RENAME TO "After"',
    "ALTER DOMAIN plain DROP NOT NULL",
    "ALTER DOMAIN filled DROP DEFAULT",
)
REWRITING = [
    *("a checked", "a checked DEFAULT 'x'", "a public.checked NULL", 'a "checked"'),
    *("a required", "a of_checked", "a words", "a later", 'a "After"', "b text, ADD a checked"),
    *("a token", "a of_token", "IF NOT EXISTS a token"),
]
READING_NO_ROW = [
    *("a plain", "a filled", "a checked[]", "a checked ARRAY", "a of_array", "a token[]"),
    *("a token DEFAULT NULL", "a text DEFAULT 'x'::checked", "checked text", "COLUMN a plain"),
]


@pytest.fixture(scope="module")
def table(migration_server: URL) -> Iterator[Engine]:
    """Return a database with the domains, and a table of one row."""
    with new_database(migration_server) as url:
        engine = create_engine(url, poolclass=NullPool)
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE t (word text); INSERT INTO t VALUES ('a')")
            for statement in DOMAINS:
                connection.exec_driver_sql(statement)
        yield engine
        engine.dispose()


@pytest.fixture
def linter(tmp_path: Path) -> Linter:
    """Return a folder with one revision after the one that creates the domains."""
    linter = Linter(tmp_path)
    create = "\n".join(f"op.execute({statement!r})" for statement in DOMAINS)
    linter.path.with_name("000_create.py").write_text(write(create))
    return linter


def rules_of(linter: Linter, upgrade: str) -> list[str]:
    report = linter.lint(write(upgrade))
    found = (each.rule.name for each in report.findings if each.path == linter.path)
    return [each for each in found if each not in {"downgrade", "numbering"}]


@pytest.mark.parametrize("column", [*REWRITING, *READING_NO_ROW])
def test_column_of_a_domain_rewrites_the_table_as_said(
    column: str, table: Engine, linter: Linter
) -> None:
    file = text("SELECT pg_relation_filenode('t')")
    with table.connect() as connection:
        before = connection.scalar(file)
        connection.exec_driver_sql(f"ALTER TABLE t ADD {column}")
        is_rewritten = connection.scalar(file) != before
    assert is_rewritten is (column in REWRITING)
    found = rules_of(linter, f"op.execute({f'ALTER TABLE t ADD {column}'!r})")
    assert ("constrained-domain" in found) is is_rewritten


CHECKED = 'postgresql.DOMAIN("checked", sa.Text())'
TO_A_DOMAIN: dict[str, tuple[list[str], str]] = {
    "online": (
        ["constrained-domain"],
        f'op.add_column_online("t", sa.Column("a", {CHECKED}, server_default="x"))',
    ),
    "in a new table": ([], f'op.create_table("u", sa.Column("a", {CHECKED}))'),
    "added to a new table": (
        [],
        f'op.create_table("u"); op.add_column("u", sa.Column("b", {CHECKED}))',
    ),
    "changed": (["changing-column-type"], f'op.alter_column("t", "a", type_={CHECKED})'),
    "of a new domain": (
        [],
        "op.execute(\"CREATE DOMAIN new AS text; ALTER DOMAIN new ADD CHECK (VALUE <> '')\")",
    ),
    "required": (
        ["ban-alter-domain-with-add-constraint"],
        'op.execute("ALTER DOMAIN plain SET NOT NULL")',
    ),
}


@pytest.mark.parametrize("name", TO_A_DOMAIN)
def test_rows_that_a_domain_touches_are_found(name: str, linter: Linter) -> None:
    rules, upgrade = TO_A_DOMAIN[name]
    assert rules_of(linter, f"from sqlalchemy.dialects import postgresql\n{upgrade}") == rules
