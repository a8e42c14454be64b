"""The faults of docs/migrations/troubleshooting.md that one process can reproduce at once.

The other rows of the page are in acceptance/test_faults.py.
"""

import pytest
from sqlalchemy import URL

import support.faults  # noqa: F401 each module registers its faults
from support.databases import new_database
from support.docs import needs_docs
from support.faults.case import Case
from support.faults.check import Undisturbed, check_row, read_undisturbed
from support.faults.page import Row, read_rows
from support.faults.registry import FAST, SLOW
from support.project import ProjectCopy

ROWS = read_rows()


@pytest.fixture(scope="module")
def undisturbed(
    migration_server: URL, migrated_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Undisturbed:
    """Return the content of a database at each revision when nothing fails."""
    project = ProjectCopy(tmp_path_factory.mktemp("undisturbed"))
    with new_database(migration_server, migrated_template) as url:
        return read_undisturbed(url, project)


@pytest.fixture
def case(migrated_database: URL, project: ProjectCopy, request: pytest.FixtureRequest) -> Case:
    return Case(migrated_database, project, request)


@pytest.mark.parametrize(
    "row", [pytest.param(row, id=row.fault) for row in ROWS if row.fault in FAST]
)
def test_fault_has_the_message_and_the_remedy_of_its_row(
    row: Row, case: Case, undisturbed: Undisturbed
) -> None:
    check_row(row, FAST[row.fault], case, undisturbed)


@needs_docs
def test_every_row_is_reproduced_in_one_tier_and_every_fault_has_a_row() -> None:
    assert FAST.keys().isdisjoint(SLOW)
    assert sorted(row.fault for row in ROWS) == sorted([*FAST, *SLOW])
