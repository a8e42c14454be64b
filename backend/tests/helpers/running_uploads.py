"""Uploads to a server in a process of its own, whose storage and temporary files are watched."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2 as httpx
import psutil
from sqlalchemy import URL, Engine, create_engine, text
from sqlalchemy.pool import NullPool

from support.databases import new_database
from tests.helpers.api_server import RunningServer, api_server
from tests.helpers.waiting import wait_until

COMPANY = 1
API = f"/api/v1/companies/{COMPANY}/documents"
PAGE = f"/companies/{COMPANY}/documents"
SLOWEST = 90  # seconds for one answer, on a busy machine


@dataclass
class Uploads:
    """A running server with an empty storage."""

    server: RunningServer
    folder: Path
    engine: Engine

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    @property
    def address(self) -> str:
        return f"{self.origin}/api/v1/companies/{COMPANY}/documents"

    def send(self, data: bytes, name: str = "report.pdf", **fields: str) -> httpx.Response:
        """Upload a file of the company, whatever it says."""
        fields = {"same_company": "true", **fields}
        files = {"file": (name, data)}
        return httpx.post(self.address, files=files, data=fields, timeout=SLOWEST)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.server.port), timeout=SLOWEST)

    def head(self, length: int | str, *more: str, path: str = API) -> bytes:
        """Return the head of a request with a form."""
        said = "Transfer-Encoding: chunked" if length == "chunked" else f"Content-Length: {length}"
        lines = [
            f"POST {path} HTTP/1.1",
            "Host: 127.0.0.1",
            "Content-Type: multipart/form-data; boundary=b",
            said,
            *more,
        ]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    @property
    def received(self) -> list[Path]:
        """Return the files that are being received, or were left."""
        return list((self.folder / "tmp").glob("*/*"))

    @property
    def stored(self) -> set[str]:
        """Return the names of all files of the storage."""
        return {each.name for each in (self.folder / "storage").rglob("*") if each.is_file()}

    def count(self, what: str) -> int:
        with self.engine.connect() as connection:
            return int(connection.scalar(text(f"SELECT count(*) FROM {what}")) or 0)

    def remove_all(self) -> None:
        """Remove all filings, with their files."""
        with self.engine.begin() as connection:
            connection.execute(text("DELETE FROM documents"))
            connection.execute(text("DELETE FROM compiled_statements"))
        for each in (self.folder / "storage").rglob("*"):
            if each.is_file():
                each.unlink()

    def workers(self) -> list[psutil.Process]:
        with suppress(psutil.NoSuchProcess):
            return psutil.Process(self.server.process.pid).children(recursive=True)
        return []

    def check_clean(self) -> None:
        """Check that nothing is left of uploads: no file without a document, none temporary."""
        wait_until(lambda: not self.received)
        assert not self.workers()
        with self.engine.connect() as connection:
            kept = set(connection.scalars(text("SELECT sha256 FROM documents")))
        assert self.stored == kept


@contextmanager
def serving_a_copy(
    server: URL, template: str, folder: Path, **environment: str
) -> Iterator[Uploads]:
    """Serve a new database, which is a copy of a template."""
    with new_database(server, template) as database:
        engine = create_engine(database, poolclass=NullPool)
        with serving(database, folder, engine, **environment) as uploads:
            yield uploads


@contextmanager
def serving(database: URL, folder: Path, engine: Engine, **environment: str) -> Iterator[Uploads]:
    (folder / "tmp").mkdir(exist_ok=True)
    environment["TMPDIR"] = str(folder / "tmp")
    with api_server(database, folder, **environment) as server:  # type: ignore[arg-type]
        yield Uploads(server, folder, engine)


def answer_of(connection: socket.socket) -> tuple[int, dict[str, Any]]:
    """Read one answer to the end of the connection."""
    received = b""
    with suppress(ConnectionResetError):
        while piece := connection.recv(65_536):
            received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)
