"""`/companies/{company_id}/documents`: the documents of a company, and the upload of more."""

import re
from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy.orm import Session

from app.api.bounds import CompanyId
from app.pages import addresses
from app.pages.answering import page, root_of
from app.pages.documents.rows import DocumentRow, names_of, rows_of
from app.pages.documents.upload_results import OVERRIDE, FileResult, refused, result_of, sentence
from app.pages.heads import Head
from app.pages.routing import page_router
from app.services.company_heads import CompanyHead, find_head
from app.services.document_readings import KeptDocument, list_kept
from app.services.limits import MEGABYTE, Limits
from app.web.dependencies import OpenDatabase, OpenStorage
from app.web.multipart import IncomingForm, receive_form, too_large
from app.web.problems import ProblemError
from app.web.receiving import Desk, body_of, content_type_of
from app.web.upload_slots import OpenUploadSlots, UploadSlots

router = page_router()

MOST_FILES: Final = 100
"""Of one form; the script sends each file as a form of its own."""


@router.get("/companies/{company_id}/documents")
async def get_documents(
    request: Request, company_id: CompanyId, database: OpenDatabase, slots: OpenUploadSlots
) -> Response:
    """Return the documents of a company."""
    return await _page(request, company_id, database, slots)


@router.post("/companies/{company_id}/documents")
async def post_documents(
    request: Request,
    company_id: CompanyId,
    database: OpenDatabase,
    storage: OpenStorage,
    slots: OpenUploadSlots,
) -> Response:
    """Keep the files of a form; answer with what became of each.

    A script sends one file, and asks for JSON; a browser without it sends all that were chosen.
    """
    desk = Desk(database, storage, slots, Limits.in_force(), company_id, OVERRIDE)
    async with slots.admit():
        await desk.check()
        if _is_for_script(request):
            return await _one(request, desk)
        results, problem = await _each(request, desk)
    return await _page(request, company_id, database, slots, results=results, problem=problem)


async def _one(request: Request, desk: Desk) -> Response:
    """Keep the one file of a form, and say in JSON what became of it."""
    slots = desk.slots
    async with desk.place() as path:
        async with body_of(request) as chunks:
            kind = content_type_of(request)
            form = await receive_form(kind, chunks, path, slots.size(), slots.writing)
        keeping = desk.keep(path, form.name, form.flags, request.is_disconnected)
        result = await result_of(form.name, keeping)
    document = result.document
    address = None if document is None else root_of(request) + addresses.document(document)
    content = {**asdict(result), "badge": result.badge, "address": address}
    return JSONResponse(content, result.status, {"Cache-Control": "no-store"})


async def _each(request: Request, desk: Desk) -> tuple[list[FileResult], str | None]:
    """Receive and keep the files of a form one after the other.

    Returns:
        What became of each, and why those after them were not received.

    Raises:
        ProblemError: The form cannot be read before its first file.
    """
    slots = desk.slots
    results: list[FileResult] = []
    try:
        async with body_of(request) as chunks:
            form = IncomingForm(content_type_of(request), chunks, slots.size(), slots.writing)
            while len(results) < MOST_FILES:
                async with desk.place() as path:
                    file = await form.next_file(path)
                    if file is None:
                        break
                    if file.is_too_large:
                        error = too_large(slots.size())
                        results.append(refused(file.name, str(error), error.status))
                        continue
                    # More of the body may wait, which looking for the client's end would take.
                    keeping = desk.keep(path, file.name, form.flags, _never)
                    results.append(await result_of(file.name, keeping))
    except ProblemError as error:
        if not results:
            raise
        return results, sentence(f"the rest was not received: {error}")
    if not results:
        raise ProblemError(422, "no_file", "no file was chosen: choose one or several reports")
    if not form.is_complete and len(results) == MOST_FILES:
        return results, f"More than {MOST_FILES} files were chosen: send the others again."
    return results, None


async def _page(  # noqa: PLR0913 what the page shows
    request: Request,
    company_id: int,
    database: OpenDatabase,
    slots: UploadSlots,
    *,
    results: Sequence[FileResult] = (),
    problem: str | None = None,
) -> Response:
    def work(session: Session) -> tuple[CompanyHead, list[KeptDocument]]:
        return find_head(session, company_id), list_kept(session, company_id)

    head, documents = await database.run(work)
    rows: list[DocumentRow] = rows_of(documents)
    return page(
        request,
        "documents.html",
        head=Head(head, "documents"),
        rows=rows,
        names=names_of(documents),
        results=results,
        problem=problem,
        removed=_removed(request, rows),
        is_left_over="left_over" in request.query_params,
        most=slots.size() // MEGABYTE,
    )


def _removed(request: Request, rows: Sequence[DocumentRow]) -> int | None:
    """Return the document that was removed a moment ago, by the address that was led to."""
    given = request.query_params.get("removed", "")
    if not re.fullmatch(r"[1-9][0-9]{0,18}", given) or any(each.id == int(given) for each in rows):
        return None
    return int(given)


def _is_for_script(request: Request) -> bool:
    accepted = request.headers.get("accept", "")
    return "application/json" in accepted and "text/html" not in accepted


async def _never() -> bool:
    return False
