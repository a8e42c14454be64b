"""A project with Alembic's own conventions: hash ids, and version locations of its own."""

import shutil
from pathlib import Path

import alembic
from alembic.config import Config
from sqlalchemy import URL, Engine

from alembic_zero_downtime.environment import load_project
from alembic_zero_downtime.history.state import MigrationState, read_state
from support.shell import as_text

TEMPLATE = Path(alembic.__file__).parent / "templates" / "generic" / "script.py.mako"
REVISION = '''"""{message}."""

from alembic import op

revision = {revision!r}
down_revision = {down!r}
branch_labels = {label!r}
depends_on = {depends!r}


def upgrade() -> None:
    op.execute({upgrade!r})


def downgrade() -> None:
    op.execute({downgrade!r})
'''
ENV = """
import sqlalchemy as sa
from alembic import context

from alembic_zero_downtime import Project, run

metadata = sa.MetaData()
run(Project(metadata=metadata, context_options={options}))
"""


class Scripts:
    """A project with Alembic's conventions: hash ids, and its own version locations."""

    def __init__(self, folder: Path, url: URL) -> None:
        self.folder = folder
        self.url = url
        self.ini = folder / "alembic.ini"
        (folder / "alembic" / "versions").mkdir(parents=True)
        shutil.copy2(TEMPLATE, folder / "alembic")
        self.configure("{}")

    def configure(self, options: str, *locations: str, more: str = "") -> None:
        (self.folder / "alembic" / "env.py").write_text(ENV.format(options=options))
        paths = ":".join(f"%(here)s/{each}" for each in locations or ("alembic/versions",))
        address = as_text(self.url).replace("%", "%%")
        self.ini.write_text(
            f"[alembic]\nscript_location = %(here)s/alembic\npath_separator = :\n"
            f"version_locations = {paths}\nsqlalchemy.url = {address}\n{more}"
        )

    def add(
        self,
        revision: str,
        down: str | tuple[str, ...] | None,
        *,
        label: str | None = None,
        depends: str | None = None,
        folder: str = "alembic/versions",
    ) -> None:
        """Add a revision that creates a table of its own name."""
        path = self.folder / folder / f"{revision}_of_a_test.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            REVISION.format(
                message=f"Create t_{revision}",
                revision=revision,
                down=down,
                label=label,
                depends=depends,
                upgrade=f"CREATE TABLE t_{revision} (id int)",
                downgrade=f"DROP TABLE t_{revision}",
            )
        )

    @property
    def config(self) -> Config:
        return Config(self.ini)

    def state(self, engine: Engine) -> MigrationState:
        config = self.config
        project = load_project(config)
        with engine.connect() as connection:
            return read_state(connection, project, project.load_revisions(config))
