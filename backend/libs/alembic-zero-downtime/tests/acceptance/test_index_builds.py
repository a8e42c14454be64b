"""An index build whose process is killed, interrupted or loses its connection is run again."""

import signal
from collections.abc import Callable

import pytest
from sqlalchemy import URL

from support.bare import bare
from support.blocking import execute, fetch, holding, wait_until
from support.processes import Command
from support.project import ProjectCopy, end

Alembic = Callable[..., int]
WRITE = "INSERT INTO things (parent_id, label) VALUES (1, 'new')"
BUILD = 'op.create_index_online("ix_label", "things", ["label"])'
BUILDS = "FROM pg_stat_progress_create_index WHERE datname = current_database()"
WAITS = f"SELECT count(*) > 0 {BUILDS} AND lockers_total > 0"
IS_VALID = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('ix_label')"
IS_OLD = "SELECT xact_start < clock_timestamp() - interval '1 s' FROM pg_stat_activity WHERE pid = "
END_BUILD = f"SELECT pg_terminate_backend(pid) {BUILDS}"


def test_a_killed_build_is_dropped_and_built_by_the_next_run(
    project: ProjectCopy, bare_url: URL, alembic: Alembic, capsys: pytest.CaptureFixture[str]
) -> None:
    bare(project).add(BUILD)
    with holding(bare_url, WRITE) as writer:
        wait_until(bare_url, f"{IS_OLD}{writer.pid}")
        with Command(project.ini, bare_url, "upgrade", "head") as command:
            assert command.has_said(
                f"Index ix_label: may have to wait for pid {writer.pid} (postgres"
            )
            assert command.has_said(f"waiting for writers before build (pid {writer.pid}): 0 of 1")
            command.kill()
        fetch(bare_url, END_BUILD)  # the server would notice the kill up to a second later
        wait_until(bare_url, f"SELECT count(*) = 0 {BUILDS}")
        assert fetch(bare_url, IS_VALID) is False
    assert alembic(bare_url, "upgrade", "head", ini=project.ini) == 0
    assert "Index ix_label is invalid, left by a failed build: dropped" in capsys.readouterr().err
    assert fetch(bare_url, IS_VALID) is True


@pytest.mark.parametrize("interruption", ["Ctrl-C", "a lost connection"])
def test_an_interrupted_build_ends_with_one_line_and_can_be_run_again(
    interruption: str, project: ProjectCopy, bare_url: URL, alembic: Alembic
) -> None:
    bare(project).add(BUILD)
    with holding(bare_url, WRITE):
        process = project.start(bare_url, "upgrade", "head")
        wait_until(bare_url, WAITS)
        if interruption == "Ctrl-C":
            output = end(process, signal.SIGINT)
            assert process.returncode == 130
            assert output.splitlines()[-1].startswith("ERROR Interrupted.")
        else:
            fetch(bare_url, END_BUILD)
            output = process.communicate(timeout=30)[0]
            assert process.returncode not in (0, None)
            assert output.splitlines()[-1].startswith("FAILED: upgrade")
            assert "server closed the connection unexpectedly" in output
        assert "Traceback" not in output
    assert alembic(bare_url, "upgrade", "head", ini=project.ini) == 0
    assert fetch(bare_url, IS_VALID) is True
    execute(bare_url, WRITE)
