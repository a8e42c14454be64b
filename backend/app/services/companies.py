"""Read companies."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db.models import Company


def list_companies(session: Session) -> Sequence[Company]:
    """Return all companies, ordered by name."""
    return session.scalars(select(Company).order_by(func.lower(Company.name))).all()
