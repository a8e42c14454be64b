"""The recipes of docs/migrations/how-to: each goes up and down, and its code works at each step.

acceptance/test_recipes.py runs them while the code of several releases writes.
"""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, text

from support.docs import DOCS, needs_docs
from support.project import ProjectCopy
from support.recipes import (
    CONVENTIONS,
    PAGES,
    add_revision,
    find_broken_rules,
    read_page,
    read_steps,
    schema_snapshot,
)
from support.releases import Release, Rows

Alembic = Callable[..., int]
STEPS = read_steps()
OLD_ROWS = 5
WITHOUT_RECIPE = {"change-an-enum.md", "index.md", "merge-two-branches.md"}
LOCKS_PAGE = DOCS / "explanation" / "locks.md"
LOCKS = [
    *("AccessShareLock", "RowShareLock", "RowExclusiveLock", "ShareUpdateExclusiveLock"),
    *("ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock"),
]
LOCK_ROW = re.compile(r"^\| `(?P<statement>[A-Z][^`]+)` \| (?P<lock>[A-Z ]+) \|", re.MULTILINE)


class Deployment:
    """The running releases, which take turns: none works during a revision."""

    def __init__(self, url: URL) -> None:
        self.rows = Rows(url)
        self.releases: dict[str, Release] = {}
        self._works = 0

    def work(self, *names: str) -> None:
        """Let each of these releases write and read."""
        with self.rows.engine.connect() as connection:
            for name in names:
                self.releases[name].work(connection, self._works)
                self._works += 1


@pytest.mark.slow
@pytest.mark.parametrize("heading", STEPS)
def test_recipe_goes_up_and_down(
    heading: str,
    migrated_database: URL,
    project: ProjectCopy,
    alembic: Alembic,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ALLOW_DATA_LOSS", "1")
    url, steps = migrated_database, STEPS[heading]
    before = schema_snapshot(url)
    deployed = Deployment(url)
    for block, running in steps:
        if block.is_query:
            deployed.rows.query(block.code)
        elif block.is_revision:
            add_revision(project, block)
            assert alembic(url, "upgrade", "head", ini=project.ini) == 0
        else:
            release = deployed.releases[block.role] = Release(block, deployed.rows)
            if not deployed.rows.values:
                release.insert_many(OLD_ROWS)
        deployed.work(*running)
    assert release.reads_all()
    assert find_broken_rules(project) == set()
    for block, running in reversed(steps):
        if block.is_revision:
            code = alembic(url, "downgrade", "-1", ini=project.ini)
            assert (code != 0) == block.is_refused
            if block.is_refused:
                return
        elif block.role == "old code":
            assert deployed.releases[block.role].reads_all()
        deployed.work(*running)
    assert schema_snapshot(url) == before


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_revision_and_statement_of_a_page_is_run(page: Path) -> None:
    recipes = read_page(page)
    recipes.pop(CONVENTIONS, None)
    without_revision = {
        heading
        for heading, blocks in recipes.items()
        if not any(block.is_revision for block in blocks)
    }
    assert not without_revision, "code under a heading that has no revision is not run"
    assert bool(recipes) == (page.name not in WITHOUT_RECIPE)
    blocks = [block for each in read_page(page).values() for block in each]
    words = page.read_text(encoding="utf-8")
    run_by_test = "".join(block.code for block in blocks)
    assert words.count("def upgrade(") == run_by_test.count("def upgrade("), "no role"
    assert words.count("```sql") == sum(not block.is_revision for block in blocks), "indented"
    assert all(block.code.startswith("SELECT ") for block in blocks if block.is_query), "no role"


@needs_docs
def test_statements_take_the_locks_of_the_page(migrated: Engine) -> None:
    rows = LOCK_ROW.findall(LOCKS_PAGE.read_text(encoding="utf-8"))
    assert len(rows) > 10
    found = []
    for statement, _ in rows:
        with migrated.connect() as connection:
            connection.execute(text(statement))
            modes = connection.scalars(
                text(
                    "SELECT mode FROM pg_locks WHERE pid = pg_backend_pid()"
                    " AND relation = to_regclass('documents')"
                )
            ).all()
        strongest = max(modes, key=LOCKS.index)
        found.append((statement, strongest))
    assert found == [(s, f"{lock.title().replace(' ', '')}Lock") for s, lock in rows]
