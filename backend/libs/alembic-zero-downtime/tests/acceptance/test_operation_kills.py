"""A revision whose process is killed after any step of an online operation resumes."""

from collections.abc import Callable

import pytest
from sqlalchemy import URL, text

from support.bare import CopyBare, bare
from support.databases import connected
from support.operation_cases import CASES, Case
from support.processes import Command, Ended
from support.project import ProjectCopy
from support.snapshots import Snapshot, read_catalog

Alembic = Callable[..., int]

KILL = """
import os

from support.steps import kill_after

if "KILL_AFTER" in os.environ:
    kill_after(int(os.environ["KILL_AFTER"]))
"""


def snapshot(url: URL, case: Case) -> Snapshot:
    with connected(url) as connection:
        assert connection.scalar(text(f"SELECT ({case.proof})")) is True
        return read_catalog(connection)


def upgrade(project: ProjectCopy, url: URL, kill_after: int) -> Ended:
    environment = {"KILL_AFTER": str(kill_after)}
    with Command(project.ini, url, "upgrade", "head", env=environment) as command:
        return command.wait()


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_killed_after_any_step_it_resumes(
    case: Case,
    project: ProjectCopy,
    copy_bare: CopyBare,
    alembic: Alembic,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ALLOW_DATA_LOSS", "1")
    bare(project).add(case.online, case.downgrade, KILL)
    undisturbed = copy_bare()
    assert alembic(undisturbed, "upgrade", "head", ini=project.ini) == 0
    expected = snapshot(undisturbed, case)
    for step in range(1, 20):
        url = copy_bare()
        ended = upgrade(project, url, kill_after=step)
        if ended.code == 0:
            break
        assert ended.code == -9, ended.output
        assert alembic(url, "upgrade", "head", ini=project.ini) == 0
        assert snapshot(url, case) == expected
        assert alembic(url, "downgrade", "-1", ini=project.ini) == 0
    assert step > 1
    assert ended.code == 0
    assert snapshot(url, case) == expected
