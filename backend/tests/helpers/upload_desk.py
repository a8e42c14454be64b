"""Uploads in process, of files whose reading is typed in."""

import hashlib
import tempfile
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Connection

from app.services.answer import Answer
from app.services.limits import Limits
from app.services.reading import Request
from tests.helpers.http import LOCAL
from tests.helpers.pages import AS_BROWSER
from tests.helpers.shelf import Shelf


class UploadDesk(Shelf):
    """A shelf whose files are sent to the API; no process is started, the rest is as it is."""

    def __init__(
        self,
        client: TestClient,
        database: Connection,
        folder: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        super().__init__(database, folder, monkeypatch)
        monkeypatch.setenv("STORAGE_URL", str(folder / "storage"))
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(self.temporary))
        self.client = client
        self.failures: dict[bytes, tuple[str, str]] = {}

    def send(
        self, company: int, content: bytes | str, name: str = "report.pdf", **fields: str
    ) -> httpx.Response:
        """Upload bytes, or the file of a path."""
        data = Path(content).read_bytes() if isinstance(content, str) else content
        return self.client.post(
            f"/api/v1/companies/{company}/documents", files={"file": (name, data)}, data=fields
        )

    def send_form(self, company: int, body: bytes, boundary: str = "b") -> httpx.Response:
        """Send the bytes of a form."""
        kind = f"multipart/form-data; boundary={boundary}"
        return self.client.post(
            f"/api/v1/companies/{company}/documents", content=body, headers={"Content-Type": kind}
        )

    def send_to_page(
        self,
        company: int,
        *files: tuple[str, bytes | str],
        accept: str = AS_BROWSER["Accept"],
        **fields: str,
    ) -> httpx.Response:
        """Send files to the page of a company's documents, as a form does."""
        sent = [
            ("file", (name, Path(data).read_bytes() if isinstance(data, str) else data))
            for name, data in files
        ]
        headers = {"Accept": accept, "Origin": LOCAL}
        return self.client.post(
            f"/companies/{company}/documents", files=sent, data=fields, headers=headers
        )

    def left_over(self) -> list[str]:
        """Return the temporary files and folders that there are, and stored files in `.tmp`."""
        places = [*self.temporary.glob("*/*"), *self.folder.glob("storage/.tmp/*")]
        return [str(each) for each in places]

    def _read_files(
        self,
        requests: Sequence[Request],
        _: Limits,
        __: int,
        note: Callable[[int], None],
        *_stop: object,
    ) -> Generator[Answer]:
        for number, each in enumerate(requests):
            note(number)
            self.read.append(each.path.name)
            yield self.answer_to(each.path.read_bytes())

    def answer_to(self, data: bytes) -> Answer:
        """Return what is typed in of a file's content."""
        if data in self.failures:
            return Answer.failed(*self.failures[data])
        digest = hashlib.sha256(data).hexdigest()
        for answer in self._answers.values():
            if answer.filing and answer.filing.statements[0].source.sha256 == digest:
                return answer
        return Answer.failed("not_a_report", "It is no report")


def form(*parts: tuple[str, bytes], boundary: str = "b") -> bytes:
    """Return a form of parts: the parameters of each name, and its content."""
    body = b""
    for parameters, content in parts:
        head = f"--{boundary}\r\nContent-Disposition: form-data; {parameters}\r\n\r\n"
        body += head.encode() + content + b"\r\n"
    return body + f"--{boundary}--\r\n".encode()


def problem_of(response: httpx.Response) -> dict[str, Any]:
    """Return the problem document of an answer, which has to be one."""
    assert response.headers["content-type"] == "application/problem+json", response.text
    problem: dict[str, Any] = response.json()
    assert problem["status"] == response.status_code
    assert problem["detail"].isprintable()
    assert len(problem["detail"]) <= 500
    return problem
