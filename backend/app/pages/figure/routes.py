"""`…/figure` and `…/figure.png`: where a figure of a statement comes from, with its place."""

from typing import Annotated, Final

from fastapi import Path, Query, Request, Response
from sqlalchemy.orm import Session

from app.api.bounds import CompanyId, Id, Line
from app.api.statements import Short
from app.pages import addresses
from app.pages.answering import page
from app.pages.corrections.form import CorrectionForm, find_form, form_of
from app.pages.figure.links import Links
from app.pages.figure.missing import Missing, missing_of
from app.pages.figure.place import picture_of
from app.pages.figure.view import FigureView, view_of_figure
from app.pages.heads import Head
from app.pages.routing import page_router
from app.pages.statement.options import Options
from app.pipeline.statement import StatementName
from app.services.company_heads import CompanyHead, find_head
from app.services.errors import NotFoundError
from app.services.figure_places import find_place
from app.services.place_pictures import PlaceOf
from app.services.why import Question, Traced, trace
from app.web.conditional import answer, not_modified
from app.web.dependencies import OpenDatabase
from app.web.place_pictures import OpenPlacePictures, Part
from app.web.problems import ProblemError

PNG: Final = "image/png"
PRIVATE: Final = {
    "Cache-Control": "private, no-cache",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Vary": "Cookie",
}
Slug = Annotated[str, Path(description="Of the statement.")]
OfLine = Annotated[Line, Query()]
OfYear = Annotated[Short, Query()]

router = page_router("/companies/{company_id}/{slug}")
_Found = tuple[
    CompanyHead,
    FigureView | Missing,
    PlaceOf | NotFoundError | None,
    CorrectionForm | None,
]


@router.get("/figure")
async def get_figure(  # noqa: PLR0913, PLR0917 each is a parameter of the route
    request: Request,
    database: OpenDatabase,
    pictures: OpenPlacePictures,
    company_id: CompanyId,
    slug: Slug,
    line: OfLine,
    year: OfYear,
) -> Response:
    """Return where a figure comes from."""
    name = statement_of(slug)
    options = Options.of_query(request.query_params)
    links = Links(company_id, name, options)
    question = _question(company_id, name, line, year, options)
    company, found, place, form = await database.run(
        lambda session: _find(session, question, links)
    )
    head = Head(company, name)
    if isinstance(found, Missing):
        if "text/html" not in request.headers.get("accept", ""):
            raise found.error
        return page(
            request, "figure_missing.html", status=404, head=head, missing=found, correction=form
        )
    picture = picture_of(found, place, pictures)
    return page(
        request,
        "figure.html",
        head=head,
        view=found,
        picture=picture,
        options=options,
        correction=form,
    )


@router.get("/figure.png")
async def get_picture(  # noqa: PLR0913, PLR0917 each is a parameter of the route
    request: Request,
    database: OpenDatabase,
    pictures: OpenPlacePictures,
    company_id: CompanyId,
    slug: Slug,
    line: OfLine,
    year: OfYear,
    *,
    part: Part = "page",
    document: Annotated[Id | None, Query()] = None,
) -> Response:
    """Return the page on which a figure is printed, or the lines around it, with its box."""
    name = statement_of(slug)
    options = Options.of_query(request.query_params)
    question = _question(company_id, name, line, year, options)

    def work(session: Session) -> PlaceOf:
        return find_place(session, trace(session, question, options.view), document)

    place = await database.run(work)
    etag = f"{place.key[:40]}-{part}"
    if (same := not_modified(request, etag, PRIVATE)) is not None:
        return same
    drawn = await pictures.get(place)
    if part not in drawn.pictures:
        raise ProblemError(404, "no_box", "it is not known where on the page the figure stands")
    return answer(request, drawn.pictures[part], etag=etag, media_type=PNG, headers=PRIVATE)


def statement_of(slug: str) -> StatementName:
    """Return the statement that a part of a path names.

    Raises:
        ProblemError: It names none.
    """
    name = addresses.STATEMENTS.get(slug)
    if name is None:
        raise ProblemError(404, "not_found", "there is no such page")
    return name


def _question(
    company_id: int, name: StatementName, line: str, year: str, options: Options
) -> Question:
    return Question(f"id:{company_id}", name, line, year, options.framework, options.currency)


def _find(session: Session, question: Question, links: Links) -> _Found:
    """Return the head of the company, the figure or why there is none, its place, and its form."""
    head, options = find_head(session, links.company), links.options
    is_latest = options.view == "latest"  # the figure that a correction is of
    try:
        traced = trace(session, question, options.view)
    except NotFoundError as error:
        missing = missing_of(session, error, question, links)
        return head, missing, None, find_form(session, question, options) if is_latest else None
    view = view_of_figure(traced, links)
    form = form_of(session, traced.meant, options) if is_latest else None
    return head, view, _place(session, view, traced), form


def _place(session: Session, view: FigureView, traced: Traced) -> PlaceOf | NotFoundError | None:
    """Return where a figure stands in a PDF, or why that is not known; None in other files."""
    if view.page is None:
        return None
    try:
        return find_place(session, traced)
    except NotFoundError as error:
        return error
