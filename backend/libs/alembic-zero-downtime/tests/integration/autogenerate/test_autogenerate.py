"""Autogenerate writes revisions that are safe on tables in use, and refuses the other changes."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine

from alembic_zero_downtime.autogenerate.change import (
    ADD_A_COLUMN,
    CHANGE_A_TYPE,
    CHANGE_AN_ENUM,
    WRITE_MANUALLY,
)
from alembic_zero_downtime.lint.linter import lint
from alembic_zero_downtime.revisions.left_out import FAILED
from support.autogenerate import as_golden, catalog_of, change_models, written_revisions
from support.autogenerate_cases import FORGOTTEN, REFUSED, WRITTEN
from support.docs import DOCS, needs_docs
from support.project import HEAD, ProjectCopy

# The lint reports them: only the author knows whether the running release still uses the object.
NEEDS_A_REASON = {
    "drop table": {"ban-drop-table"},
    "drop nullable column": {"ban-drop-column"},
    "drop column that is not null": {"ban-drop-column"},
}
PAGES = {ADD_A_COLUMN, CHANGE_A_TYPE, CHANGE_AN_ENUM, WRITE_MANUALLY}
Alembic = Callable[..., int]
GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("name", WRITTEN)
def test_written_revision_equals_the_golden_file_and_is_safe(
    name: str,
    project: ProjectCopy,
    migrated_database: URL,
    alembic: Alembic,
) -> None:
    """The variable UPDATE_GOLDEN rewrites the golden file."""
    change_models(project, WRITTEN[name])

    def run(*arguments: str) -> None:
        assert alembic(migrated_database, *arguments, ini=project.ini) == 0

    run("revision", "--autogenerate", "-m", name)
    revisions = written_revisions(project)
    golden = GOLDEN / f"{name.replace(' ', '_')}.txt"
    text = as_golden(revisions)
    if "UPDATE_GOLDEN" in os.environ:
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")
    report = lint(project.environment, everything=True)
    assert {each.rule.name for each in report.findings} == NEEDS_A_REASON.get(name, set())
    run("upgrade", "head")


@pytest.mark.parametrize("name", [*FORGOTTEN, "add column and index"])
def test_written_revision_is_complete_and_reversible(
    name: str,
    project: ProjectCopy,
    migrated_database: URL,
    alembic: Alembic,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of every case under load: acceptance/test_autogenerate_under_load.py."""
    monkeypatch.setenv("ALLOW_DATA_LOSS", "1")
    before = catalog_of(migrated_database)
    change_models(project, WRITTEN[name])

    def run(*arguments: str) -> None:
        assert alembic(migrated_database, *arguments, ini=project.ini) == 0

    run("revision", "--autogenerate", "-m", name)
    revisions = written_revisions(project)
    run("upgrade", "head")
    run("revision", "--autogenerate", "-m", "again")
    assert written_revisions(project) == revisions
    run("downgrade", HEAD)
    reverted = catalog_of(migrated_database)
    assert before.keys() - reverted.keys() == FORGOTTEN.get(name, set())
    assert reverted.keys() <= before.keys()


@pytest.mark.parametrize("name", REFUSED)
def test_change_without_a_safe_revision_is_refused_with_its_page(
    name: str,
    project: ProjectCopy,
    migrated_database: URL,
    alembic: Alembic,
    capsys: pytest.CaptureFixture[str],
) -> None:
    change, words = REFUSED[name]
    change_models(project, change)
    arguments = ("revision", "--autogenerate", "-m", name)
    assert alembic(migrated_database, *arguments, ini=project.ini) != 0
    error = capsys.readouterr().err
    line = next(line for line in error.splitlines() if line.startswith("FAILED"))
    assert all(word in line for word in words), line
    assert written_revisions(project) == []
    title = re.search(r'\. See "([^"]+)" in the documentation of alembic-zero-downtime$', line)
    assert title
    assert title[1] in PAGES


@needs_docs
def test_pages_that_messages_name_exist() -> None:
    pages = (DOCS / "how-to").glob("*.md")
    assert {page.read_text("utf-8").splitlines()[0].removeprefix("# ") for page in pages} >= PAGES


@pytest.mark.parametrize("is_indexed", [False, True], ids=["plain", "indexed"])
@pytest.mark.parametrize(("before", "is_written"), [("varchar(10)", True), ("varchar(30)", False)])
def test_type_change_is_written_only_without_a_scan_or_rewrite(
    before: str,
    is_written: bool,
    is_indexed: bool,
    project: ProjectCopy,
    migrated: Engine,
    alembic: Alembic,
) -> None:
    """PostgreSQL creates the index again, and keeps its file."""
    statements = [f"ALTER TABLE compiled_statements ADD COLUMN code {before}"]
    change = 'add("compiled_statements", sa.Column("code", sa.String(20)))'
    for column in ("code", "updated_at") if is_indexed else ():
        statements.append(f"CREATE INDEX ix_{column} ON compiled_statements ({column})")
        change += f'; sa.Index("ix_{column}", tables["compiled_statements"].c.{column})'
    project.add("\n".join(f"op.execute({each!r})" for each in statements))
    assert alembic(migrated.url, "upgrade", "head", ini=project.ini) == 0
    before_it = set(written_revisions(project))
    change_models(project, change)
    arguments = ("revision", "--autogenerate", "-m", "code")
    assert (alembic(migrated.url, *arguments, ini=project.ini) == 0) is is_written
    new = set(written_revisions(project)) - before_it
    revisions = [path.read_text(encoding="utf-8") for path in new]
    assert ["type_=sa.String(length=20)" in each for each in revisions] == [True] * is_written


def test_a_model_that_cannot_be_created_fails_after_the_others_are_written(
    project: ProjectCopy,
    migrated_database: URL,
    alembic: Alembic,
    capsys: pytest.CaptureFixture[str],
) -> None:
    bad = 'sa.Column("id", sa.Integer, primary_key=True, server_default=sa.text("nowhere()"))'
    change_models(project, f'sa.Table("bad", metadata, {bad}); {WRITTEN["add nullable column"]}')
    arguments = ("revision", "--autogenerate", "-m", "sector")
    for _ in range(2):
        assert alembic(migrated_database, *arguments, ini=project.ini) == FAILED
        output = capsys.readouterr()
        (line,) = (line for line in output.err.splitlines() if line.startswith("FAILED"))
        assert "the table bad of the models cannot be created" in line
        assert "No difference" not in output.out
        assert len(written_revisions(project)) == 1
        assert alembic(migrated_database, "upgrade", "head", ini=project.ini) == 0
        capsys.readouterr()
