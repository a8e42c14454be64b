"""Each online operation: up and down, interrupted after each step, and as a script."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from alembic import op
from sqlalchemy import URL, Connection, text

from support.bare import CopyBare, bare
from support.blocking import Revision, apply, definitions, definitions_after, fetch, migrating
from support.databases import connected
from support.operation_cases import CASES, Case
from support.project import ProjectCopy
from support.shell import psql
from support.snapshots import Snapshot, read_catalog
from support.steps import Interrupted, interrupted_after

Alembic = Callable[..., int]
FIRST_STEPS = 4


@pytest.fixture(autouse=True)
def _may_drop_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOW_DATA_LOSS", "1")


@pytest.fixture
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


def read_snapshot(connection: Connection, proof: str = "true") -> Snapshot:
    proven = connection.scalar(text(f"SELECT ({proof})"))
    return {**read_catalog(connection), "proof": [str(proven)]}


def snapshot(url: URL, proof: str = "true") -> Snapshot:
    with connected(url) as connection:
        return read_snapshot(connection, proof)


def revision_of(code: str) -> Revision:
    return lambda: exec(code, {"op": op, "sa": sa})  # noqa: S102 the code is that of the cases


def snapshot_after_plain(case: Case, url: URL) -> Snapshot:
    """Return the snapshot after the plain operation, and roll it back."""
    with migrating(url) as connection:
        revision_of(case.plain)()
        found = read_snapshot(connection, case.proof)
        connection.rollback()
    assert found["proof"] == ["True"]
    return found


@pytest.mark.parametrize("case", CASES, indirect=True)
def test_up_down_up_has_the_result_of_the_plain_operation(
    case: Case, project: ProjectCopy, bare_url: URL, alembic: Alembic
) -> None:
    before, expected = snapshot(bare_url), snapshot_after_plain(case, bare_url)
    bare(project).add(case.online, case.downgrade)
    assert alembic(bare_url, "upgrade", "head", ini=project.ini) == 0
    assert snapshot(bare_url, case.proof) == expected
    assert alembic(bare_url, "downgrade", "-1", ini=project.ini) == 0
    assert snapshot(bare_url) == before
    assert alembic(bare_url, "upgrade", "head", ini=project.ini) == 0
    assert snapshot(bare_url, case.proof) == expected


def is_interrupted(case: Case, url: URL, step: int) -> bool:
    """Run the operation until after its n-th step; return whether it has that many."""
    try:
        with interrupted_after(step):
            apply(url, revision_of(case.online))
    except Interrupted:
        return True
    return False


@pytest.mark.parametrize("case", CASES, indirect=True)
def test_an_interrupted_operation_resumes(case: Case, copy_bare: CopyBare) -> None:
    """Interrupt the operation after its first step, its second, …; run it again each time.

    The acceptance tests kill the process after every step.
    """
    url = copy_bare()
    expected = definitions_after(url, revision_of(case.plain))
    for step in range(1, FIRST_STEPS + 1):
        if not is_interrupted(case, url, step):
            assert step > 1
            return
        apply(url, revision_of(case.online))
        assert definitions(url) == expected
        assert fetch(url, f"SELECT ({case.proof})") is True
        url = copy_bare()


@pytest.mark.parametrize("case", CASES, indirect=True)
def test_the_script_has_the_result_of_the_plain_operation(
    case: Case,
    project: ProjectCopy,
    bare_url: URL,
    alembic: Alembic,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before, expected = snapshot(bare_url), snapshot_after_plain(case, bare_url)
    bare(project).add(case.online, case.downgrade)
    lower, upper = project.ids

    def run_script(*arguments: str) -> None:
        capsys.readouterr()
        assert alembic(bare_url, *arguments, "--sql", ini=project.ini) == 0
        psql(bare_url, capsys.readouterr().out)

    run_script("upgrade", f"{lower}:{upper}")
    assert snapshot(bare_url, case.proof) == expected
    run_script("downgrade", f"{upper}:{lower}")
    assert snapshot(bare_url) == before
    assert alembic(bare_url, "upgrade", "head", ini=project.ini) == 0
    assert snapshot(bare_url, case.proof) == expected
