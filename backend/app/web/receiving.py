"""Receive files of a company and keep them, as the API and the pages do."""

import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import ExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from anyio import to_thread
from fastapi import Request
from sqlalchemy.orm import Session
from starlette.requests import ClientDisconnect

from app.db.models import Company
from app.services import inbox
from app.services.adding import Options
from app.services.errors import NotFoundError
from app.services.given_files import Given
from app.services.identity import OVERRIDE
from app.services.limits import Limits
from app.services.uploading import NotKeptError, Uploaded, upload
from app.storage import Storage
from app.web.database import Database
from app.web.problems import ProblemError
from app.web.upload_slots import UploadSlots

_STATUS: Final = {
    "other_company": 409,
    "removed": 409,
    "changed": 409,
    "too_large": 413,
    "killed": 503,
}
"""Of the answer to a file that is not kept, by code; of the others 422."""
_ADVICE: Final = {
    "time_limit": "reading it takes longer than {0.seconds} s",
    "memory_limit": "reading it needs more than {0.memory} MB of memory",
    "crashed": "the process that read it crashed: the file is damaged, or needs more than "
    "{0.memory} MB of memory",
    "no_statements": "none of the three statements was found: send the annual report itself",
}
"""What replaces a reader's advice to use an option of the command line."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Where the files of one request are kept.

    Attributes:
        override: What is said instead of the option of the command line that adds a filing of
            another company nevertheless.
    """

    database: Database
    storage: Storage
    slots: UploadSlots
    limits: Limits
    company_id: int
    override: str

    async def check(self) -> None:
        """Look for the company, before anything is received.

        Raises:
            NotFoundError: There is none.
        """

        def work(session: Session) -> None:
            if session.get(Company, self.company_id) is None:
                message = f"there is no company id:{self.company_id}"
                raise NotFoundError("no_such_company", message)

        await self.database.run(work)

    @asynccontextmanager
    async def place(self) -> AsyncIterator[Path]:
        """Give the path for one file in a folder of its own, which is deleted in the end."""
        with ExitStack() as stack:
            yield await to_thread.run_sync(_new_place, stack, limiter=self.slots.writing)

    async def keep(
        self,
        path: Path,
        name: str,
        flags: Mapping[str, bool],
        is_abandoned: Callable[[], Awaitable[bool]],
    ) -> Uploaded:
        """Read a file that was received, keep it, and compile the statements of its company.

        Args:
            path: Of the file.
            name: Under which it is kept; safe.
            flags: `same_company` and `accept_doubtful`; false where they are not given.
            is_abandoned: As of `UploadSlots.read`.

        Raises:
            ProblemError: It cannot be read, is refused, or does not get its turn.
            ServiceError: The company or the document was removed meanwhile, or locks are kept.
            StorageError: The storage cannot be used.
        """
        given = Given(name, path, kept_as=name)

        def work(stop: threading.Event) -> Uploaded:
            options = Options(
                trusted=flags.get("same_company", False),
                accept_doubtful=flags.get("accept_doubtful", False),
                limits=self.limits,
                stop=stop,
            )
            return upload(self.database.sessions, self.storage, self.company_id, given, options)

        try:
            return await self.slots.read(work, is_abandoned)
        except NotKeptError as error:
            raise self._not_kept(error) from None

    def _not_kept(self, error: NotKeptError) -> ProblemError:
        """Return the answer to a file that cannot be read, or is refused."""
        detail = _ADVICE.get(error.code, "").format(self.limits) or str(error)
        detail = detail.replace(OVERRIDE, self.override)
        return ProblemError(_STATUS.get(error.code, 422), error.code, detail)


@asynccontextmanager
async def body_of(request: Request) -> AsyncIterator[AsyncIterator[bytes]]:
    """Give the body of a request.

    Raises:
        ProblemError: Its client is gone before its end.
    """
    try:
        async with aclosing(request.stream()) as chunks:
            yield chunks
    except ClientDisconnect:
        raise ProblemError(400, "incomplete", "the request ends before its body does") from None


def content_type_of(request: Request) -> bytes:
    """Return the header of a request."""
    return request.headers.get("content-type", "").encode("latin-1")


def _new_place(stack: ExitStack) -> Path:
    inbox.sweep()
    return stack.enter_context(inbox.new_place())
