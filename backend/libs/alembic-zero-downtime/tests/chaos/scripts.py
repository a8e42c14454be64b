"""Write a script folder: the project's revisions, then those of `revisions/`."""

from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory

from alembic_zero_downtime.history.state import list_revisions
from support.project import ProjectCopy

FOLLOWING = Path(__file__).parent / "revisions"
HEAD = '"HEAD"'  # the down_revision of c01, until it is copied

PLAIN_ENV = '''\
"""Run Alembic alone."""

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


def write_scripts(folder: Path) -> Path:
    """Copy the test project and add the revisions after its head; return the ini file."""
    project = ProjectCopy(folder)
    for revision in FOLLOWING.glob("c*.py"):
        code = revision.read_text(encoding="utf-8").replace(HEAD, f'"{project.head}"')
        (project.versions / revision.name).write_text(code, encoding="utf-8")
    return project.ini


def write_plain_scripts(folder: Path) -> Path:
    """Add an ini file that runs the same revisions with Alembic alone; return it."""
    (folder / "plain").mkdir()
    (folder / "plain" / "env.py").write_text(PLAIN_ENV, encoding="utf-8")
    ini_file = folder / "plain.ini"
    ini_file.write_text(PLAIN_INI, encoding="utf-8")
    return ini_file


def revision_ids(ini_file: Path) -> list[str]:
    """Return the revisions of a script folder, oldest first."""
    return [
        revision.revision
        for revision in list_revisions(ScriptDirectory.from_config(Config(ini_file)))
    ]
