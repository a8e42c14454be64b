"""One database session per request, committed in one place."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends
from sqlalchemy.orm import Session

from app.db import base


def get_session() -> Iterator[Session]:
    """Yield a session; commit after a successful request, else roll back."""
    with base.SessionLocal.begin() as session:
        yield session


DatabaseSession = Annotated[Session, Depends(get_session)]
