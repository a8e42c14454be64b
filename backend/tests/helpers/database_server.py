"""A PostgreSQL of its own, which a test stops, kills, freezes and starts again."""

import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from sqlalchemy import URL

from alembic_zero_downtime.embedded.server import EmbeddedServer
from support.databases import connected, create_database
from tests.helpers.shell import as_text, run

OPTIONS = ("fsync=off", "max_connections=30", "superuser_reserved_connections=0")


class DatabaseServer:
    """A server with one migrated database, whose address stays the same."""

    def __init__(self, folder: Path) -> None:
        self._server = EmbeddedServer(folder / "server", OPTIONS)
        self._link = folder / "socket"
        self.start()
        query = {"host": str(self._link)}
        self.url = create_database(URL.create("postgresql+psycopg2", "postgres", query=query))
        done = run("alembic", "upgrade", "head", env={"DATABASE_URL": as_text(self.url)})
        assert done.returncode == 0, done.stderr

    def start(self) -> None:
        """Start it, unless it runs."""
        sockets = self._server.ensure_running()
        self._link.unlink(missing_ok=True)
        self._link.symlink_to(sockets)

    def stop(self) -> None:
        """Stop it in order."""
        self._server.stop()

    def crash(self) -> None:
        """Kill all of its processes."""
        for process in self._processes():
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(self._processes(), 10)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop all of its processes until the block ends: it accepts, and answers nothing."""
        processes = self._processes()
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            for process in processes:
                with suppress(psutil.NoSuchProcess):
                    process.send_signal(signal.SIGCONT)

    @contextmanager
    def as_standby(self) -> Iterator[None]:
        """Let it be a standby, which reads and does not write, until the block ends."""
        mark = self._server.data / "standby.signal"
        self.stop()
        mark.touch()
        self.start()
        try:
            yield
        finally:
            self.stop()
            mark.unlink(missing_ok=True)
            self.start()

    def execute(self, statement: str) -> None:
        """Execute a statement in the database."""
        with connected(self.url) as connection:
            connection.exec_driver_sql(statement)

    def _processes(self) -> list[psutil.Process]:
        lines = (self._server.data / "postmaster.pid").read_text(encoding="utf-8").split("\n")
        with suppress(psutil.NoSuchProcess):
            postmaster = psutil.Process(int(lines[0]))
            return [postmaster, *postmaster.children()]
        return []


@contextmanager
def mute_listener() -> Iterator[int]:
    """Listen on a port, accept connections, and say nothing."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(100)  # the kernel accepts
        yield listener.getsockname()[1]
