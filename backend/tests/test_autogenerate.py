"""Autogenerate writes revisions that are safe on a live table: golden files, applied under load."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import URL, create_engine, text
from sqlalchemy.pool import NullPool

from app.db.lint.report import lint
from app.db.migrations.drift.catalog import Catalog, Item, read_catalog
from tests.autogenerate_cases import REFUSED, WRITTEN
from tests.project import Project
from tests.revisions import HEAD
from tests.shell import BACKEND
from tests.writers import writers

# A column comes back without NOT NULL: its values are gone.
FORGOTTEN = {
    "drop column that is not null": {Item("column", "extractions", "raw_data", "nullability")}
}
# What the lint says to that: whether code still uses it, only people know.
NEEDS_A_REASON = {
    "drop table": {"ban-drop-table"},
    "drop nullable column": {"ban-drop-column"},
    "drop column that is not null": {"ban-drop-column"},
}
Alembic = Callable[..., int]
GOLDEN = Path(__file__).parent / "golden"
MODELS = """
import sqlalchemy as sa

metadata = sa.MetaData(naming_convention=Base.metadata.naming_convention)
for table in Base.metadata.sorted_tables:
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
"""


@pytest.fixture(autouse=True)
def _may_drop_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOW_DATA_LOSS", "1")


def change_models(project: Project, change: str) -> None:
    """Let the project's env.py compare with changed models."""
    env = project.ini.parent / "alembic" / "env.py"
    code = env.read_text(encoding="utf-8")
    code = code.replace("    Base.metadata,\n", "    metadata,\n")
    before, mark, after = code.partition("ini_file = ")
    env.write_text(before + MODELS.format(change=change) + mark + after, encoding="utf-8")


def catalog_of(url: URL) -> Catalog:
    with create_engine(url, poolclass=NullPool).connect() as connection:
        return read_catalog(connection)


def written(project: Project) -> list[Path]:
    return sorted(path for path in project.versions.glob("*.py") if path.stem[:3] > HEAD)


def as_golden(paths: list[Path]) -> str:
    """Return the revisions without what differs from day to day."""
    text = "\n\n".join(f"# {path.name}\n{path.read_text(encoding='utf-8')}" for path in paths)
    text = re.sub(r"Create Date: .*", "Create Date: …", text)
    for number in range(len(paths), -1, -1):
        revision = f"{int(HEAD) + number:03d}"
        text = text.replace(f"{revision}_", f"head+{number}_")
        text = re.sub(rf'(= "|ID: |Revises: ){revision}', rf"\1head+{number}", text)
    return text.replace("head+0", "head")


@pytest.mark.parametrize("name", WRITTEN)
def test_written_as_expected_applied_under_load_and_taken_back(
    name: str, project: Project, migrated_url: URL, alembic: Alembic
) -> None:
    before = catalog_of(migrated_url)
    change_models(project, WRITTEN[name])
    ini = str(project.ini)
    assert alembic(migrated_url, "revision", "--autogenerate", "-m", name, ini=ini) == 0
    revisions = written(project)
    golden = GOLDEN / f"{name.replace(' ', '_')}.txt"
    text = as_golden(revisions)
    if "UPDATE_GOLDEN" in os.environ:
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")
    found = {each.rule.name for each in lint(project.versions, everything=True).findings}
    assert found == NEEDS_A_REASON.get(name, set())
    with writers(migrated_url) as load:
        assert alembic(migrated_url, "upgrade", "head", ini=ini) == 0
    assert load.failures == []
    after = catalog_of(migrated_url)
    assert alembic(migrated_url, "revision", "--autogenerate", "-m", "again", ini=ini) == 0
    assert as_golden(written(project)[len(revisions) :]) == ""
    assert alembic(migrated_url, "downgrade", HEAD, ini=ini) == 0
    back = catalog_of(migrated_url)
    assert before.keys() - back.keys() == FORGOTTEN.get(name, set())
    assert back.keys() <= before.keys()
    assert alembic(migrated_url, "upgrade", "head", ini=ini) == 0
    assert catalog_of(migrated_url) == after


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_revision_makes_safely_is_refused_with_the_recipe(
    name: str,
    project: Project,
    migrated_url: URL,
    alembic: Alembic,
    capsys: pytest.CaptureFixture[str],
) -> None:
    change, words = REFUSED[name]
    change_models(project, change)
    arguments = ("revision", "--autogenerate", "-m", name)
    assert alembic(migrated_url, *arguments, ini=str(project.ini)) != 0
    error = capsys.readouterr().err
    line = next(line for line in error.splitlines() if line.startswith("ERROR"))
    assert all(word in line for word in words), line
    assert written(project) == []
    page, _, section = line.rpartition("See ")[2].partition("#")
    headings = re.findall(r"^#+ (.*)$", (BACKEND.parent / page).read_text("utf-8"), re.MULTILINE)
    assert section in {heading.lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize(("before", "is_written"), [("varchar(10)", True), ("varchar(30)", False)])
def test_a_type_is_changed_where_that_touches_no_row(
    before: str, is_written: bool, project: Project, migrated_url: URL, alembic: Alembic
) -> None:
    with create_engine(migrated_url, poolclass=NullPool).begin() as connection:
        connection.execute(text(f"ALTER TABLE compiled_statements ADD COLUMN code {before}"))
    change_models(project, 'add("compiled_statements", sa.Column("code", sa.String(20)))')
    ini = str(project.ini)
    code = alembic(migrated_url, "revision", "--autogenerate", "-m", "code", ini=ini)
    assert (code == 0) is is_written
    revisions = [path.read_text(encoding="utf-8") for path in written(project)]
    assert ["type_=sa.String(length=20)" in each for each in revisions] == [True] * is_written
