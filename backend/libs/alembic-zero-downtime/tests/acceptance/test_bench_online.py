"""A short run of `python -m bench.online`: its output, and the files and processes it leaves."""

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

from bench.online_changes import CHANGES, Change
from support.databases import connected
from support.docs import needs_docs
from support.project import ProjectCopy
from support.recipes import schema_snapshot
from support.shell import CLEAN_ENVIRONMENT, TESTS, run

COMMAND = ("python", "-m", "bench.online", "--rows", "500")
COLUMNS = ("Worst wait, plain", "99th percentile, plain", "Duration, plain", "online", "ratio")


@needs_docs  # a change runs a recipe
@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_both_ways_of_a_change_result_in_the_same_schema(
    change: Change,
    create_database: Callable[[str], URL],
    migrated_template: str,
    alembic: Callable[..., int],
    tmp_path: Path,
) -> None:
    snapshots: list[object] = []
    for name in ("plain", "online"):
        url = create_database(migrated_template)
        if change.given:
            with connected(url) as connection:
                connection.execute(text(change.given))
        folder = tmp_path / name
        folder.mkdir()
        project = ProjectCopy(folder)
        getattr(change, name)(project)
        assert alembic(url, "upgrade", "head", ini=project.ini) == 0
        snapshots.append(schema_snapshot(url))
    assert snapshots[0] == snapshots[1]


def test_it_prints_a_line_for_each_change(tmp_path: Path) -> None:
    env = {"TMPDIR": str(tmp_path)}
    done = run(*COMMAND, "--only", "CHECK", "--only", "drop index", env=env)
    assert done.returncode == 0, done.stderr
    header, *lines = (line for line in done.stdout.splitlines() if "┃" in line or "│" in line)
    assert all(column in header for column in COLUMNS)
    assert [line.split("│")[1].strip() for line in lines] == ["CHECK", "drop index"]
    assert "500 documents" in done.stdout


def test_json_has_the_measurements(tmp_path: Path) -> None:
    done = run(*COMMAND, "--only", "drop column", "--json", env={"TMPDIR": str(tmp_path)})
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    (measured,) = report["changes"]
    names = {"worst", "percentile_99", "duration"}
    assert report["rows"] == 500
    assert measured["change"] == "drop column"
    assert all(set(measured[each]) == names for each in ("plain", "online", "ratios"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_no_file_and_no_process(number: signal.Signals, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, *COMMAND[1:], "--only", "CHECK"],
        cwd=TESTS,
        env={**CLEAN_ENVIRONMENT, "TMPDIR": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stderr is not None
        output = next(line for line in process.stderr if "1 of 2" in line)
        os.killpg(process.pid, number)
        output += process.stderr.read()
    assert process.returncode == 130, output
    assert "Traceback" not in output
    assert list(tmp_path.iterdir()) == []
    left = [each for each in psutil.process_iter(["cwd"]) if str(tmp_path) in str(each.info["cwd"])]
    assert left == []
