"""`/api/v1/companies`."""

from collections.abc import Sequence

from fastapi import APIRouter

from app.api.session import DatabaseSession
from app.db.models import Company
from app.schemas.companies import CompanyRead
from app.services import companies

router = APIRouter(prefix="/api/v1/companies", tags=["companies"])


@router.get("", response_model=list[CompanyRead])
def list_companies(session: DatabaseSession) -> Sequence[Company]:
    """Return all companies, ordered by name."""
    return companies.list_companies(session)
