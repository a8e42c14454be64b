"""A project whose models are generated, in a folder and a database of its own."""

import io
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp

from alembic import command
from alembic.config import Config
from sqlalchemy import URL, MetaData, create_engine
from sqlalchemy.pool import NullPool

from alembic_zero_downtime.embedded.disposable import fast_folder
from alembic_zero_downtime.project import Project
from generated.draft import quoted
from generated.models import Models
from generated.tables import SCHEMAS
from support.databases import create_database, drop_database
from support.shell import TESTS

INI = """\
[alembic]
script_location = {folder}/alembic
prepend_sys_path = {tests}
path_separator = os
file_template = %%(rev)s_%%(slug)s
revision_environment = true
"""
ENV = """\
from alembic_zero_downtime import run
from generated.project import current_project

run(current_project())
"""
REVISION = '''"""Run statements.

Revision ID: {revision}
Revises: {previous}
"""

from alembic import op

revision = "{revision}"
down_revision = {previous!r}


def upgrade() -> None:
    """Run them."""
    for statement in {upgrade!r}:
        op.execute(statement)


def downgrade() -> None:
    """Revert them."""
    for statement in {downgrade!r}:
        op.execute(statement)
'''
ADDRESS_OF_NO_SERVER = "postgresql://nowhere.invalid/none"
_projects: list[Project] = []


def current_project() -> Project:
    """Return the project of the example that is checked: its `env.py` runs it."""
    return _projects[-1]


def load(models: Models) -> MetaData:
    """Return the metadata of models."""
    namespace: dict[str, object] = {"__name__": "generated_models"}
    exec(compile(models.source, "models.py", "exec"), namespace)  # noqa: S102 our own source
    metadata = namespace["metadata"]
    assert isinstance(metadata, MetaData)
    return metadata


class GeneratedProject:
    """A project with its revisions, and its database.

    Attributes:
        url: the address of the database.
        engine: of the database.
        definition: what `env.py` passes to the library.
    """

    def __init__(self, folder: Path, url: URL) -> None:
        self.url = url
        self.engine = create_engine(url, poolclass=NullPool)
        self._ini = folder / "alembic.ini"
        self._versions = folder / "alembic" / "versions"
        self._versions.mkdir(parents=True)
        self._ini.write_text(INI.format(folder=folder, tests=TESTS))
        (folder / "alembic" / "env.py").write_text(ENV)
        shutil.copy(TESTS / "project" / "alembic" / "script.py.mako", folder / "alembic")
        self.definition = Project(
            config_file=self._ini,
            sequential_ids=True,
            context_options={"include_schemas": True},
        )
        _projects[:] = [self.definition]
        create = [f"CREATE SCHEMA {quoted(each)}" for each in SCHEMAS]
        drop = [f"DROP SCHEMA {quoted(each)}" for each in SCHEMAS]
        self.add("create the schemas", create, drop)

    def use(self, models: Models) -> None:
        """Let the project have these models."""
        self.definition = replace(self.definition, metadata=load(models))
        _projects[:] = [self.definition]

    def config(self, output: io.StringIO | None = None) -> Config:
        """Return Alembic's configuration, which prints into a buffer."""
        config = Config(self._ini, stdout=io.StringIO(), output_buffer=output)
        config.attributes["connection"] = self.engine
        return config

    @property
    def revisions(self) -> list[Path]:
        """The files of the revisions."""
        return sorted(self._versions.glob("*.py"))

    @property
    def head(self) -> str | None:
        """The last revision."""
        return self.revisions[-1].name[:3] if self.revisions else None

    def add(self, name: str, upgrade: Sequence[str], downgrade: Sequence[str]) -> None:
        """Add a revision that runs statements."""
        revision = f"{len(self.revisions) + 1:03d}"
        code = REVISION.format(
            revision=revision,
            previous=self.head,
            upgrade=list(map(_in_text, upgrade)),
            downgrade=list(map(_in_text, downgrade)),
        )
        path = self._versions / f"{revision}_{name.replace(' ', '_')}.py"
        path.write_text(code, encoding="utf-8")

    def write(self, message: str) -> list[Path]:
        """Write revisions from the models; return their files."""
        before = self.revisions
        with redirect_stdout(io.StringIO()):  # the names of the files
            command.revision(self.config(), message=message, autogenerate=True)
        return [each for each in self.revisions if each not in before]

    def upgrade(self) -> None:
        """Upgrade the database to the head."""
        command.upgrade(self.config(), "head")

    def downgrade(self, revision: str) -> None:
        """Downgrade the database."""
        command.downgrade(self.config(), revision)

    def offline_sql(self) -> str:
        """Return the SQL of all revisions."""
        output = io.StringIO()
        config = self.config(output)
        del config.attributes["connection"]
        config.set_main_option("sqlalchemy.url", ADDRESS_OF_NO_SERVER)
        with redirect_stdout(output):
            command.upgrade(config, "head", sql=True)
        return output.getvalue()


def _in_text(statement: str) -> str:
    """Return a statement as `op.execute` takes it: a colon is no parameter."""
    return statement.replace(":", "\\:")


@contextmanager
def generated_project(server: URL) -> Iterator[GeneratedProject]:
    """Create a project with an empty database; remove both in the end."""
    folder = Path(mkdtemp(prefix="generated-models-", dir=fast_folder()))
    url = create_database(server)
    try:
        project = GeneratedProject(folder, url)
        yield project
        project.engine.dispose()
    finally:
        drop_database(server, url)
        shutil.rmtree(folder)
