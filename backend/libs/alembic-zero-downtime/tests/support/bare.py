"""A project whose only revision creates two tables with rows, and databases at its head."""

from collections.abc import Callable
from pathlib import Path

from alembic import command
from sqlalchemy import URL, create_engine
from sqlalchemy.pool import NullPool

from support.databases import create_database, drop_database
from support.operation_cases import ROWS
from support.project import REVISION, ProjectCopy

CopyBare = Callable[[], URL]


def bare(project: ProjectCopy) -> ProjectCopy:
    """Replace the project's revisions by one that creates the tables of `ROWS`."""
    for path in project.versions.glob("*.py"):
        path.unlink()
    code = REVISION.format(
        revision="001",
        previous="",
        declarations="down_revision = None",
        upgrade=f"op.execute({ROWS!r})",
        downgrade="pass",
    )
    (project.versions / "001_of_a_test.py").write_text(code, encoding="utf-8")
    project.ids.append("001")
    return project


class BareTemplates:
    """Template databases at the head of the bare project, one per server."""

    def __init__(self, folder: Path) -> None:
        self._project = bare(ProjectCopy(folder))
        self._templates: dict[URL, URL] = {}

    def copy(self, server: URL) -> URL:
        """Create a copy of the server's template, which the first call builds."""
        if server not in self._templates:
            url = create_database(server)
            engine = create_engine(url, poolclass=NullPool)
            config = self._project.config
            config.attributes["connection"] = engine
            command.upgrade(config, "head")
            self._templates[server] = url
        return create_database(server, str(self._templates[server].database))

    def drop(self, server: URL) -> None:
        """Drop the template of a server, if there is one."""
        if url := self._templates.pop(server, None):
            drop_database(server, url)
