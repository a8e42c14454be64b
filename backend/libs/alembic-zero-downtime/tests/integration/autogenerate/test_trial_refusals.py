"""A revision that does not run is refused with the reason and a remedy, and is not written."""

from collections.abc import Callable

import pytest
from sqlalchemy import URL

from support.autogenerate import POSTGRESQL, change_models, table
from support.project import ProjectCopy

Alembic = Callable[..., int]
DOMAIN = 'pg.DOMAIN("word", sa.Text(), check="length(VALUE) > 1", constraint_name="c")'
REFUSED = {
    "the type of a column that a view needs": (
        'sa.Table("t", metadata, sa.Column("a", sa.String(20)))',
        'op.execute("CREATE TABLE t (a varchar(10)); CREATE VIEW v AS SELECT a FROM t")',
        ["cannot alter type of a column used by a view", "Drop or change what depends on it"],
    ),
    "the type of a column that a generated one uses": (
        (
            'sa.Table("t", metadata, sa.Column("a", sa.String),'
            ' sa.Column("b", sa.Text, sa.Computed("a", persisted=True)))'
        ),
        'op.execute("CREATE TABLE t (a text, b text GENERATED ALWAYS AS (a) STORED)")',
        ["cannot alter type of a column used by a generated column", "Write it manually"],
    ),
    "a column of a domain with constraints": (
        f'{POSTGRESQL}sa.Table("t", metadata, sa.Column("a", sa.Text), sa.Column("b", {DOMAIN}))',
        'op.execute("CREATE TABLE t (a text)")',
        ["t.b is of a domain with constraints", "the CHECKs of the domain as its own"],
    ),
    "a table that a view needs": (
        'metadata.remove(tables["compiled_statements"])',
        'op.execute("CREATE VIEW v AS SELECT * FROM compiled_statements")',
        ["view v depends on table compiled_statements", "Drop or change what depends on it"],
    ),
    "a partitioned table that goes": (
        "",
        'op.execute("CREATE TABLE p (id int) PARTITION BY HASH (id)")',
        ["p is partitioned: dropping it drops its partitions", "CREATE TABLE … PARTITION OF"],
    ),
    "an index of a partitioned table": (
        'sa.Table("p", metadata, sa.Column("id", sa.Integer), postgresql_partition_by="HASH (id)")',
        'op.execute("CREATE TABLE p (id int) PARTITION BY HASH (id); CREATE INDEX i ON p (id)")',
        ["p is partitioned, and PostgreSQL cannot drop its index i concurrently", "op.drop_index"],
    ),
    "a column of a domain with constraints and a default": (
        POSTGRESQL + f'add("companies", sa.Column("w", {DOMAIN}, server_default="xy"))',
        'op.execute("CREATE DOMAIN word AS text CONSTRAINT c CHECK (length(VALUE) > 1)")',
        ["companies.w is of a domain with constraints", "the CHECKs of the domain as its own"],
    ),
    "a value of an enum": (
        table("jobs", 'sa.Column("s", sa.Enum("a", "b :c", "d", "e", "f", name="state"))'),
        "op.execute(\"CREATE TYPE state AS ENUM ('a', 'd')\")",
        [
            "ALTER TYPE state ADD VALUE 'b :c' AFTER 'a'; ALTER TYPE state ADD VALUE 'e'; ",
            "ALTER TYPE state ADD VALUE 'f'",
            "Change an enum",
        ],
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_run_is_refused_and_nothing_is_written(
    name: str,
    project: ProjectCopy,
    migrated_database: URL,
    alembic: Alembic,
    capsys: pytest.CaptureFixture[str],
) -> None:
    change, revision, words = REFUSED[name]
    if revision:
        project.add(revision)
        assert alembic(migrated_database, "upgrade", "head", ini=project.ini) == 0
    change_models(project, change)
    before = {path: path.read_bytes() for path in project.versions.iterdir() if path.is_file()}
    arguments = ("revision", "--autogenerate", "-m", "change")
    assert alembic(migrated_database, *arguments, ini=project.ini) != 0
    line = next(each for each in capsys.readouterr().err.splitlines() if "FAILED" in each)
    assert all(word in line for word in ["no revision written", *words]), line
    after = {path: path.read_bytes() for path in project.versions.iterdir() if path.is_file()}
    assert after == before
