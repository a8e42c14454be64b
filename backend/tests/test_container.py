"""The image's entry point and health command, with real processes."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, text

from app.container import health
from tests.helpers.http import free_port
from tests.helpers.revisions import HEAD, NEXT
from tests.helpers.shell import BACKEND, CLEAN_ENVIRONMENT, as_text, run

DEPLOYMENT_PAGE = BACKEND.parent / "docs" / "infrastructure" / "deployment.md"
ENTRYPOINT = ("python", "-m", "app.container.entrypoint")
HEALTH = ("python", "-m", "app.container.health")
AS_PROCESS_1 = ("unshare", "--pid", "--fork", "--mount-proc", "--kill-child")
START_UP = "alembic upgrade head && uvicorn app.main:app --host 127.0.0.1 --port {port}"
SOON = 20  # seconds, on a busy machine

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the image runs on Linux")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, for a PID namespace")

LONG_REVISION = f'''"""Take ten minutes."""

from alembic import op

revision, down_revision, branch_labels, depends_on = "{NEXT}", "{HEAD}", None, None


def upgrade() -> None:
    """Create a table, and sleep."""
    op.execute("CREATE TABLE never_committed ()")
    op.execute("SELECT pg_sleep(600)")
'''


class Container:
    """A command under the entry point, which is process 1 of its own PID namespace."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self._process = process
        self._log = log

    @property
    def output(self) -> str:
        return self._log.read_text()

    def wait_for(self, pattern: str) -> str:
        """Wait until the output has the pattern; return its last group, or all of it."""
        deadline = time.monotonic() + 60
        while not (found := re.search(pattern, self.output)):
            assert time.monotonic() < deadline, self.output
            assert self._process.poll() is None, self.output
            time.sleep(0.02)
        return found[found.re.groups]

    def signal(self, number: int) -> None:
        os.kill(self._process_1(), number)

    def wait(self, seconds: float = SOON) -> int:
        return self._process.wait(seconds)

    def exec(self, *command: str, seconds: float = SOON) -> subprocess.CompletedProcess[str]:
        """Run a command in the namespace, as `docker exec` does."""
        enter = ("nsenter", f"--target={self._process_1()}", "--pid", "--mount", "--wd")
        return run(*enter, *command, timeout=seconds)

    def _process_1(self) -> int:
        pid = self._process.pid
        return int(Path(f"/proc/{pid}/task/{pid}/children").read_text())


def is_documented(line: str) -> bool:
    """Whether the deployment page quotes the line, with the port of the image."""
    quoted = re.sub(r"(?<=127\.0\.0\.1:)\d+", "8000", line.rstrip("\n"))
    return f"| `{quoted}` |" in DEPLOYMENT_PAGE.read_text(encoding="utf-8")


@contextmanager
def container(
    tmp_path: Path, *command: str, cwd: Path = BACKEND, url: URL | None = None, **env: str
) -> Iterator[Container]:
    """Run `command`; when the block ends, nothing of it is left."""
    if url is not None:
        env["DATABASE_URL"] = as_text(url)
    log = tmp_path / "log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [*AS_PROCESS_1, *ENTRYPOINT, *command],
            cwd=cwd,
            env={**CLEAN_ENVIRONMENT, **env},
            stdout=stream,
            stderr=stream,
        )
    try:
        yield Container(process, log)
    finally:
        process.kill()
        process.wait(SOON)


# --- The entry point --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "code", "message"),
    [
        (("sh", "-c", "exit 7"), 7, ""),
        (("sh", "-c", "kill -KILL $$"), 137, ""),
        (("no-such-command",), 127, "entrypoint: no-such-command: not found\n"),
        (("/",), 126, "entrypoint: /: Permission denied\n"),
        ((), 2, "entrypoint: name a command, as in: entrypoint alembic upgrade head\n"),
    ],
)
def test_exit_code_is_that_of_the_command(
    command: tuple[str, ...], code: int, message: str
) -> None:
    done = run(*ENTRYPOINT, *command)
    assert (done.returncode, done.stdout, done.stderr) == (code, "", message)


def test_exit_code_is_known_where_children_were_ignored() -> None:
    done = run("env", "--ignore-signal=CHLD", *ENTRYPOINT, "sh", "-c", "exit 7")
    assert done.returncode == 7


def test_orphan_becomes_a_child_where_another_process_is_process_1() -> None:
    script = """
orphan=$(sleep 600 >/dev/null & echo $!)
test "$(cut -d' ' -f4 /proc/$orphan/stat)" = $PPID
"""
    assert run(*ENTRYPOINT, "sh", "-c", script).returncode == 0


@as_root
@pytest.mark.parametrize("name", ["HUP", "INT", "QUIT", "USR1", "TERM"])
def test_signal_reaches_the_shell_and_its_children(tmp_path: Path, name: str) -> None:
    trap = f"exec 2>/dev/null; trap 'echo handled; exit' {name}"
    child = f"{trap}; echo ready; while :; do sleep 0.02; done"
    shell = f"trap 'exit 3' {name}; sh -c \"$CHILD\"; echo next"
    with container(tmp_path, "sh", "-c", shell, CHILD=child) as running:
        running.wait_for("ready")
        running.signal(signal.Signals[f"SIG{name}"])
        assert running.wait() == 3
        assert running.output == "ready\nhandled\n"


@as_root
def test_signal_has_its_default_effect(tmp_path: Path) -> None:
    command = "import time; print('ready', flush=True); time.sleep(600)"
    with container(tmp_path, "python", "-c", command) as running:
        running.wait_for("ready")
        running.signal(signal.SIGTERM)
        assert running.wait() == 143


@as_root
def test_one_stop_signal_is_received_once(tmp_path: Path) -> None:
    """A second one would abort the rollback of a migration whose shell has ended."""
    child = """
import signal, time
signal.signal(signal.SIGTERM, lambda *_: print("handled", flush=True))
print("ready", flush=True)
signal.pause()
time.sleep(0.3)
"""
    with container(tmp_path, "sh", "-c", 'python -c "$CHILD" && echo next', CHILD=child) as running:
        running.wait_for("ready")
        running.signal(signal.SIGTERM)
        assert running.wait() == 143
        assert running.output == "ready\nhandled\n"


@as_root
def test_orphans_are_reaped_and_ended_with_the_command(tmp_path: Path) -> None:
    script = """
sh -c 'true & sleep 600 & exit'  # both become orphans
sleep 0.3
cat /proc/[0-9]*/stat | grep -c ') Z ' || true
exit 5
"""
    with container(tmp_path, "sh", "-c", script) as running:
        assert running.wait(2) == 5
        assert running.output.splitlines()[-1] == "0"


@pytest.mark.slow
@as_root
@pytest.mark.parametrize(
    ("script", "signals", "code"),
    [
        ("trap '' TERM; echo ready; while :; do sleep 0.1; done", 2, 137),
        ("sh -c 'trap \"\" TERM; echo ready; while :; do sleep 0.1; done' && true", 2, 143),
        ("(trap '' TERM; echo ready; while :; do sleep 0.1; done) & sleep 1; exit 5", 0, 5),
    ],
    ids=["command", "child", "left behind"],
)
def test_process_that_ignores_sigterm_is_killed(
    tmp_path: Path, script: str, signals: int, code: int
) -> None:
    with container(tmp_path, "sh", "-c", script) as running:
        running.wait_for("ready")
        for _ in range(signals):
            with pytest.raises(subprocess.TimeoutExpired):
                running.wait(0.5)  # one signal kills nothing
            running.signal(signal.SIGTERM)
        assert running.wait() == code


def test_command_can_be_typed_into(tmp_path: Path) -> None:
    """As with `docker run -it`: the command is in the terminal's foreground."""
    script = """
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
os.write(terminal, b"typed\\n")
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""
    reader = f'read -r word && echo "$word" >{tmp_path}/word && exit 3'
    done = run("python", "-c", script, *ENTRYPOINT, "sh", "-c", reader, timeout=SOON)
    assert (done.returncode, (tmp_path / "word").read_text()) == (3, "typed\n")


# --- The start-up line ------------------------------------------------------------------------


@pytest.fixture
def long_revision(checkout: Path) -> Path:
    """Return backend/ of a copy that has one more revision, which takes ten minutes."""
    (checkout / "alembic" / "versions" / f"{NEXT}_take_long.py").write_text(LONG_REVISION)
    return checkout


@pytest.mark.slow
@as_root
@pytest.mark.parametrize(("name", "alembic"), [("TERM", "alembic"), ("INT", "python -m alembic")])
def test_stop_while_it_migrates_rolls_back_and_starts_no_server(
    tmp_path: Path, long_revision: Path, migrated: Engine, name: str, alembic: str
) -> None:
    url = f"http://127.0.0.1:{(port := free_port())}/healthz"
    command = ("sh", "-c", START_UP.format(port=port).replace("alembic", alembic))
    number = signal.Signals[f"SIG{name}"]
    with container(tmp_path, *command, cwd=long_revision, url=migrated.url) as running:
        running.wait_for(f"Running upgrade {HEAD} -> {NEXT}")
        alive = running.exec(*HEALTH, url)
        assert (alive.returncode, alive.stdout) == (0, "migrating\n"), alive.stderr
        with pytest.raises(subprocess.TimeoutExpired):
            running.exec(*HEALTH, "--wait", url, seconds=3)
        running.signal(number)
        assert running.wait() == 128 + number
        assert "Interrupted. The running revision is rolled back" in running.output
        assert "Started server process" not in running.output
    with migrated.connect() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == HEAD
        assert not connection.scalar(text("SELECT to_regclass('never_committed')"))
        sessions = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        assert connection.scalar(text(sessions)) == 1


@pytest.mark.slow
@as_root
def test_stop_while_it_waits_for_the_server_ends_at_once(tmp_path: Path) -> None:
    url = URL.create("postgresql", "user", "password", "127.0.0.1", free_port(), "nowhere")
    command = ("sh", "-c", START_UP.format(port=free_port()))
    with container(tmp_path, *command, url=url, MIGRATION_DB_WAIT="60") as running:
        running.wait_for("Waiting up to 60 s")
        running.signal(signal.SIGTERM)
        assert running.wait() == 143
        assert "Started server process" not in running.output


@pytest.mark.slow
@as_root
def test_migration_that_fails_ends_the_container(
    tmp_path: Path, long_revision: Path, migrated_database: URL
) -> None:
    revision = long_revision / "alembic" / "versions" / f"{NEXT}_take_long.py"
    revision.write_text(LONG_REVISION.replace("pg_sleep(600)", "1 / 0"))
    command = ("sh", "-c", START_UP.format(port=free_port()))
    with container(tmp_path, *command, cwd=long_revision, url=migrated_database) as running:
        assert running.wait() == 255
        assert "division by zero" in running.output
        assert "Started server process" not in running.output


@pytest.mark.slow
@as_root
def test_server_is_healthy_while_it_answers_and_stops_in_order(
    tmp_path: Path, migrated_database: URL
) -> None:
    address = f"http://127.0.0.1:{(port := free_port())}"
    command = ("sh", "-c", START_UP.format(port=port))
    with container(tmp_path, *command, url=migrated_database) as running:
        server = running.wait_for(r"Started server process \[(\d+)\](?s:.*)Uvicorn running")
        alive = running.exec(*HEALTH, f"{address}/healthz")
        assert (alive.returncode, is_documented(alive.stdout)) == (0, True), alive
        ready = running.exec(*HEALTH, "--wait", f"{address}/readyz")
        assert (ready.returncode, '"status":"ready"' in ready.stdout) == (0, True), ready
        running.exec("kill", "-STOP", server)
        frozen = running.exec(*HEALTH, f"{address}/healthz")
        assert (frozen.returncode, is_documented(frozen.stdout)) == (1, True), frozen
        running.exec("kill", "-CONT", server)
        running.signal(signal.SIGTERM)
        assert running.wait() == 143
        assert "Application shutdown complete" in running.output


# --- The health command -----------------------------------------------------------------------


@as_root
def test_neither_server_nor_migration_is_unhealthy(tmp_path: Path) -> None:
    with container(tmp_path, "sh", "-c", "echo started; sleep 600") as running:
        running.wait_for("started")
        done = running.exec(*HEALTH, f"http://127.0.0.1:{free_port()}/healthz")
        assert (done.returncode, is_documented(done.stdout)) == (1, True), done


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 9\r\n\r\nnot ready", "not ready"),
        (b"\x15\x03\x01", "no answer from .*"),
        (b"", "no answer from .*: timed out"),
    ],
    ids=["refusal", "no HTTP", "silence"],
)
def test_server_without_a_good_answer_is_unhealthy(
    answer: bytes,
    line: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(health, "TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor() as pool:
        code = pool.submit(health.main, [f"http://127.0.0.1:{server.getsockname()[1]}/healthz"])
        connection, _ = server.accept()
        with connection:
            connection.recv(1000)
            connection.sendall(answer)
            if answer:
                connection.shutdown(socket.SHUT_WR)
            assert code.result(SOON) == 1
    assert re.fullmatch(f"{line}\n", capsys.readouterr().out)
