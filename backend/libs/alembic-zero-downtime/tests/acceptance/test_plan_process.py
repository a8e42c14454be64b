"""The plan in a process: the reader of its output closes the pipe, or a signal interrupts it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TextIO

import pytest
from sqlalchemy import URL

from alembic_zero_downtime.cli.exit_codes import Exit
from support.project import ProjectCopy
from support.shell import CLEAN_ENVIRONMENT, as_text


def start(
    project: ProjectCopy, url: URL, *options: str, stdout: TextIO | int
) -> subprocess.Popen[str]:
    """Start the command and do not wait for it."""
    program = (sys.executable, "-m", "alembic_zero_downtime", "-c", project.ini)
    return subprocess.Popen(
        [*program, "plan", *options],
        env={**CLEAN_ENVIRONMENT, "DATABASE_URL": as_text(url)},
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("options", [[], ["--markdown"], ["--json"]])
def test_closed_pipe_is_no_error(
    options: list[str], project: ProjectCopy, migrated_database: URL
) -> None:
    project.add('op.add_column("documents", sa.Column("probe", sa.Text()))')
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as output:
        process = start(project, migrated_database, *options, stdout=output)
    assert process.communicate(timeout=60)[1] == ""
    assert process.returncode == Exit.FAILED


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_stops_the_command_and_its_server(
    number: signal.Signals, project: ProjectCopy, migrated_database: URL, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    project.add(
        f'host = op.get_bind().engine.url.query["host"]\n'
        f"import pathlib, time\n"
        f"pathlib.Path({str(folder)!r}).write_text(host)\n"
        "time.sleep(60)"
    )
    process = start(project, migrated_database, stdout=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while not (folder.exists() and folder.read_text()):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.kill(process.pid, number)
    output, errors = process.communicate(timeout=60)
    message = "alembic-zero-downtime: interrupted\n"
    assert (process.returncode, output, errors) == (128 + number, "", message)
    assert not Path(folder.read_text()).exists()
