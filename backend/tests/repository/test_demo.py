"""`make demo` and the pages that show it: each command as written, and what it prints."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

import httpx2 as httpx
import pytest
from sqlalchemy import URL

from alembic_zero_downtime.embedded.server import EmbeddedServer
from app.cli.exit_codes import Exit
from tests.helpers.http import free_port
from tests.helpers.shell import BACKEND, CLEAN_ENVIRONMENT, Done, as_text, psql, run
from tests.helpers.terminal import run_in_terminal
from tests.repository.demo_pages import (
    README,
    README_COLUMNS,
    ROOT,
    SET_UP,
    TUTORIAL,
    is_shown,
    readme_output,
    run_demo,
    run_tutorial_command,
    tutorial_commands,
)

pytestmark = [pytest.mark.slow, pytest.mark.long]

SERVE: Final = "make demo-serve"
"""What the demo names as the next step."""


def _copy(folder: Path) -> Path:
    """Return a copy of the tree that has what the demo needs, with the same packages."""
    backend = folder / "backend"
    ignored = shutil.ignore_patterns(".*")
    shutil.copytree(BACKEND, backend, ignore=ignored)
    shutil.copy2(ROOT / "Makefile", folder)
    (backend / ".venv").symlink_to(Path(sys.prefix).resolve())
    return folder


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return the root of a checkout in an awkward path, in which the demo can run."""
    root = _copy(tmp_path_factory.mktemp("demo") / "a check out & ünïcode")
    yield root
    EmbeddedServer(root / "backend" / ".demo" / "postgres").stop()


@pytest.fixture(scope="module")
def demo(root: Path) -> Done:
    """Return what `make demo` printed."""
    done = run_demo(root)
    assert done.returncode == 0, done.stderr
    return done


def test_readme_shows_what_the_demo_prints(demo: Done) -> None:
    assert readme_output((ROOT / README).read_text(encoding="utf-8")) == demo.stdout
    assert len(demo.stderr.splitlines()) == 1, demo.stderr


@pytest.mark.usefixtures("demo")
def test_tutorial_s_commands_print_what_it_shows(root: Path) -> None:
    page = (ROOT / TUTORIAL).read_text(encoding="utf-8")
    assert f"```bash\n{SET_UP}```" in page
    commands = list(tutorial_commands(page))
    assert len(commands) == page.count("```bash") - 1, "each is followed by what it prints"
    for command, shown in commands:
        done = run_tutorial_command(command, root)
        assert done.returncode in (Exit.OK, Exit.DOUBTFUL), (command, done)
        assert is_shown(done.stdout, shown), (command, done.stdout)
    assert (root / "cvf.xlsx").read_bytes().startswith(b"PK")


def test_next_commands_of_the_demo_work(root: Path, demo: Done) -> None:
    in_browser, *commands = demo.stdout.partition("\nNext:\n")[2].splitlines()[:-1]
    assert in_browser.strip() == SERVE
    assert len(commands) > 2
    for command in commands:
        done = run_in_terminal("sh", "-c", command, cwd=root, columns=README_COLUMNS)
        # A year is missing.
        assert done.returncode == (Exit.DOUBTFUL if " check " in command else Exit.OK), done
        assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("demo")
def test_demo_served_names_the_address_of_the_statement_and_ends_with_ctrl_c(
    root: Path, migrated_database: URL
) -> None:
    env = {"DATABASE_URL": as_text(migrated_database), "STORAGE_URL": str(root), "DB_HOST": "h"}
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        done = run("make", "demo-serve", f"PORT={port}", cwd=root, env=env)
    assert f"Choose another: make demo-serve PORT={port + 1}" in done.stderr
    with subprocess.Popen(
        [*SERVE.split(), f"PORT={port}"],
        cwd=root,
        env={**CLEAN_ENVIRONMENT, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stderr
        try:
            lines = list(islice(process.stdout, 3))
            (address,) = re.findall(r"http://\S+statement", lines[0])
            answer = httpx.get(address, headers={"Accept": "text/html"})
            assert (answer.status_code, "Costa Verde Foods" in answer.text) == (200, True), address
        finally:
            os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        assert process.wait(30) != 0
        assert "Traceback" not in process.stderr.read()


def test_demo_served_before_it_is_made_is_one_line(checkout: Path) -> None:
    (line, _) = run("make", "demo-serve", cwd=checkout).stderr.splitlines()  # and make's own
    assert line == "demo-serve: there is no demo yet: make demo"


def test_demo_leaves_the_configured_database_and_storage_alone(
    root: Path, demo: Done, migrated_database: URL
) -> None:
    backend = root / "backend"
    assert not (backend / ".postgres").exists()
    assert not (backend / ".storage").exists()
    before = psql(migrated_database, "SELECT * FROM companies ORDER BY id")
    env = {
        "DATABASE_URL": as_text(migrated_database),
        "MIGRATION_DATABASE_URL": as_text(migrated_database),
        "STORAGE_URL": str(root / "files"),
        "DB_HOST": "localhost",
    }
    again = run_demo(root, **env)
    assert again == demo, "a second time it starts anew"
    assert psql(migrated_database, "SELECT * FROM companies ORDER BY id") == before
    assert not (root / "files").exists()


def test_demo_runs_beside_a_configuration_in_a_file(root: Path) -> None:
    configured = root / "backend" / ".env"
    configured.write_text("DB_HOST=h\nDB_NAME=n\nDB_USERNAME=u\nDB_PASSWORD=p\n")
    try:
        done = run("make", "demo", cwd=root / "backend")
    finally:
        configured.unlink()
    assert done.returncode == 0, done.stderr
    assert "$ .demo/fde statements CVF income\n" in done.stdout


@pytest.mark.usefixtures("demo")
def test_demo_removed_leaves_nothing(root: Path) -> None:
    assert run("make", "demo-remove", cwd=root).returncode == 0
    assert not (root / "backend" / ".demo").exists()
    assert run("make", "demo-remove", cwd=root).returncode == 0, "once more"
