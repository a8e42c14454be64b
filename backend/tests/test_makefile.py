"""Every target of the Makefile, as typed, in a copy of the tree with an embedded server."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL

from app.db.embedded.server import EmbeddedServer
from tests.revisions import AT_HEAD, NEXT, ONE_BEHIND
from tests.shell import as_text, run

GUIDE = {
    *("migrate", "migrate-up", "migrate-down", "migrate-create", "migrate-history"),
    *("db-reset", "db-list-companies", "db-info"),
}
OTHERS = {
    *(
        "migrate-verify",
        "migrate-check",
        "migrate-accept",
        "migrate-renumber",
        "migrate-lint",
        "migrate-plan",
        "db-stamp-env",
        "chaos",
        "bench",
        "bench-online",
    ),
    *("help", "install", "psql", "db-stop", "run", "test", "lint", "format", "typecheck"),
    *("docs", "check", "lock", "clean"),
}


class Make:
    """`make` in one copy of the tree, with nothing configured."""

    def __init__(self, backend: Path) -> None:
        self.backend = backend
        self.env: dict[str, str] = {}

    def __call__(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return run("make", *arguments, cwd=self.backend, env=self.env, stdin=stdin)


@pytest.fixture
def make(checkout: Path) -> Iterator[Make]:
    yield Make(checkout)
    EmbeddedServer(checkout / ".postgres").stop()


def test_without_a_target_make_lists_them_all(make: Make) -> None:
    done = make()
    assert done.returncode == 0
    listed = {line.split()[0] for line in done.stdout.splitlines() if line.startswith("  ")}
    assert listed == GUIDE | OTHERS
    assert "\x1b" not in done.stdout


def test_the_guide_from_the_first_migration_to_the_reset(make: Make) -> None:
    first = make("migrate")
    assert first.returncode == 0, first.stderr
    assert "Running upgrade 001 -> 002" in first.stderr
    assert f"Now at {AT_HEAD}" in first.stderr
    assert (make.backend / ".postgres" / "data").exists()

    assert f"Nothing to do: at {AT_HEAD}" in make("migrate-up").stderr
    assert "6 companies" in make("db-list-companies").stdout
    assert f"Now at {ONE_BEHIND}" in make("migrate-down").stderr
    assert "│ no" in make("migrate-history").stdout
    assert make("db-info").returncode != 0

    assert make("db-reset", "FORCE=1").returncode == 0
    assert "has ended" in make("db-stop").stdout
    assert "     6\n" in make("psql", stdin="SELECT COUNT(*) FROM companies;").stdout


def test_a_model_change_becomes_a_migration(make: Make, migrated_url: URL) -> None:
    make.env["DATABASE_URL"] = as_text(migrated_url)
    model = make.backend / "app" / "db" / "models" / "company.py"
    column = "    probe: Mapped[str | None]\n    created_at: Mapped[CreatedAt]\n"
    model.write_text(model.read_text().replace("    created_at: Mapped[CreatedAt]\n", column))
    created = make("migrate-create", "NAME=add company probe")
    assert created.returncode == 0, created.stderr
    assert f"versions/{NEXT}_add_company_probe.py" in created.stdout
    assert "added column 'companies.probe'" in created.stderr
    assert f"Now at {NEXT} (head)" in make("migrate").stderr


def test_a_hostile_name_runs_nothing(make: Make, migrated_url: URL) -> None:
    make.env["DATABASE_URL"] = as_text(migrated_url)
    name = "$(shell touch pwned)$(touch pwned)`touch pwned`';touch pwned;'\";touch pwned;\""
    done = make("migrate-create", f"NAME={name}")
    assert "No difference" in done.stdout, done
    assert not list(make.backend.parent.parent.rglob("*pwned*"))


def test_a_missing_name_is_one_line(make: Make) -> None:
    make.env["DATABASE_URL"] = "postgresql://u:p@127.0.0.1:1/n"
    done = make("migrate-create")
    assert done.returncode != 0
    errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
    assert len(errors) == 1
    assert "message" in errors[0]
    assert "Traceback" not in done.stderr


def test_an_install_is_repeated_when_the_lock_changes(checkout: Path) -> None:
    (checkout / ".venv").unlink()
    (checkout / ".venv").mkdir()
    for lock in ("local", "dev"):
        (checkout / ".venv" / f"{lock}.installed").touch()
    assert "install.sh" not in run("make", "--dry-run", "lint", cwd=checkout).stdout
    os.utime(checkout / "requirements" / "dev.lock", (4e9, 4e9))
    assert "install.sh requirements/dev.lock" in run("make", "-n", "lint", cwd=checkout).stdout


def test_an_old_python_is_refused_in_one_line(checkout: Path, tmp_path: Path) -> None:
    (checkout / ".venv").unlink()
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in ("make", "sh", "awk", "rm", "cat", "touch"):
        (tools / tool).symlink_to(str(shutil.which(tool)))
    done = run("make", "migrate", cwd=checkout, env={"PATH": str(tools)})
    assert done.returncode != 0
    assert "no Python 3.11 or newer found" in done.stderr
