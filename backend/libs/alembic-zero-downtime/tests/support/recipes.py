"""Read the recipes of docs/migrations/how-to, so that a test runs the code of the pages."""

import re
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import URL, create_engine
from sqlalchemy.pool import NullPool

from alembic_zero_downtime.lint.linter import lint
from alembic_zero_downtime.tables import BACKFILL_TABLE
from support.docs import DOCS
from support.project import ProjectCopy
from support.snapshots import Snapshot, read_catalog

PAGES = sorted((DOCS / "how-to").glob("*.md"))
CONVENTIONS = "How to read the recipes"
IS_GONE = "when the old code is gone"
# Blocks and headings in one expression: a comment in a block looks like a heading.
PART = re.compile(
    r"^```(?P<language>\w*)[^\n]*\n(?P<code>.*?)^```$|^#+ (?P<heading>[^\n]+)$",
    re.MULTILINE | re.DOTALL,
)
# The first line of a block is a comment with its role; SQL without one is a query.
ROLE = re.compile(r"(?:#|--) (?P<role>revision|old code|next code|new code)\b(?P<more>[^\n]*)\n")
REVISION = '''"""A revision of a recipe."""

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = "{previous}"


{code}'''


class Block(NamedTuple):
    """A block of a recipe.

    Attributes:
        role: `revision`, the release whose statements these are, e.g. `old code`, or `query`.
        more: the rest of the first line.
        code: all lines after it.
    """

    role: str
    more: str
    code: str

    @property
    def is_revision(self) -> bool:
        return self.role == "revision"

    @property
    def is_query(self) -> bool:
        return self.role == "query"

    @property
    def is_refused(self) -> bool:
        """Whether the downgrade of a revision raises an error, as the page says."""
        return "raise CommandError" in self.code


class Step(NamedTuple):
    """A block of a recipe, and the releases that run when it is applied."""

    block: Block
    releases: tuple[str, ...]


def read_steps() -> dict[str, list[Step]]:
    """Return the steps of each recipe on all pages, by its heading."""
    recipes = read_recipes()
    usual = recipes.pop(CONVENTIONS, [])
    return {heading: _steps_of(blocks, usual) for heading, blocks in recipes.items()}


def _steps_of(blocks: list[Block], usual: list[Block]) -> list[Step]:
    """Return the steps of a recipe, with the usual old code unless it has its own."""
    if not any(block.role == "old code" for block in blocks):
        blocks = [*usual, *blocks]
    releases: tuple[str, ...] = ()
    steps = []
    for block in blocks:
        if block.is_revision and IS_GONE in block.more:
            releases = releases[-1:]
        elif not block.is_revision and not block.is_query:
            releases = (*releases[-1:], block.role)
        steps.append(Step(block, releases))
    return steps


def read_recipes() -> dict[str, list[Block]]:
    """Return the blocks of each recipe on all pages, by its heading."""
    recipes: dict[str, list[Block]] = {}
    for page in PAGES:
        found = read_page(page)
        repeated = recipes.keys() & found.keys()
        assert not repeated, f"{page.name} repeats the heading of a recipe: {repeated}"
        recipes |= found
    return recipes


def read_page(page: Path) -> dict[str, list[Block]]:
    """Return the blocks of each section that has any, by its heading, in their order."""
    recipes: dict[str, list[Block]] = {}
    heading = ""
    for part in PART.finditer(page.read_text(encoding="utf-8")):
        heading = part["heading"] or heading
        if block := _read_block(part["language"], part["code"]):
            recipes.setdefault(heading, []).append(block)
    return recipes


def _read_block(language: str | None, code: str) -> Block | None:
    if language in ("python", "sql") and (role := ROLE.match(code)):
        return Block(role["role"], role["more"], code[role.end() :])
    return Block("query", "", code) if language == "sql" else None


def add_revision(project: ProjectCopy, block: Block) -> str:
    """Write a block as the project's newest revision; return its id."""
    revision = f"{int(project.head) + 1:03d}"
    code = REVISION.format(revision=revision, previous=project.head, code=block.code)
    (project.versions / f"{revision}_of_a_recipe.py").write_text(code, encoding="utf-8")
    project.ids.append(revision)
    return revision


def find_broken_rules(project: ProjectCopy) -> set[str]:
    """Return the lint rules that the revisions break, except for what the pages omit."""
    findings = lint(project.environment, everything=True).findings
    return {each.rule.name for each in findings} - {"docstring", "head-file"}


def schema_snapshot(url: URL) -> Snapshot:
    """Return the catalog, except for what changes when a column is dropped and added again.

    That is its position, and, since PostgreSQL 18, the name of its NOT NULL.
    """
    with create_engine(url, poolclass=NullPool).connect() as connection:
        snapshot = read_catalog(connection)
    position = re.compile(r"^(\('\w+', '\w+'), \d+")
    snapshot["columns"] = [position.sub(r"\1", line) for line in snapshot["columns"]]
    name = re.compile(r"^(\('\w+'), '\w+', 'n'")
    snapshot["constraints"] = [name.sub(r"\1", line) for line in snapshot["constraints"]]
    return {
        kind: sorted(line for line in lines if BACKFILL_TABLE not in line)
        for kind, lines in snapshot.items()
    }
