"""Change the models of a project copy, and read the revisions that autogenerate writes."""

import re
from pathlib import Path

from sqlalchemy import URL, create_engine
from sqlalchemy.pool import NullPool

from alembic_zero_downtime.schema.catalog import Catalog, read_catalog
from support.project import HEAD, ProjectCopy

# A copy of the models, and the functions that the cases use.
MODELS = """
from dataclasses import replace

import sqlalchemy as sa

models = PROJECT.load_metadata()
metadata = sa.MetaData(naming_convention=models.naming_convention)
for table in models.sorted_tables:
    table.to_metadata(metadata)
tables = metadata.tables


def add(table, column):
    tables[table].append_column(column)


def drop(table, column):
    tables[table].constraints = {{each for each in tables[table].constraints
                                 if column not in str(getattr(each, "sqltext", ""))}}
    tables[table]._columns.remove(tables[table].c[column])


def drop_constraint(table, name):
    tables[table].constraints = {{each for each in tables[table].constraints
                                 if (each.name if "." not in str(each.name) else "") != name
                                 and sa.schema.conv(str(each.name)) != name}}


def drop_index(table, name):
    tables[table].indexes = {{each for each in tables[table].indexes if each.name != name}}


{change}
run(replace(PROJECT, metadata=metadata))
"""


ADD_PATH = (
    'tables["documents"].append_column(sa.Column("local_path", sa.Text))\n'
    'tables["documents"].append_constraint('
    'sa.CheckConstraint("local_path <> \'\'", name="local_path_not_blank"))'
)
"""A column with a CHECK: two revisions."""


KEY = 'sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True)'
POSTGRESQL = "from sqlalchemy.dialects import postgresql as pg\n"
PARTITIONED = (
    "CREATE TABLE p (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), q uuid NOT NULL)"
    " PARTITION BY HASH (id);"
    " CREATE TABLE p_1 PARTITION OF p FOR VALUES WITH (MODULUS 1, REMAINDER 0);"
)
PARTITIONED_MODEL = (
    'sa.Table("p", metadata, sa.Column("id", sa.Uuid, primary_key=True,'
    ' server_default=sa.func.gen_random_uuid()), sa.Column("q", sa.Uuid, nullable=False),'
    ' sa.PrimaryKeyConstraint("id", name="p_pkey"), postgresql_partition_by="HASH (id)")'
)
"""The model of the table that these statements create."""


def table(name: str, *parts: str) -> str:
    """Return the source of a model with a key and other columns, constraints and indexes."""
    return f'sa.Table("{name}", metadata, {", ".join((KEY, *parts))})'


def change_models(project: ProjectCopy, change: str) -> None:
    """Let env.py of the project use changed models."""
    env = project.ini.parent / "alembic" / "env.py"
    code = env.read_text(encoding="utf-8")
    before, call, after = code.partition("run(PROJECT)\n")
    assert call
    env.write_text(before + MODELS.format(change=change) + after, encoding="utf-8")


def written_revisions(project: ProjectCopy) -> list[Path]:
    """Return the files of the revisions after those of the test project."""
    return sorted(path for path in project.versions.glob("*.py") if path.stem[:3] > HEAD)


def as_golden(paths: list[Path]) -> str:
    """Return the revisions as one text, without their dates."""
    text = "\n\n".join(f"# {path.name}\n{path.read_text(encoding='utf-8')}" for path in paths)
    return re.sub(r"Create Date: .*", "Create Date: …", text)


def catalog_of(url: URL) -> Catalog:
    """Return the catalog of a database."""
    with create_engine(url, poolclass=NullPool).connect() as connection:
        return read_catalog(connection)
