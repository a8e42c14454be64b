"""Read the recipes of docs/database/zero-downtime.md: whoever runs them runs what the page says."""

import re
from typing import NamedTuple

from sqlalchemy import URL, create_engine
from sqlalchemy.pool import NullPool

from app.db.migrations import BACKFILL_TABLE
from tests.catalog import Picture, read_catalog
from tests.project import Project
from tests.shell import BACKEND

PAGE = BACKEND.parent / "docs" / "database" / "zero-downtime.md"
SECTION = re.compile(r"^##+ ([^\n]+)\n(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)
# A block that takes part says in its first line, a comment, what it is.
BLOCK = re.compile(
    r"^```(?:python|sql)\n(?:#|--) (?P<what>revision|old code|next code|new code)\b"
    r"(?P<more>[^\n]*)\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
REVISION = '''"""A revision of {page}."""

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = "{previous}"


{code}'''


class Block(NamedTuple):
    """A block of the page that takes part.

    Attributes:
        what: `revision`, or whose statements these are, e.g. `old code`.
        more: the rest of the first line.
        code: all lines after it.
    """

    what: str
    more: str
    code: str

    @property
    def is_revision(self) -> bool:
        return self.what == "revision"


def read_recipes() -> dict[str, list[Block]]:
    """Return the blocks of each section that has any, by its heading, in their order."""
    sections = SECTION.findall(PAGE.read_text(encoding="utf-8"))
    blocks = {
        heading: [Block(*match.groups()) for match in BLOCK.finditer(body)]
        for heading, body in sections
    }
    return {heading: found for heading, found in blocks.items() if found}


def add_revision(project: Project, block: Block) -> str:
    """Write a block as the project's newest revision; return its id."""
    revision = f"{int(project.head) + 1:03d}"
    code = REVISION.format(
        page=PAGE.name, revision=revision, previous=project.head, code=block.code
    )
    (project.versions / f"{revision}_of_a_recipe.py").write_text(code, encoding="utf-8")
    project.ids.append(revision)
    return revision


def picture_of(url: URL) -> Picture:
    """Return the catalog, without what a column that comes again has not: its place among others.

    A NOT NULL, which has a name since PostgreSQL 18, keeps the name that its column had.
    """
    with create_engine(url, poolclass=NullPool).connect() as connection:
        picture = read_catalog(connection)
    place = re.compile(r"^(\('\w+', '\w+'), \d+")
    picture["columns"] = [place.sub(r"\1", line) for line in picture["columns"]]
    name = re.compile(r"^(\('\w+'), '\w+', 'n'")
    picture["constraints"] = [name.sub(r"\1", line) for line in picture["constraints"]]
    return {
        kind: sorted(line for line in lines if BACKFILL_TABLE not in line)
        for kind, lines in picture.items()
    }
