"""`/companies/new`, and `edit` and `remove` of a company: forms that make, change and remove it."""

from dataclasses import replace

from fastapi import Request, Response
from sqlalchemy.orm import Session

from app.api.bounds import CompanyId
from app.db.models import Company
from app.pages import addresses
from app.pages.answering import page, see
from app.pages.companies.form import CompanyForm, WrongError
from app.pages.forms import read_form
from app.pages.routing import page_router
from app.schemas.companies import CompanyRead
from app.services.company_changes import (
    RemovedCompany,
    TakenError,
    change_company,
    create_company,
    get_company,
    plan_company_removal,
    remove_company_as_seen,
)
from app.services.errors import RefusedError
from app.services.removal_fingerprint import fingerprint_of
from app.web.dependencies import OpenDatabase
from app.web.discarding import discard_files
from app.web.preconditions import etag_of

router = page_router("/companies")


@router.get("/new")
async def get_new(request: Request, name: str = "") -> Response:
    """Return the form of a new company, perhaps with the name that was searched for."""
    form = CompanyForm()
    return _form_page(request, replace(form, texts={**form.texts, "name": name[:200]}), None)


@router.post("/new")
async def post_new(request: Request, database: OpenDatabase) -> Response:
    """Make a company, and lead to its documents, where its reports are added."""
    form = CompanyForm.of_form(await read_form(request))
    try:
        values = form.values()
        company = await database.run(lambda session: create_company(session, values).id)
    except WrongError as error:
        return _form_page(request, replace(form, wrong=error.fields), None, status=422)
    except TakenError as error:
        return await _taken(request, database, form, error, None)
    return see(request, addresses.documents(company))


@router.get("/{company_id}/edit")
async def get_edit(request: Request, company_id: CompanyId, database: OpenDatabase) -> Response:
    """Return the form with what is known of a company."""
    company = await _read(database, company_id)
    return _form_page(request, CompanyForm.of_company(company, etag_of(company)), company)


@router.post("/{company_id}/edit")
async def post_edit(request: Request, company_id: CompanyId, database: OpenDatabase) -> Response:
    """Change a company that is as the person has seen it."""
    form = CompanyForm.of_form(await read_form(request))

    def work(session: Session) -> None:
        shown = CompanyRead.model_validate(get_company(session, company_id))
        changed = form.values(CompanyForm.of_company(shown, form.seen))
        change_company(session, company_id, changed, lambda each: _require_seen(each, form.seen))

    try:
        await database.run(work)
    except WrongError as error:
        company = await _read(database, company_id)
        return _form_page(request, replace(form, wrong=error.fields), company, status=422)
    except TakenError as error:
        company = await _read(database, company_id)
        return await _taken(request, database, form, error, company)
    return see(request, addresses.company(company_id))


@router.get("/{company_id}/remove")
async def get_removal(request: Request, company_id: CompanyId, database: OpenDatabase) -> Response:
    """Return what goes with a company."""
    return await _removal_page(request, company_id, database)


@router.post("/{company_id}/remove")
async def post_removal(request: Request, company_id: CompanyId, database: OpenDatabase) -> Response:
    """Remove a company with what its page showed, and lead to the others."""
    form = await read_form(request)
    if form.get("confirm") != "yes":
        return await _removal_page(request, company_id, database, status=422)
    seen = form.get("seen", "")
    removed = await database.run(lambda session: remove_company_as_seen(session, company_id, seen))
    files = await discard_files(database, removed.files)
    left_over = str(files.left_over) if files.left_over else None
    return see(request, addresses.companies({"removed": str(removed.id), "left_over": left_over}))


async def _read(database: OpenDatabase, company_id: int) -> CompanyRead:
    return await database.run(
        lambda session: CompanyRead.model_validate(get_company(session, company_id))
    )


def _require_seen(company: Company, seen: str) -> None:
    """Refuse to change a company that is not as a person has seen it.

    Raises:
        RefusedError: It was changed meanwhile.
    """
    if etag_of(CompanyRead.model_validate(company)) != seen:
        raise RefusedError("changed", "the company was changed meanwhile: look at it again")


def _form_page(
    request: Request, form: CompanyForm, company: CompanyRead | None, *, status: int = 200
) -> Response:
    return page(request, "company_form.html", status=status, form=form, company=company, other=None)


async def _taken(
    request: Request,
    database: OpenDatabase,
    form: CompanyForm,
    error: TakenError,
    company: CompanyRead | None,
) -> Response:
    """Return the form with the other company that has what is typed."""
    other = await _read(database, error.company_id)
    return page(
        request,
        "company_form.html",
        status=409,
        form=form,
        company=company,
        other={"field": error.field, "id": other.id, "name": other.name},
    )


async def _removal_page(
    request: Request, company_id: int, database: OpenDatabase, *, status: int = 200
) -> Response:
    planned: RemovedCompany = await database.run(
        lambda session: plan_company_removal(session, company_id)
    )
    return page(
        request,
        "company_remove.html",
        status=status,
        planned=planned,
        seen=fingerprint_of(planned),
        is_unconfirmed=status != 200,  # noqa: PLR2004
    )
