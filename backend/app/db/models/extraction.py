"""What was read out of one document."""

from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, BigKey, CreatedAt
from app.db.models.statement_type import is_statement_type


class Extraction(Base):
    """The raw line items of one statement in one document."""

    __tablename__ = "extractions"
    __table_args__ = (
        is_statement_type(),
        CheckConstraint("jsonb_typeof(raw_data) = 'object'", name="raw_data_is_object"),
    )

    id: Mapped[BigKey]
    document_id: Mapped[int] = mapped_column(
        ForeignKey("documents.id", ondelete="CASCADE"), index=True
    )
    statement_type: Mapped[str]
    raw_data: Mapped[dict[str, Any]]
    created_at: Mapped[CreatedAt]
