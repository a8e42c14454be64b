"""Each row of docs/database/faults.md is what happens: the fault is made, and the page is read.

A row without a producer in faults.py fails, and so does a producer without a row.
"""

import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from alembic.config import main as alembic_main
from sqlalchemy import URL, Engine, create_engine, text
from sqlalchemy.pool import NullPool

import tests.faults  # noqa: F401 each module registers its own
from tests.catalog import Picture
from tests.faults.case import (
    AFTER,
    BEFORE,
    FAULTS,
    FAULTY,
    PASSWORD,
    Case,
    OwnServer,
    add_revisions,
    take_picture,
)
from tests.project import Project
from tests.revisions import HEAD
from tests.shell import BACKEND, as_text

PAGE = BACKEND.parent / "docs" / "database" / "faults.md"
HEADINGS = ("fault", "---")
EXIT_CODE = re.compile(r"exit code (\d+)")
FAILED = 255  # Alembic's, where a row names no other
MESSAGE = re.compile(r"`([^`]+)`")
AGAIN = "the same command"


@dataclass(frozen=True)
class Row:
    """What the page says of one fault."""

    fault: str
    seen: str
    left: str
    advice: str

    @property
    def exit_code(self) -> int:
        named = EXIT_CODE.search(self.seen)
        return int(named[1]) if named else FAILED

    def missing_in(self, output: str) -> list[str]:
        """Return the messages that are no line of `output`; `…` stands for anything."""
        patterns = {
            message: ".*".join(map(re.escape, message.split("…")))
            for message in MESSAGE.findall(self.seen)
        }
        assert patterns, f"the row quotes no message: {self.fault}"
        lines = output.splitlines()
        return [
            message
            for message, pattern in patterns.items()
            if not any(re.fullmatch(pattern, line) for line in lines)
        ]


def read_page() -> list[Row]:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    rows = [Row(*line.strip("| ").split(" | ")) for line in lines if line.startswith("|")]
    return [row for row in rows if row.fault not in HEADINGS]


ROWS = read_page()
Undisturbed = dict[str, Picture]
Check = Callable[[Case, Undisturbed], None]


def is_at(revision: str) -> Check:
    """Return the check that a database is what an undisturbed upgrade to `revision` makes."""

    def check(case: Case, undisturbed: Undisturbed) -> None:
        assert take_picture(case.engine) == undisturbed[revision]

    return check


def is_unchanged(case: Case, _: Undisturbed) -> None:
    assert take_picture(case.engine) == case.before


def has_the_index(*, is_valid: bool) -> Check:
    """Return the check that of the revision there is its index, and nothing else."""

    def check(case: Case, undisturbed: Undisturbed) -> None:
        found, without = take_picture(case.engine), undisturbed[BEFORE]
        added = {kind: set(found[kind]) - set(without[kind]) for kind in found}
        assert {kind for kind, names in added.items() if names} == {"indexes", "relations"}
        assert f"'ix_before_n', {is_valid}," in str(added["indexes"])

    return check


def has_a_row_more(case: Case, undisturbed: Undisturbed) -> None:
    found = take_picture(case.engine)
    assert found.pop("rows of after") == ["(1)"]
    assert found == {k: v for k, v in undisturbed[AFTER].items() if k != "rows of after"}


LEFT_BEHIND = {
    "nothing": is_unchanged,
    "the revisions before it": is_at(BEFORE),
    "the revisions before it, and what its autocommit block did": has_the_index(is_valid=True),
    "the revisions before it, and an invalid index": has_the_index(is_valid=False),
    "the revision that ran": is_at(FAULTY),
    "what the other process did": is_at(FAULTY),
    "all revisions, applied": is_at(AFTER),
    "all revisions, applied, and what was written": has_a_row_more,
}


@pytest.fixture(scope="module")
def undisturbed(
    admin: Engine, admin_url: URL, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Undisturbed:
    """Return what the database is at each revision when nothing goes wrong."""
    project = Project(tmp_path_factory.mktemp("undisturbed"))
    add_revisions(project)
    url = admin_url.set(database=f"fde_undisturbed_{uuid4().hex[:12]}")
    engine = create_engine(url, poolclass=NullPool)
    pictures = {}
    with admin.connect() as connection, pytest.MonkeyPatch.context() as patch:
        connection.execute(text(f"CREATE DATABASE {url.database} TEMPLATE {template}"))
        patch.setenv("MIGRATION_DATABASE_URL", as_text(url))
        for revision in (HEAD, *project.ids):
            alembic_main(argv=["-c", str(project.ini), "upgrade", revision])
            pictures[revision] = take_picture(engine)
        connection.execute(text(f"DROP DATABASE {url.database}"))
    return pictures


@pytest.fixture(scope="module")
def own_server() -> Iterator[OwnServer]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        server = OwnServer(Path(folder))
        yield server
        server.stop()


@pytest.fixture
def case(migrated_url: URL, project: Project, request: pytest.FixtureRequest) -> Case:
    return Case(migrated_url, project, request)


@pytest.mark.parametrize("row", ROWS, ids=[row.fault for row in ROWS])
def test_a_row_is_what_happens_and_its_advice_ends_well(
    row: Row, case: Case, undisturbed: Undisturbed
) -> None:
    assert row.fault in FAULTS, f"faults.py does not make this fault: {row.fault}"
    assert row.left in LEFT_BEHIND, f"no check shows that this is left behind: {row.left}"
    with FAULTS[row.fault](case) as done:
        repeat, said = case.repeat, done.stdout + done.stderr
        assert done.returncode == row.exit_code, said
        missing = row.missing_in(said)
        assert not missing, f"it does not say {missing}, but:\n{said}"
        assert "Traceback" not in said
        assert PASSWORD not in said
        assert f":{case.engine.url.password}@" not in said
        LEFT_BEHIND[row.left](case, undisturbed)
    if AGAIN in row.advice:
        again = repeat()
        assert again.returncode == 0, again.stderr
    is_at(AFTER)(case, undisturbed)


def test_every_fault_that_is_made_has_one_row() -> None:
    unknown = FAULTS.keys() - {row.fault for row in ROWS}
    assert not unknown, f"{PAGE.name} has no row for {unknown}"
    assert len(ROWS) == len(FAULTS), "a fault has two rows"
