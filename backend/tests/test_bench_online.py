"""A short run of `python -m tests.bench.online`: what it prints, and what it leaves behind."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from sqlalchemy import URL, text

from tests.bench.online_changes import CHANGES, Change
from tests.chaos.harness import connected
from tests.project import Project
from tests.recipes import picture_of
from tests.shell import BACKEND, CLEAN_ENVIRONMENT, run

COMMAND = ("python", "-m", "tests.bench.online", "--rows", "500")
COLUMNS = ("Worst wait, naive", "99th percentile, naive", "Duration, naive", "ours", "ratio")


@pytest.fixture(params=CHANGES.values(), ids=list(CHANGES))
def change(request: pytest.FixtureRequest) -> Change:
    chosen: Change = request.param
    return chosen


def test_both_ways_of_a_change_build_the_same(
    change: Change,
    new_database: Callable[[str], URL],
    template: str,
    alembic: Callable[..., int],
    tmp_path: Path,
) -> None:
    pictures: list[object] = []
    for lay_out in (change.naive, change.ours):
        url = new_database(template)
        if change.given:
            with connected(url) as connection:
                connection.execute(text(change.given))
        folder = tmp_path / str(len(pictures))
        folder.mkdir()
        project = Project(folder)
        lay_out(project)
        assert alembic(url, "upgrade", "head", ini=str(project.ini)) == 0
        pictures.append(picture_of(url))
    assert pictures[0] == pictures[1]


def test_it_prints_a_line_for_each_change(tmp_path: Path) -> None:
    env = {"TMPDIR": str(tmp_path)}
    done = run(*COMMAND, "--only", "CHECK", "--only", "drop index", env=env)
    assert done.returncode == 0, done.stderr
    header, *lines = (line for line in done.stdout.splitlines() if "┃" in line or "│" in line)
    assert all(column in header for column in COLUMNS)
    assert [line.split("│")[1].strip() for line in lines] == ["CHECK", "drop index"]
    assert "500 documents" in done.stdout


def test_json_has_what_was_measured(tmp_path: Path) -> None:
    done = run(*COMMAND, "--only", "drop column", "--json", env={"TMPDIR": str(tmp_path)})
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    (measured,) = report["changes"]
    names = {"worst", "percentile_99", "duration"}
    assert report["rows"] == 500
    assert measured["change"] == "drop column"
    assert all(set(measured[each]) == names for each in ("naive", "ours", "ratios"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_nothing_behind(number: signal.Signals, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, *COMMAND[1:], "--only", "CHECK"],
        cwd=BACKEND,
        env={**CLEAN_ENVIRONMENT, "TMPDIR": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stderr is not None
        said = next(line for line in process.stderr if "1 of 2" in line)
        os.killpg(process.pid, number)
        said += process.stderr.read()
    assert process.returncode == 130, said
    assert "Traceback" not in said
    assert list(tmp_path.iterdir()) == []
    left = [each for each in psutil.process_iter(["cwd"]) if str(tmp_path) in str(each.info["cwd"])]
    assert left == []
