"""`fde add` under faults: twice at once, killed, on a full disk, without storage or database."""

import os
import resource
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from sqlalchemy import URL, create_engine, text
from sqlalchemy.pool import NullPool

from alembic_zero_downtime.embedded.disposable import FAST
from alembic_zero_downtime.embedded.server import EmbeddedServer
from support.databases import address_of
from tests.chaos import killing
from tests.filings.decade import Story, make_decade
from tests.filings.layout import Layout
from tests.helpers.shell import BACKEND, CLEAN_ENVIRONMENT, as_text
from tests.helpers.waiting import wait_until

pytestmark = pytest.mark.slow

REPORTS = 4
ADD = ("add", "--create", "ACME")


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    folder = tmp_path / "reports"
    folder.mkdir()
    story = Story(Layout(scale=6, shares=True), reports=REPORTS, documents=tuple(range(REPORTS)))
    for each in make_decade(7, story).reports:
        (folder / each.file).write_bytes(each.data)
    return folder


class Fde:
    """The command line, with a database and a storage."""

    def __init__(self, url: URL, folder: Path) -> None:
        self.url = url
        self.storage = folder / "storage"
        self.environment = {
            **CLEAN_ENVIRONMENT,
            "PYTHONPATH": str(BACKEND),
            "DATABASE_URL": as_text(url),
            "STORAGE_URL": str(self.storage),
        }

    @contextmanager
    def start(
        self, *arguments: str, env: Mapping[str, str] | None = None, largest: int | None = None
    ) -> Iterator[subprocess.Popen[str]]:
        """Start a command; `largest` limits the bytes of each file that it writes."""

        def limit() -> None:
            if largest:
                resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))

        with subprocess.Popen(
            [sys.executable, "-P", "-m", "app", *arguments],
            env={**self.environment, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=limit,  # noqa: PLW1509 no thread is running
        ) as process:
            try:
                yield process
            finally:
                with suppress(ProcessLookupError):
                    process.kill()

    def run(
        self, *arguments: str, env: Mapping[str, str] | None = None, largest: int | None = None
    ) -> tuple[int, str, str]:
        """Return the exit code and the output of a command."""
        with self.start(*arguments, env=env, largest=largest) as process:
            output, errors = process.communicate(timeout=120)
            return process.returncode, output, errors

    def count(self, table: str) -> int:
        """Return the number of rows."""
        engine = create_engine(self.url, poolclass=NullPool)
        with engine.connect() as connection:
            return int(connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0)

    def files(self) -> list[Path]:
        """Return all files of the storage."""
        return [each for each in self.storage.rglob("*") if each.is_file()]

    def check_whole(self) -> None:
        """Check that every report is kept with its file, and nothing else."""
        kept = [self.count(each) for each in ("documents", "extractions", "compiled_statements")]
        assert kept == [REPORTS, 3 * REPORTS, 3]
        assert len(self.files()) == REPORTS
        assert self.count("compiled_statements WHERE digest IS NULL") == 0


@pytest.fixture
def fde(migrated_database: URL, tmp_path: Path) -> Fde:
    return Fde(migrated_database, tmp_path)


def assert_one_line(errors: str, words: str) -> None:
    assert len(errors.splitlines()) == 1, errors
    assert words in errors


def test_two_processes_add_the_same_files_at_once(fde: Fde, reports: Path) -> None:
    with fde.start(*ADD, str(reports)) as first, fde.start(*ADD, str(reports)) as second:
        outputs = [each.communicate(timeout=120) for each in (first, second)]
        assert [first.returncode, second.returncode] == [0, 0], outputs
    fde.check_whole()
    assert fde.count("companies WHERE primary_ticker = 'ACME'") == 1


def test_killed_commands_are_finished_by_the_same_command(
    migration_server: URL, tmp_path: Path
) -> None:
    outcome = killing.run(migration_server, tmp_path, kills=12, seed=3)
    assert not outcome.failures


def test_an_interruption_keeps_what_is_done_and_says_how_to_finish(fde: Fde, reports: Path) -> None:
    with fde.start(*ADD, str(reports)) as process:
        wait_until(lambda: fde.count("documents") > 0)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.splitlines()[-2].endswith("nothing is compiled yet: the same command finishes")
    assert errors.splitlines()[-1] == "fde: interrupted"
    assert fde.run(*ADD, str(reports))[0] == 0
    fde.check_whole()


def test_a_full_disk_is_one_line_and_the_same_command_finishes(fde: Fde, reports: Path) -> None:
    largest = max(each.stat().st_size for each in reports.iterdir())
    code, _, errors = fde.run(*ADD, str(reports), largest=largest - 1)
    assert code == 4
    assert_one_line(errors, f"fde: cannot use the storage of files {fde.storage}: File too large")
    assert fde.count("documents") == len(fde.files())
    assert fde.run(*ADD, str(reports))[0] == 0
    fde.check_whole()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("{folder}/file/below", "Not a directory"),
        ("nonsense://u:s3cr3t@host/path", "Protocol not known: nonsense"),
        ("s3://bucket/path", "s3fs"),
    ],
)
def test_a_storage_that_cannot_be_used_is_one_line(
    fde: Fde, reports: Path, tmp_path: Path, url: str, words: str
) -> None:
    (tmp_path / "file").touch()
    storage = url.format(folder=tmp_path)
    code, output, errors = fde.run(*ADD, str(reports), env={"STORAGE_URL": storage})
    assert (code, output) == (4, "")
    assert_one_line(errors, words)
    assert "s3cr3t" not in errors
    assert fde.count("documents") == 0


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_storage_that_is_read_only_is_one_line(fde: Fde, reports: Path) -> None:
    fde.storage.mkdir(mode=stat.S_IRUSR | stat.S_IXUSR)
    code, _, errors = fde.run(*ADD, str(reports))
    assert code == 4
    assert_one_line(errors, "Permission denied")


def test_files_can_be_kept_in_the_memory_of_the_process(fde: Fde, reports: Path) -> None:
    assert fde.run(*ADD, str(reports), env={"STORAGE_URL": "memory://files"})[0] == 0
    assert fde.files() == []


def test_a_database_that_goes_away_is_one_line_and_the_same_command_finishes(
    tmp_path: Path, reports: Path
) -> None:
    server = EmbeddedServer(tmp_path / "server", FAST)
    try:
        url = address_of(server)
        fde = Fde(url, tmp_path)
        migrate = [sys.executable, "scripts/run_alembic.py", "upgrade", "head"]
        subprocess.run(migrate, cwd=BACKEND, env=fde.environment, check=True, capture_output=True)
        with fde.start(*ADD, str(reports)) as process:
            wait_until(lambda: fde.count("documents") > 0)
            server.stop()
            _, errors = process.communicate(timeout=60)
        assert process.returncode == 4
        assert_one_line(errors, "fde: ")
        assert "Traceback" not in errors
        fde = Fde(address_of(server), tmp_path)
        assert fde.run(*ADD, str(reports))[0] == 0
        fde.check_whole()
    finally:
        server.stop()


def test_a_migration_meanwhile_is_waited_for(fde: Fde, reports: Path) -> None:
    engine = create_engine(fde.url, poolclass=NullPool)
    with engine.connect() as migration, fde.start(*ADD, str(reports)) as process:
        migration.execute(text("LOCK TABLE documents IN ACCESS EXCLUSIVE MODE"))
        time.sleep(3)
        assert process.poll() is None
        migration.rollback()
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    fde.check_whole()


def test_a_lock_that_is_never_released_is_one_line(fde: Fde, reports: Path, tmp_path: Path) -> None:
    engine = create_engine(fde.url, poolclass=NullPool)
    shorter = (
        "from app.services import transactions\n"
        "transactions.DEFAULT = transactions.Patience(lock_seconds=0.2)\n"
    )
    program = f"{shorter}from app.cli.main import run; raise SystemExit(run())"
    with engine.connect() as migration:
        migration.execute(text("LOCK TABLE documents IN ACCESS EXCLUSIVE MODE"))
        done = subprocess.run(
            [sys.executable, "-c", program, *ADD, str(reports)],
            cwd=tmp_path,
            env=fde.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == 4
    assert_one_line(done.stderr, "keeps the tables locked: run it again afterwards")
    assert fde.files() == []
    assert fde.run(*ADD, str(reports))[0] == 0
    fde.check_whole()
