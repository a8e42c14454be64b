"""A server that a fault may stop, kill or fill up."""

import signal
from pathlib import Path

import psutil
from sqlalchemy import URL

from alembic_zero_downtime.embedded.server import EmbeddedServer
from support.databases import create_database


class OwnServer:
    """A server of its own, whose address stays the same when it is started again."""

    def __init__(self, folder: Path) -> None:
        self._server = EmbeddedServer(folder / "server", ("fsync=off", "autovacuum=off"))
        self._link = folder / "socket"

    @property
    def data(self) -> Path:
        return self._server.data

    def start(self) -> None:
        sockets = self._server.ensure_running()
        self._link.unlink(missing_ok=True)
        self._link.symlink_to(sockets)

    def stop(self) -> None:
        self._server.stop()

    def kill(self) -> None:
        """Kill the postmaster, as a crash would."""
        self._postmaster.kill()

    @property
    def _postmaster(self) -> psutil.Process:
        pid = (self.data / "postmaster.pid").read_text(encoding="utf-8").split("\n")[0]
        return psutil.Process(int(pid))

    def require_password(self, role: str | None) -> None:
        """Ask a role for its password from now on."""
        rules = self.data / "pg_hba.conf"
        others = rules.read_text(encoding="utf-8")
        rules.write_text(f"local all {role} scram-sha-256\n{others}", encoding="utf-8")
        self._postmaster.send_signal(signal.SIGHUP)

    def create_database(self) -> URL:
        self.start()
        query = {"host": str(self._link)}
        return create_database(URL.create("postgresql+psycopg2", "postgres", query=query))
