"""The dump that a reset keeps: it comes back whole, or nothing is dropped."""

import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import URL, Engine, create_engine, text
from sqlalchemy.pool import NullPool

from app.commands import reset as reset_command
from app.db import backup, embedded
from app.db.backup import Backup, BackupError, back_up
from app.db.client import find_programs
from app.db.embedded.binaries import find_program
from app.db.url import DatabaseURL
from scripts import db_manager
from tests.catalog import Picture, read_catalog, read_rows
from tests.shell import as_text, run

FINE, FAILED, INTERRUPTED = 0, 1, 130

# Says of which version it is, begins to write, and goes on as the test wants.
STAND_IN = """#!/bin/sh
test "$1" = --version && echo "pg_dump (PostgreSQL) {version}" && exit
for argument; do case $argument in --file=*) echo half > "${{argument#--file=}}";; esac; done
{then}
"""

Reset = Callable[..., tuple[int, list[str]]]
PutStandIn = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where a reset keeps its dumps, which nobody has made yet."""
    path = tmp_path / "the dumps"
    monkeypatch.setattr(reset_command, "BACKUPS", path)
    return path


@pytest.fixture
def reset(
    folder: Path,  # noqa: ARG001 no dump goes into the checkout
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Reset:
    """Return `db_manager.py reset --force`: it returns its exit code and its lines on stderr."""

    def call(url: URL, *options: str) -> tuple[int, list[str]]:
        monkeypatch.setenv("DATABASE_URL", as_text(url))
        code = db_manager.main(("reset", "--force", *options))
        return code, capsys.readouterr().err.splitlines()

    return call


@pytest.fixture
def put_stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PutStandIn:
    """Return a function that puts another pg_dump on PATH, and returns where it is."""

    def put(version: str, then: str, *, is_alone: bool = False) -> Path:
        program = tmp_path / "bin" / "pg_dump"
        program.parent.mkdir()
        program.write_text(STAND_IN.format(version=version, then=then))
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
        if is_alone:
            monkeypatch.setattr(embedded, "is_installed", lambda: False)
        return program

    return put


@pytest.fixture
def awkward(admin: Engine, admin_url: URL, template: str) -> Iterator[Engine]:
    """Return a database at head whose name needs quoting everywhere."""
    url = admin_url.set(database="a/b 'c' \"d\" ü")
    name = admin.dialect.identifier_preparer.quote(str(url.database))
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template}")
        yield create_engine(url, poolclass=NullPool)
        connection.exec_driver_sql(f"DROP DATABASE {name}")


def dump(engine: Engine, folder: Path) -> Backup:
    with engine.connect() as connection:
        return back_up(connection, DatabaseURL(engine.url, "the test"), folder)


def paste(command: str, url: URL) -> None:
    """Run a line in a shell, with the password that a person would be asked for."""
    done = run("sh", "-c", command, env={"PGPASSWORD": url.password or ""})
    # A newer pg_restore sets a parameter that an older server does not know, and goes on.
    is_newer = "transaction_timeout" in done.stderr
    assert done.returncode == int(is_newer), done.stderr
    assert is_newer or not done.stderr


def picture(engine: Engine) -> tuple[Picture, Picture]:
    with engine.connect() as connection:
        return read_catalog(connection), read_rows(connection)


def change(engine: Engine) -> None:
    """Make the database another one than the migrations do."""
    with engine.begin() as connection:
        for statement in (
            "INSERT INTO companies (name, ir_url) VALUES ('Mine', 'https://mine.example')",
            "CREATE TYPE mood AS ENUM ('good')",
            'CREATE TABLE "Odd name" (mood mood, company bigint REFERENCES companies)',
            "CREATE EXTENSION pg_stat_statements",
            "CREATE SCHEMA other CREATE TABLE kept (n int)",
        ):
            connection.exec_driver_sql(statement)


def test_a_reset_says_how_its_dump_comes_back(reset: Reset, migrated: Engine, folder: Path) -> None:
    change(migrated)
    before = picture(migrated)
    code, (started, written, command, *others) = reset(migrated.url)
    assert code == FINE, others
    assert picture(migrated) != before
    assert started == f"db_manager: dumping the database into {folder} …"
    assert written.startswith(f"db_manager: dumped to {next(folder.iterdir())} (")
    with migrated.begin() as connection:
        connection.exec_driver_sql("INSERT INTO other.kept VALUES (1)")
    paste(command, migrated.url)
    assert picture(migrated) == before
    with migrated.connect() as connection:  # as the reset, the way back leaves it alone
        assert connection.scalar(text("SELECT n FROM other.kept")) == 1


def test_a_dump_is_for_its_owner_only_and_comes_back_in_a_new_database(
    migrated: Engine, empty: Engine, folder: Path
) -> None:
    change(migrated)
    done = dump(migrated, folder)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (folder, done.path)] == [0o700, 0o600]
    assert done.size == done.path.stat().st_size
    address = as_text(empty.url.set(drivername="postgresql"))
    paste(f"{find_program('pg_restore')} --dbname='{address}' '{done.path}'", empty.url)
    assert picture(empty) == picture(migrated)


def test_an_awkward_name_is_quoted_in_the_command_and_gone_from_the_file(
    awkward: Engine, folder: Path
) -> None:
    done = dump(awkward, folder)
    assert done.path.name.startswith("a_b__c___d___-20")
    before = picture(awkward)
    with awkward.begin() as connection:
        connection.execute(text("DELETE FROM companies"))
    paste(done.restore_command, awkward.url)
    assert picture(awkward) == before


def test_a_password_goes_through_the_environment_only(
    admin: Engine, migrated_url: URL, folder: Path, put_stand_in: PutStandIn
) -> None:
    put_stand_in("99", f'printf "%s\\n" "$PGPASSWORD" "$*" > "{folder}/seen"')
    url = migrated_url.set(username="fde_test_dumper", password="s3cr3t")
    engine = create_engine(url.update_query_dict({"sslpassword": "t0p"}), poolclass=NullPool)
    with admin.connect() as connection:
        connection.exec_driver_sql("CREATE ROLE fde_test_dumper LOGIN PASSWORD 's3cr3t'")
        try:
            done = dump(engine, folder)
        finally:
            connection.exec_driver_sql("DROP ROLE fde_test_dumper")
    password, arguments = (folder / "seen").read_text().splitlines()
    assert password == "s3cr3t"
    assert "s3cr3t" not in arguments + done.restore_command
    assert "t0p" not in done.restore_command


def test_an_older_pg_dump_gives_way_to_the_embedded_one(
    migrated: Engine, folder: Path, put_stand_in: PutStandIn
) -> None:
    put_stand_in("9", "exit 1")
    assert dump(migrated, folder).restore_command.startswith(str(find_program("pg_restore")))


def test_the_embedded_server_is_served_by_its_own_programs(
    migrated_url: URL, put_stand_in: PutStandIn
) -> None:
    own, other = find_program("pg_dump"), put_stand_in("99", "")
    inside = URL.create(embedded.DRIVERNAME, database="d")
    assert find_programs("pg_dump", DatabaseURL(inside, "the test")) == [own, other]
    assert find_programs("pg_dump", DatabaseURL(migrated_url, "the test")) == [other, own]


REASONS = {
    "pg_dump is not installed here": ("", "exit 1"),  # Debian's wrapper around nothing
    "no pg_dump here is as new as the server": ("9", "exit 1"),
    "pg_dump: error: no luck": ("99", "echo 'pg_dump: error: no luck' >&2; exit 1"),
}


@pytest.mark.parametrize("reason", REASONS)
def test_without_a_dump_nothing_is_dropped_and_nothing_left(
    reason: str, reset: Reset, migrated: Engine, folder: Path, put_stand_in: PutStandIn
) -> None:
    put_stand_in(*REASONS[reason], is_alone=True)
    before = picture(migrated)
    code, (_, refusal) = reset(migrated.url)
    assert code == FAILED
    assert refusal.startswith(f"db_manager: nothing was dropped, since there is no dump: {reason}")
    assert refusal.endswith(". DUMP=0 goes on without")
    assert not list(folder.glob("*"))
    assert picture(migrated) == before


def test_an_interrupted_dump_drops_nothing_and_leaves_nothing(
    migrated: Engine, checkout: Path, put_stand_in: PutStandIn
) -> None:
    folder = put_stand_in("99", "kill -INT $PPID; exec sleep 20").parent
    env = {"PATH": f"{folder}:/usr/bin:/bin", "DATABASE_URL": as_text(migrated.url)}
    before = picture(migrated)
    python = str(checkout / ".venv" / "bin" / "python")
    done = run(python, "scripts/db_manager.py", "reset", "--force", cwd=checkout, env=env)
    assert done.returncode == INTERRUPTED, done
    assert list((checkout / ".backups").iterdir()) == []
    assert picture(migrated) == before


def test_a_folder_that_cannot_be_made_is_a_reason(migrated: Engine, folder: Path) -> None:
    folder.touch()
    with pytest.raises(BackupError, match=f"{folder}: File exists"):
        dump(migrated, folder)


def test_an_earlier_dump_is_never_written_over(
    migrated: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime(2026, 11, 23, 4, 15, tzinfo=UTC)
    monkeypatch.setattr(backup, "datetime", SimpleNamespace(now=lambda _: now))
    first = dump(migrated, folder).path
    assert first.name.endswith("-20261123T041500Z.dump")
    written = first.read_bytes()
    with pytest.raises(BackupError, match="is there already"):
        dump(migrated, folder)
    assert [path.read_bytes() for path in folder.iterdir()] == [written]


def test_no_dump_is_kept_where_none_is_wanted_or_nothing_is_lost(
    reset: Reset, migrated_url: URL, empty_url: URL, folder: Path
) -> None:
    for code, words in (reset(migrated_url, "--no-dump"), reset(empty_url)):
        assert code == FINE, words
    assert not folder.exists()
