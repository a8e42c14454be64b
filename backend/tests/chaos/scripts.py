"""Lay out a script folder: the project's revisions, then those of `revisions/`."""

from pathlib import Path

from app.db.migrations.state import list_revisions, load_scripts
from tests.project import Project

FOLLOWING = Path(__file__).parent / "revisions"
HEAD = '"HEAD"'  # what c01 follows, until it is copied

PLAIN_ENV = '''\
"""Run Alembic with nothing around it."""

import os

from alembic import context
from sqlalchemy import create_engine

with create_engine(os.environ["DATABASE_URL"]).connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
'''
PLAIN_INI = """\
[alembic]
script_location = %(here)s/plain
version_locations = %(here)s/alembic/versions
path_separator = os
"""


def lay_out_scripts(folder: Path) -> Path:
    """Copy the project's `alembic/` and put the revisions behind it; return the ini file."""
    project = Project(folder)
    for revision in FOLLOWING.glob("c*.py"):
        code = revision.read_text(encoding="utf-8").replace(HEAD, f'"{project.head}"')
        (project.versions / revision.name).write_text(code, encoding="utf-8")
    return project.ini


def lay_out_plain_scripts(folder: Path) -> Path:
    """Add an ini file that runs the same revisions by Alembic alone; return it."""
    (folder / "plain").mkdir()
    (folder / "plain" / "env.py").write_text(PLAIN_ENV, encoding="utf-8")
    ini_file = folder / "plain.ini"
    ini_file.write_text(PLAIN_INI, encoding="utf-8")
    return ini_file


def revision_ids(ini_file: Path) -> list[str]:
    """Return the revisions of a script folder, oldest first."""
    return [revision.revision for revision in list_revisions(load_scripts(ini_file))]
