"""`make demo` and the pages that show it: each command as written, and what it prints."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL

from alembic_zero_downtime.embedded.server import EmbeddedServer
from app.cli.exit_codes import Exit
from tests.helpers.shell import BACKEND, Done, as_text, psql, run
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

pytestmark = pytest.mark.slow


def _copy(folder: Path) -> Path:
    """Return a copy of the tree that has what the demo needs, with the same packages."""
    backend = folder / "backend"
    ignored = shutil.ignore_patterns(".*", "__pycache__")
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
    commands = demo.stdout.partition("\nNext:\n")[2].splitlines()[:-1]
    assert len(commands) > 2
    for command in commands:
        done = run_in_terminal("sh", "-c", command, cwd=root, columns=README_COLUMNS)
        # A year is missing.
        assert done.returncode == (Exit.DOUBTFUL if " check " in command else Exit.OK), done
        assert "Traceback" not in done.stderr


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
