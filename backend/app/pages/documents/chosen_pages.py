"""`/documents/{document_id}/pages`: why each page of a PDF was taken for a statement, or not."""

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from anyio import CapacityLimiter
from fastapi import Request, Response
from sqlalchemy.orm import Session

from app.api.bounds import DocumentId
from app.pages.answering import page
from app.pages.documents.reading_words import NAMES
from app.pages.documents.rows import row_of
from app.pages.documents.upload_results import sentence
from app.pages.heads import Head
from app.pages.routing import page_router
from app.pipeline.read.versions import READERS
from app.services.answer import Candidate
from app.services.company_heads import CompanyHead, find_head
from app.services.document_readings import KeptDocument, find_kept
from app.services.errors import NotFoundError, RefusedError
from app.services.explaining import explain_pages
from app.services.limits import Limits
from app.storage import Storage
from app.web.dependencies import OpenDatabase, OpenStorage
from app.web.problems import ProblemError
from app.web.upload_slots import OpenUploadSlots, UploadSlots

router = page_router("/documents")

MOST_KEPT: Final = 64
"""Documents whose answer is kept in memory."""
MOST_WAITING: Final = 8
"""Documents that are looked at, or wait for it."""


_Answer = Sequence[Candidate] | RefusedError


@dataclass(frozen=True, slots=True)
class PageView:
    """A page that may hold a statement.

    Attributes:
        name: Of the statement that it looks like.
        score: How well it fits, the higher the better; of no fixed range.
    """

    page: int
    name: str
    is_taken: bool
    score: str
    reasons: list[str]


class ChosenPages:
    """Looks at each document once at a time, and keeps the newest answers.

    The event loop alone uses it.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], _Answer] = OrderedDict()
        self._looking: dict[tuple[str, str], asyncio.Task[_Answer]] = {}
        self._place = CapacityLimiter(1)  # uploads need the other places of reading

    async def find(
        self, sha256: str, stored: str, storage: Storage, slots: UploadSlots
    ) -> Sequence[Candidate]:
        """Return the pages of a PDF that may hold a statement.

        Args:
            sha256: Of the file.
            stored: Its path in the storage.
            storage: Has it.
            slots: Bound how many are looked at at a time.

        Raises:
            ProblemError: Too many wait.
            ServiceError: As of `explain_pages`.
            StorageError: The file cannot be read.
        """
        key = sha256, READERS["pdf"]
        if key in self._kept:
            self._kept.move_to_end(key)
            return _unless_refused(self._kept[key])
        if (looking := self._looking.get(key)) is None:
            if len(self._looking) >= MOST_WAITING:
                raise ProblemError(503, "busy", "too many documents are looked at: ask again")
            looking = asyncio.create_task(self._look(stored, storage, slots))
            self._looking[key] = looking
            looking.add_done_callback(partial(self._forget, key))
        answer = await asyncio.shield(looking)
        self._kept[key] = answer
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return _unless_refused(answer)

    async def _look(self, stored: str, storage: Storage, slots: UploadSlots) -> _Answer:
        """Return the pages, or why there are none: the same file would be refused again."""
        limits = Limits.in_force()

        def work(stop: threading.Event) -> _Answer:
            try:
                return explain_pages(storage, stored, limits, stop)
            except RefusedError as error:
                return error

        async def never() -> bool:  # others may wait for the same answer
            return False

        async with self._place:
            return await slots.read(work, never)

    def _forget(self, key: tuple[str, str], looking: asyncio.Task[_Answer]) -> None:
        self._looking.pop(key, None)
        if not looking.cancelled():
            looking.exception()  # noted, though all who waited may be gone


def _unless_refused(answer: _Answer) -> Sequence[Candidate]:
    if isinstance(answer, RefusedError):
        raise RefusedError(answer.code, str(answer))
    return answer


@router.get("/{document_id}/pages")
async def get_pages(
    request: Request,
    document_id: DocumentId,
    database: OpenDatabase,
    storage: OpenStorage,
    slots: OpenUploadSlots,
) -> Response:
    """Return why each page was taken or not."""

    def work(session: Session) -> tuple[CompanyHead, KeptDocument]:
        document = find_kept(session, document_id)
        if document is None:
            raise NotFoundError("no_such_document", f"there is no document {document_id}")
        return find_head(session, document.company_id), document

    head, document = await database.run(work)
    candidates: Sequence[Candidate] = ()
    problem = None
    if document.sha256 is None or document.file_path is None:
        problem = "The file of this document is not stored."
    elif not document.is_pdf:
        problem = "Only a PDF has pages to choose from: this document names its statements itself."
    else:
        chosen: ChosenPages = request.app.state.chosen_pages
        try:
            candidates = await chosen.find(document.sha256, document.file_path, storage, slots)
        except RefusedError as error:
            problem = sentence(str(error))
    return page(
        request,
        "chosen_pages.html",
        head=Head(head, "documents"),
        row=row_of(document),
        document=document,
        pages=[_view(each) for each in candidates],
        problem=problem,
    )


def _view(candidate: Candidate) -> PageView:
    name = NAMES[candidate.statement] if candidate.statement else "No statement"
    score = f"{candidate.score:.1f}"
    return PageView(candidate.page, name, candidate.taken, score, candidate.reasons)
