"""The dump of a reset can be restored completely; without a dump, nothing is dropped."""

import shlex
import signal
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import URL, Engine, create_engine
from sqlalchemy.pool import NullPool

from alembic_zero_downtime import embedded
from alembic_zero_downtime.cli.exit_codes import Exit
from alembic_zero_downtime.database import backup
from alembic_zero_downtime.database.backup import Backup, BackupError, back_up
from alembic_zero_downtime.database.client import (
    Address,
    find_programs,
    read_address,
    run_pg_dump,
)
from alembic_zero_downtime.database.url import EMBEDDED, DatabaseURL
from alembic_zero_downtime.embedded.binaries import find_program
from alembic_zero_downtime.errors import MigrationError
from project.definition import PROJECT
from support.databases import connected, execute, scalar
from support.project import INI
from support.shell import Done, as_text, run
from support.snapshots import take_snapshot

pytestmark = pytest.mark.slow  # it starts or resets servers and databases of its own

# Prints its version, begins to write the file, and continues as the test defines.
STAND_IN = """#!/bin/sh
test "$1" = --version && echo "pg_dump (PostgreSQL) {version}" && exit
for argument; do case $argument in --file=*) echo half > "${{argument#--file=}}";; esac; done
{then}
"""
CHANGES = """
    INSERT INTO companies (name, ir_url) VALUES ('Mine', 'https://mine.example');
    CREATE TYPE mood AS ENUM ('good');
    CREATE TABLE "Odd name" (mood mood, company bigint REFERENCES companies);
    CREATE EXTENSION pg_stat_statements;
    CREATE SCHEMA other CREATE TABLE kept (n int);
    CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
    CREATE VIEW v AS SELECT f() AS f, * FROM companies;
    CREATE MATERIALIZED VIEW m AS SELECT * FROM v;
    CREATE SEQUENCE s; SELECT setval('s', 4711);
    GRANT SELECT, UPDATE (name) ON companies TO PUBLIC;
    GRANT SELECT ON v TO pg_monitor;
    REVOKE EXECUTE ON FUNCTION f() FROM PUBLIC;
    COMMENT ON TABLE companies IS 'It''s ours';
    COMMENT ON COLUMN companies.name IS 'a name';
    COMMENT ON FUNCTION f() IS 'one';
    COMMENT ON TYPE mood IS 'a mood';
    SELECT lo_from_bytea(4711, 'large');
    CREATE PUBLICATION published FOR TABLE companies;
"""
DETAILS = """
    SELECT jsonb_build_array(
        (SELECT jsonb_agg(description ORDER BY description) FROM pg_description AS d
          WHERE pg_describe_object(classoid, objoid, objsubid) ~ 'companies|f\\(\\)|mood'),
        (SELECT jsonb_agg((proname, proacl::text)) FROM pg_proc WHERE proname = 'f'),
        (SELECT jsonb_agg(attacl::text) FROM pg_attribute WHERE attacl IS NOT NULL
            AND attrelid = 'companies'::regclass),
        (SELECT count(*) FROM pg_publication_tables),
        (SELECT last_value FROM s), (SELECT count(*) FROM m), lo_get(4711)::text)
"""

Alembic = Callable[..., int]
Reset = Callable[..., tuple[int, list[str]]]
PutStandIn = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of the dumps, which does not exist yet."""
    path = tmp_path / "the dumps"
    monkeypatch.setattr("project.definition.PROJECT", replace(PROJECT, backups=path))
    return path


@pytest.fixture
def reset(
    folder: Path,  # noqa: ARG001 no dump is written into the current directory
    manage: Callable[..., Done],
    capsys: pytest.CaptureFixture[str],
) -> Reset:
    """Return `reset --force` as a function that returns its exit code and its lines on stderr."""

    def call(url: URL, *options: str) -> tuple[int, list[str]]:
        capsys.readouterr()
        done = manage(url, "reset", "--force", *options)
        return done.returncode, done.stderr.splitlines()

    return call


@pytest.fixture
def put_stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PutStandIn:
    """Return a function that puts another pg_dump on PATH, and returns its path."""

    def put(version: str, then: str, *, is_only_one: bool = False) -> Path:
        program = tmp_path / "bin" / "pg_dump"
        program.parent.mkdir()
        program.with_name("pg_restore").symlink_to(find_program("pg_restore"))
        program.write_text(STAND_IN.format(version=version, then=then))
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
        if is_only_one:
            monkeypatch.setattr(embedded, "is_installed", lambda: False)
        return program

    return put


@pytest.fixture
def awkward(migration_server: URL, migrated_template: str) -> Iterator[Engine]:
    """Return a database at head whose name needs quoting everywhere."""
    url = migration_server.set(database="a/b 'c' \"d\" ü")
    name = '"a/b \'c\' ""d"" ü"'
    with connected(migration_server) as admin:
        admin.exec_driver_sql(f'CREATE DATABASE {name} TEMPLATE "{migrated_template}"')
        yield create_engine(url, poolclass=NullPool)
        admin.exec_driver_sql(f"DROP DATABASE {name}")


def dump(engine: Engine, folder: Path) -> Backup:
    with engine.connect() as connection:
        return back_up(connection, DatabaseURL(engine.url, "the test"), folder)


def paste(command: str, url: URL) -> None:
    """Run a line in a shell, with the password that a user would be prompted for."""
    done = run("sh", "-c", command, env={"PGPASSWORD": url.password or ""})
    # A newer pg_restore sets a parameter that an older server does not know, and continues.
    is_newer = "transaction_timeout" in done.stderr
    assert done.returncode == int(is_newer), done.stderr
    assert is_newer or not done.stderr


def test_a_reset_prints_the_command_that_restores_its_dump(
    reset: Reset, alembic: Alembic, each_url: URL, folder: Path
) -> None:
    engine = create_engine(each_url, poolclass=NullPool)
    assert alembic(each_url, "upgrade", "head") == 0
    execute(engine, CHANGES)
    before, details = take_snapshot(engine), scalar(engine, DETAILS)
    code, (started, written, command, *others) = reset(each_url)
    assert code == Exit.OK, others
    assert take_snapshot(engine) != before
    assert started == f"alembic-zero-downtime: dumping the database into {folder} …"
    (path,) = folder.iterdir()
    assert written.startswith(f"alembic-zero-downtime: dumped to {path} (")
    assert written.endswith("); to restore it:")
    execute(engine, "INSERT INTO other.kept VALUES (1)")
    paste(command, each_url)
    assert take_snapshot(engine) == before
    assert scalar(engine, DETAILS) == details
    assert scalar(engine, "SELECT n FROM other.kept") == 1, "other schemas are not restored"


def test_a_dump_is_private_and_can_be_restored_into_a_new_database(
    migrated: Engine, empty: Engine, folder: Path
) -> None:
    execute(migrated, CHANGES)
    done = dump(migrated, folder)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (folder, done.path)] == [0o700, 0o600]
    assert done.size == done.path.stat().st_size
    address = as_text(empty.url.set(drivername="postgresql"))
    paste(f"'{find_program('pg_restore')}' --dbname='{address}' '{done.path}'", empty.url)
    assert take_snapshot(empty) == take_snapshot(migrated)


def test_a_name_is_quoted_in_the_command_and_replaced_in_the_file_name(
    awkward: Engine, folder: Path
) -> None:
    done = dump(awkward, folder)
    assert done.path.name.startswith("a_b__c___d___-20")
    before = take_snapshot(awkward)
    execute(awkward, "DELETE FROM companies")
    paste(done.restore_command, awkward.url)
    assert take_snapshot(awkward) == before


def test_a_password_is_passed_only_in_the_environment(
    migration_server: URL, migrated_database: URL, folder: Path, put_stand_in: PutStandIn
) -> None:
    tell = 'printf "%s\\n" "$PGPASSWORD" "$*"; test -z "$PGSERVICEFILE" || cat "$PGSERVICEFILE"'
    put_stand_in("99", f'{{ {tell}; }} > "{folder}/seen"; exec "{find_program("pg_dump")}" "$@"')
    url = migrated_database.set(username="test_dumper", password="s3cr3t")
    secrets = {"sslpassword": "t0p", "options": "-c a.b=t0p", "sslkey": "/t0p"}
    engine = create_engine(url.update_query_dict(secrets), poolclass=NullPool)
    with connected(migration_server) as admin:
        admin.exec_driver_sql(
            "CREATE ROLE test_dumper LOGIN PASSWORD 's3cr3t' IN ROLE pg_read_all_data"
        )
        try:
            done = dump(engine, folder)
        finally:
            admin.exec_driver_sql("DROP ROLE test_dumper")
    password, arguments, section, *service = (folder / "seen").read_text().splitlines()
    assert password == "s3cr3t"
    for secret in ("s3cr3t", "t0p"):
        assert secret not in arguments + done.restore_command + done.path.name
    assert section == "[alembic_zero_downtime]"
    assert sorted(service) == sorted(f"{name}={value}" for name, value in secrets.items())


def test_the_embedded_pg_dump_is_used_if_the_one_on_path_is_too_old(
    migrated: Engine, folder: Path, put_stand_in: PutStandIn
) -> None:
    put_stand_in("9", "exit 1")
    program, *_ = shlex.split(dump(migrated, folder).restore_command)
    assert program == str(find_program("pg_restore"))


def test_the_programs_of_the_embedded_server_come_first_for_it(
    migrated_database: URL, put_stand_in: PutStandIn
) -> None:
    own, other = find_program("pg_dump"), put_stand_in("99", "")
    inside = URL.create(EMBEDDED, database="d")
    assert find_programs("pg_dump", DatabaseURL(inside, "the test")) == [own, other]
    assert find_programs("pg_dump", DatabaseURL(migrated_database, "the test")) == [other, own]


@pytest.mark.parametrize(
    ("parameters", "variables", "reason"),
    [
        ({"sslpassword": "a\nb"}, {}, "cannot get sslpassword: it has a line break"),
        ({"sslpassword": "a "}, {}, "cannot get sslpassword: it has a line break, or ends with"),
        ({"sslpassword": "a"}, {"PGSERVICE": "s"}, "a service and also sslpassword: add sslpasswo"),
    ],
)
def test_a_parameter_that_only_a_command_line_could_pass_is_refused(
    parameters: dict[str, str],
    variables: dict[str, str],
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(MigrationError, match=reason):
        run_pg_dump(find_program("pg_dump"), Address({"host": "h", **parameters}, None))


def test_a_service_is_named_in_the_environment() -> None:
    with Address({"host": "h", "service": "s", "servicefile": "/f"}, None).surroundings() as found:
        assert (found.variables["PGSERVICE"], found.variables["PGSERVICEFILE"]) == ("s", "/f")
        assert found.descriptors == ()


CUT_OFF = f"""
    "{find_program("pg_dump")}" "$@"
    for argument; do case $argument in
        --file=*) truncate --size=-2000 "${{argument#--file=}}";;
    esac; done
"""
REASONS = {
    "pg_dump is not installed here": ("", "exit 1"),  # Debian's wrapper without a program
    "no pg_dump here is as new as the server": ("9", "exit 1"),
    "pg_dump: error: no luck": ("99", "echo 'pg_dump: error: no luck' >&2; exit 1"),
    "it cannot be restored: pg_restore: error: ": ("99", ""),  # the file contains `half`
    "it cannot be restored: pg_restore: error: could not read": ("99", CUT_OFF),
}


@pytest.mark.parametrize("reason", REASONS)
def test_without_a_dump_nothing_is_dropped_and_no_file_left(
    reason: str, reset: Reset, migrated: Engine, folder: Path, put_stand_in: PutStandIn
) -> None:
    put_stand_in(*REASONS[reason], is_only_one=True)
    before = take_snapshot(migrated)
    code, (_, refusal) = reset(migrated.url)
    assert code == Exit.FAILED
    assert refusal.startswith(
        f"alembic-zero-downtime: nothing was dropped, since the dump failed: {reason}"
    )
    assert refusal.endswith(". --no-dump skips the dump")
    assert not list(folder.glob("*"))
    assert take_snapshot(migrated) == before


@pytest.mark.parametrize("name", ["INT", "TERM"])
def test_an_interrupted_dump_drops_nothing_and_leaves_no_file(
    name: str, reset: Reset, migrated: Engine, folder: Path, put_stand_in: PutStandIn
) -> None:
    put_stand_in("99", f"sleep 0.1; kill -{name} $PPID; exec sleep 30")  # it ignores Ctrl-C
    before = take_snapshot(migrated)
    code, lines = reset(migrated.url)
    assert code == 128 + signal.Signals[f"SIG{name}"], lines
    assert list(folder.iterdir()) == []
    assert take_snapshot(migrated) == before


@pytest.mark.slow
def test_a_reset_that_is_killed_during_the_dump_drops_nothing(
    migrated: Engine, tmp_path: Path, put_stand_in: PutStandIn
) -> None:
    program = put_stand_in("99", "kill -KILL $PPID; sleep 0.1")
    before = take_snapshot(migrated)
    command = (sys.executable, "-m", "alembic_zero_downtime", "-c", str(INI), "reset", "--force")
    environment = {"DATABASE_URL": as_text(migrated.url), "PATH": f"{program.parent}:/usr/bin:/bin"}
    done = run(*command, cwd=tmp_path, env=environment)
    assert done.returncode == -signal.SIGKILL, done
    assert [path.suffix for path in (tmp_path / ".backups").iterdir()] == [".partial"]
    assert take_snapshot(migrated) == before


def test_a_dump_of_another_database_than_the_connection_s_is_refused(
    migrated: Engine, empty: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with empty.connect() as other:
        address = read_address(other, DatabaseURL(empty.url, "the test"))
    monkeypatch.setattr(backup, "read_address", lambda *_: address)
    with pytest.raises(BackupError, match="snapshot"):
        dump(migrated, folder)
    assert not list(folder.iterdir())


def test_a_folder_that_cannot_be_created_is_an_error(migrated: Engine, folder: Path) -> None:
    folder.touch()
    with pytest.raises(BackupError, match=f"{folder}: File exists"):
        dump(migrated, folder)


def test_an_earlier_dump_is_never_overwritten(
    migrated: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime(2026, 11, 23, 4, 15, tzinfo=UTC)
    monkeypatch.setattr(backup, "datetime", SimpleNamespace(now=lambda _: now))
    first = dump(migrated, folder).path
    assert first.name.endswith("-20261123T041500Z.dump")
    written = first.read_bytes()
    second = dump(migrated, folder).path
    assert second.name.endswith("-20261123T041500Z-2.dump")
    assert first.read_bytes() == written
    assert {*folder.iterdir()} == {first, second}


def test_no_dump_is_written_if_skipped_or_if_the_database_is_empty(
    reset: Reset, migrated_database: URL, empty_database: URL, folder: Path
) -> None:
    for code, lines in (reset(migrated_database, "--no-dump"), reset(empty_database)):
        assert code == Exit.OK, lines
    assert not folder.exists()
