"""The faults of docs/migrations/troubleshooting.md that need processes, or a server of their own.

The other rows of the page are in integration/faults/test_faults.py.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL

import support.faults  # noqa: F401 each module registers its faults
from support.databases import new_database
from support.faults.case import Case
from support.faults.check import Undisturbed, check_row, read_undisturbed
from support.faults.own_server import OwnServer
from support.faults.page import Row, read_rows
from support.faults.registry import SLOW
from support.project import ProjectCopy


@pytest.fixture(scope="module")
def undisturbed(
    migration_server: URL, migrated_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Undisturbed:
    """Return the content of a database at each revision when nothing fails."""
    project = ProjectCopy(tmp_path_factory.mktemp("undisturbed"))
    with new_database(migration_server, migrated_template) as url:
        return read_undisturbed(url, project)


@pytest.fixture(scope="module")
def own_server() -> Iterator[OwnServer]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        server = OwnServer(Path(folder))
        yield server
        server.stop()


@pytest.fixture
def case(migrated_database: URL, project: ProjectCopy, request: pytest.FixtureRequest) -> Case:
    return Case(migrated_database, project, request)


@pytest.mark.parametrize(
    "row", [pytest.param(row, id=row.fault) for row in read_rows() if row.fault in SLOW]
)
def test_fault_has_the_message_and_the_remedy_of_its_row(
    row: Row, case: Case, undisturbed: Undisturbed
) -> None:
    check_row(row, SLOW[row.fault], case, undisturbed)
