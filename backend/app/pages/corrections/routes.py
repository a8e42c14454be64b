"""`/companies/{company_id}/corrections`: a person's figures, beside what was read."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Final

from fastapi import Path, Request, Response
from sqlalchemy.orm import Session

from app.api.bounds import CompanyId, Id
from app.pages.answering import page
from app.pages.corrections.form import CorrectionForm, Typed, find_form, place_of
from app.pages.corrections.results import Result, Withdrawal, result_of, withdrawal_of
from app.pages.corrections.rows import Row, rows_of
from app.pages.corrections.typed_figures import parse_typed
from app.pages.figure.links import Links
from app.pages.forms import read_form
from app.pages.heads import Head
from app.pages.routing import page_router
from app.pages.statement.options import Options
from app.services.companies import find_company
from app.services.company_heads import find_head
from app.services.errors import NotFoundError, RefusedError
from app.services.fixing import MAX_NAME, MAX_REASON, correct, withdraw_number
from app.services.why import Question
from app.web.dependencies import OpenDatabase

CorrectionId = Annotated[Id, Path()]
TAB: Final = "corrections"
_FIELDS: Final = {"reason": "because", "name": "by"}
_LONGEST: Final = {"because": MAX_REASON, "by": MAX_NAME}

router = page_router("/companies/{company_id}/corrections")


@router.get("")
async def get_corrections(
    request: Request, company_id: CompanyId, database: OpenDatabase
) -> Response:
    """Return the corrections of a company, also those that were withdrawn."""

    def work(session: Session) -> tuple[Head, list[Row]]:
        return Head(find_head(session, company_id), TAB), rows_of(session, company_id)

    head, rows = await database.run(work)
    return page(request, "corrections.html", head=head, rows=rows)


@router.post("")
async def correct_figure(
    request: Request, company_id: CompanyId, database: OpenDatabase
) -> Response:
    """Correct a figure, and show what that changed; or the form again, with what is wrong."""
    form = await read_form(request)
    question, options = place_of(company_id, form)
    typed = Typed.of_form(form)
    value, wrong = _checked(typed)
    if value is None or wrong:
        return await _form_again(request, database, _Answer(422, question, options, typed, wrong))
    links = Links(company_id, question.statement, options)

    def work(session: Session) -> tuple[Head, Result]:
        fixed, _ = correct(
            session, question, value=value, because=typed.because, by=typed.by, seen=typed.seen
        )
        return Head(find_head(session, company_id), question.statement), result_of(fixed, links)

    try:
        head, result = await database.run(work)
    except RefusedError as error:
        wrong = {"figure": _sentence(str(error))}
        return await _form_again(request, database, _Answer(409, question, options, typed, wrong))
    return page(request, "corrected.html", head=head, result=result)


@router.post("/{correction_id}/withdraw")
async def withdraw_correction(
    request: Request, company_id: CompanyId, correction_id: CorrectionId, database: OpenDatabase
) -> Response:
    """Withdraw a correction, and show what that changed; nothing if it was withdrawn before."""

    def work(session: Session) -> tuple[Head, Withdrawal]:
        company = find_company(session, f"id:{company_id}")
        try:
            _, changes = withdraw_number(session, company, correction_id)
        except NotFoundError:
            changes = None
        found = withdrawal_of(session, company_id, correction_id, changes)
        return Head(find_head(session, company_id), TAB), found

    head, withdrawal = await database.run(work)
    return page(request, "withdrawn.html", head=head, withdrawal=withdrawal)


@dataclass(frozen=True, slots=True)
class _Answer:
    """A form that is not accepted."""

    status: int
    question: Question
    options: Options
    typed: Typed
    wrong: dict[str, str]


def _checked(typed: Typed) -> tuple[Decimal | None, dict[str, str]]:
    """Return the figure that was typed, and what is wrong with the fields, by their names."""
    value, wrong = None, {}
    try:
        value = parse_typed(typed.value)
    except ValueError as error:
        wrong["value"] = _sentence(str(error))
    for name, field in _FIELDS.items():
        text = " ".join(str(getattr(typed, field)).split())
        if not text:
            wrong[field] = f"The {name} is missing."
        elif len(text) > _LONGEST[field]:
            wrong[field] = f"The {name} has more than {_LONGEST[field]:,} characters."
        elif not text.isprintable():
            wrong[field] = f"The {name} has characters that cannot be printed."
    return value, wrong


async def _form_again(request: Request, database: OpenDatabase, answer: _Answer) -> Response:
    """Return the form as it was filled in, with the figure as it is by now."""
    company_id = int(answer.question.company.removeprefix("id:"))

    def work(session: Session) -> tuple[Head, CorrectionForm | None]:
        head = Head(find_head(session, company_id), answer.question.statement)
        return head, find_form(session, answer.question, answer.options)

    head, form = await database.run(work)
    if form is None:
        raise NotFoundError("no_such_figure", "the figure is not there any more")
    form = form.answered(answer.typed, answer.wrong)
    return page(request, "correct.html", status=answer.status, head=head, correction=form)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
