"""Every target of the Makefile, as typed, in a copy of the tree with an embedded server."""

import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, text

from alembic_zero_downtime.embedded.server import EmbeddedServer
from tests.helpers.revisions import AT_HEAD, IDS, NEXT, ONE_BEHIND
from tests.helpers.shell import BACKEND, as_text, run

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
        "db-config",
        "db-doctor",
        "eval",
        "fuzz",
        "chaos",
        "bench",
        "bench-online",
        "bench-plan",
        "bench-compile",
        "bench-api",
        "screenshots",
    ),
    *("help", "install", "psql", "db-stop", "run", "test", "test-all", "lint", "format"),
    *("demo", "demo-serve", "demo-remove", "typecheck", "docs", "check", "lock", "clean"),
}


class Make:
    """`make` in one copy of the tree, with nothing configured."""

    def __init__(self, backend: Path) -> None:
        self.backend = backend
        self.folder = backend
        self.env: dict[str, str] = {}

    def __call__(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return run("make", *arguments, cwd=self.folder, env=self.env, stdin=stdin)


@pytest.fixture
def make(checkout: Path) -> Iterator[Make]:
    shutil.copy2(BACKEND.parent / "Makefile", checkout.parent)
    yield Make(checkout)
    EmbeddedServer(checkout / ".postgres").stop()


def test_without_a_target_make_lists_them_all(make: Make) -> None:
    done = make()
    assert done.returncode == 0
    listed = {line.split()[0] for line in done.stdout.splitlines() if line.startswith("  ")}
    assert listed == GUIDE | OTHERS
    assert "\x1b" not in done.stdout


def test_the_repository_s_makefile_forwards_targets_and_variables(make: Make) -> None:
    targets = make().stdout
    make.folder = make.backend.parent
    (make.folder / "docs").mkdir()
    assert make().stdout.startswith(targets)
    assert 'alembic.py upgrade "001"' in make("--dry-run", "migrate", "REV=001").stdout
    assert "sphinx" in make("--dry-run", "docs").stdout
    assert make("no-such-target").returncode != 0


@pytest.mark.slow
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

    stored = make.backend / ".storage" / "ab" / f"{'ab' * 32}"
    stored.parent.mkdir(parents=True)
    stored.write_bytes(b"a report")
    assert make("db-reset", "FORCE=1").returncode == 0
    assert stored.read_bytes() == b"a report"
    assert "Stopped the embedded PostgreSQL" in make("db-stop").stdout
    assert "     6\n" in make("psql", stdin="SELECT COUNT(*) FROM companies;").stdout


@pytest.mark.slow
def test_a_model_change_becomes_a_migration(make: Make, migrated_database: URL) -> None:
    make.env["DATABASE_URL"] = as_text(migrated_database)
    model = make.backend / "app" / "db" / "models" / "company.py"
    column = "    probe: Mapped[str | None]\n    created_at: Mapped[CreatedAt]\n"
    model.write_text(model.read_text().replace("    created_at: Mapped[CreatedAt]\n", column))
    created = make("migrate-create", "NAME=add company probe")
    assert created.returncode == 0, created.stderr
    assert f"versions/{NEXT}_add_company_probe.py" in created.stdout
    assert "added column 'companies.probe'" in created.stderr
    assert f"Now at {NEXT} (head)" in make("migrate").stderr


@pytest.mark.slow
def test_migrate_down_loses_rows_of_users_only_by_force(
    alembic: Callable[..., int], migrated: Engine
) -> None:
    company = "INSERT INTO companies (name, ir_url) VALUES ('Mine', 'https://mine.example')"
    with migrated.begin() as connection:
        connection.exec_driver_sql(company)
    assert alembic(migrated.url, "downgrade", "001") == 0
    env = {"DATABASE_URL": as_text(migrated.url)}
    refused = run("make", "migrate-down", env=env).stderr
    assert "there is no terminal. To go ahead: the same command with FORCE=1 for make" in refused
    with migrated.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM companies")) == 1
    assert run("make", "migrate-down", "FORCE=1", env=env).returncode == 0
    with migrated.connect() as connection:
        assert connection.scalar(text("SELECT to_regclass('companies')")) is None


@pytest.mark.parametrize("folder", ["backend", pytest.param(".", marks=pytest.mark.slow)])
def test_a_hostile_name_runs_nothing(folder: str, make: Make, migrated_database: URL) -> None:
    make.folder = make.backend.parent / folder
    make.env["DATABASE_URL"] = as_text(migrated_database)
    name = "$(shell touch pwned)$(touch pwned)`touch pwned`';touch pwned;'\";touch pwned;\""
    done = make("migrate-create", f"NAME={name}")
    assert "No difference" in done.stdout, done
    assert not list(make.backend.parent.parent.rglob("*pwned*"))


@pytest.mark.parametrize(
    ("target", "variable", "option"),
    [
        ("db-reset", "FORCE=1", "--force"),
        ("db-reset", "DUMP=0", "--no-dump"),
        ("db-reset", "ALLOW_REMOTE=1", "--allow-remote"),
        ("migrate-down", "FORCE=1", "ALLOW_DATA_LOSS=1"),
    ],
)
@pytest.mark.parametrize("folder", ["backend", "."])
def test_only_make_s_command_line_skips_a_question(
    folder: str, target: str, variable: str, option: str, make: Make
) -> None:
    make.folder = make.backend.parent / folder
    (make.folder / "docs").mkdir(exist_ok=True)
    name, value = variable.split("=")
    assert option in make("--dry-run", target, variable).stdout
    assert option not in make("--dry-run", target, f"{name}=").stdout
    make.env[name] = value
    for options in ((), ("-e",)):
        assert option not in make("--dry-run", *options, target).stdout


@pytest.mark.parametrize(
    ("target", "command"),
    [
        ("migrate-accept", "make migrate-accept REV=002"),
        ("db-stamp-env", "make db-stamp-env ENV=production"),
    ],
)
def test_a_missing_argument_is_named(
    target: str, command: str, make: Make, migrated_database: URL
) -> None:
    make.env["DATABASE_URL"] = as_text(migrated_database)
    (line, _) = make(target).stderr.splitlines()  # the second one is make's own
    assert line.endswith(f": {command}"), line


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("migrat",), "there is no target migrat: did you mean migrate?"),
        (("db-lst-companies",), "did you mean db-list-companies?"),
        (("nonsense",), "there is no target nonsense: make alone lists them"),
        (("migrate-history", "FORMAT=json"), "make migrate-history does not take FORMAT."),
        (("migrate-down", "FOCRE=1"), "does not take FOCRE: did you mean FORCE?"),
        (("migrate", "DATABSE_URL=x"), "does not take DATABSE_URL: did you mean DATABASE_URL?"),
        (("migrate-create", "TITLE=x"), "does not take TITLE (only NAME BLANK)"),
        (("migrate", "PYTHON=nopython"), "there is no program nopython: correct PYTHON"),
        (("help", "REV=1"), "make help does not take REV."),
    ],
)
def test_what_make_does_not_know_is_refused_with_the_nearest_name(
    arguments: tuple[str, ...], message: str, make: Make
) -> None:
    for folder in (make.backend, make.backend.parent):
        make.folder = folder
        done = make(*arguments)
        assert done.returncode != 0
        assert message in done.stderr


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        (("migrate-down",), 'downgrade "-1"'),
        (("migrate-down", "REV=009"), 'downgrade "009"'),
        (("migrate-down", "REV=base", "FORCE=1"), 'downgrade "base"'),
        (("migrate", "PYTHON=python3", "DB_PORT=1", "MIGRATION_DB_WAIT=5"), 'upgrade "head"'),
        (("migrate-create", "NAME=x"), "revision --autogenerate -m"),
        (("migrate-create", "NAME=x", "BLANK=1"), "revision  -m"),
        (("db-reset", "migrate-down", "DUMP=0", "REV=009"), "--no-dump"),
        (("check", "ARGS=-k x"), "pytest -n 4 -rR -k x"),
    ],
)
def test_the_variables_of_a_target_reach_its_command(
    arguments: tuple[str, ...], command: str, make: Make
) -> None:
    done = make("--dry-run", *arguments)
    assert (done.returncode, command in done.stdout) == (0, True), done


def test_a_revision_in_the_environment_is_not_for_a_downgrade(make: Make) -> None:
    make.env["REV"] = "001"
    assert 'downgrade "-1"' in make("--dry-run", "migrate-down").stdout


def test_a_port_in_use_is_one_line(make: Make) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        done = make("run", f"PORT={port}")
    (line, _) = done.stderr.splitlines()  # the second one is make's own
    assert line == (
        f"run: cannot serve on port {port}: Address already in use. Choose another: "
        f"make run PORT={port + 1}"
    )


def test_a_missing_name_is_one_line(make: Make) -> None:
    make.env["DATABASE_URL"] = "postgresql://u:p@127.0.0.1:1/n"
    done = make("migrate-create")
    assert done.returncode != 0
    errors = [line for line in done.stderr.splitlines() if line.startswith("FAILED")]
    assert len(errors) == 1
    assert "message" in errors[0]
    assert "Traceback" not in done.stderr


def test_migrate_lint_checks_new_revisions_or_all(checkout: Path) -> None:
    done = run("make", "migrate-lint", "ALL=1", cwd=checkout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Checked {len(IDS)} of {len(IDS)} revisions: no findings" in done.stdout
    assert "lint --all" in run("make", "--dry-run", "check", cwd=checkout).stdout
    assert "lint --all" not in run("make", "--dry-run", "migrate-lint", cwd=checkout).stdout


def test_migrate_lint_annotates_in_a_workflow(checkout: Path) -> None:
    written = run("make", "--dry-run", "migrate-lint", "FORMAT=github", cwd=checkout).stdout
    assert '--format "github"' in written
    workflow = {"GITHUB_ACTIONS": "true"}
    assert '--format "github"' in run("make", "-n", "check", cwd=checkout, env=workflow).stdout
    assert "--format" not in run("make", "-n", "check", cwd=checkout).stdout


def test_bench_measures_all_or_only_the_lint(checkout: Path) -> None:
    everything = run("make", "--dry-run", "bench", cwd=checkout).stdout
    assert all(f" -m {module}" in everything for module in ("bench ", "bench.start", "bench.lint"))
    only = run("make", "--dry-run", "bench", "ARGS=lint --runs 3", cwd=checkout).stdout
    assert [line.partition(" -m ")[2] for line in only.splitlines() if "bench" in line] == [
        "bench.lint --runs 3"
    ]


@pytest.mark.parametrize(
    ("arguments", "programs"),
    [
        ("", ["tests.fuzz", "generated"]),
        ("--readers pdf", ["tests.fuzz --readers pdf"]),
        ("models --seed 1", ["generated --seed 1"]),
    ],
)
def test_fuzz_reads_files_or_writes_revisions_or_both(
    arguments: str, programs: list[str], checkout: Path
) -> None:
    written = run("make", "--dry-run", "fuzz", f"ARGS={arguments}", cwd=checkout).stdout
    assert [
        line.partition(" -m ")[2].strip() for line in written.splitlines() if " -m " in line
    ] == programs


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
    named = run("make", "migrate", "PYTHON=sh", cwd=checkout)
    assert "install: sh is no Python 3.11 or newer" in named.stderr
