"""Figures that were read from a document."""

from datetime import timedelta
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, false, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, BigKey, CreatedAt
from app.db.models.statement_type import is_statement_type


class Extraction(Base):
    """The raw line items of one statement in one document."""

    __tablename__ = "extractions"
    __table_args__ = (
        is_statement_type(),
        CheckConstraint("jsonb_typeof(raw_data) = 'object'", name="raw_data_is_object"),
        CheckConstraint(
            "method IN ('ixbrl', 'xbrl', 'xbrl_json', 'companyfacts', 'pdf', 'llm', 'manual')",
            name="method_known",
        ),
        CheckConstraint("status IN ('verified', 'partly', 'doubtful')", name="status_known"),
        CheckConstraint(r"reader ~ '\S'", name="reader_not_blank"),
        CheckConstraint("length(reader) <= 100", name="reader_short"),
        CheckConstraint("length(accession) <= 100", name="accession_short"),
        CheckConstraint(r"model ~ '\S'", name="model_not_blank"),
        CheckConstraint("confidence BETWEEN 0 AND 1", name="confidence_is_a_share"),
        CheckConstraint("duration >= interval '0'", name="duration_not_negative"),
        CheckConstraint("source_page > 0", name="source_page_positive"),
        # The rows of the releases before have no reader, and may be many.
        Index(
            "uq_extractions_reading",
            *("document_id", "statement_type", "method", "reader", "accession"),
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text("reader IS NOT NULL"),
        ),
    )

    id: Mapped[BigKey]
    document_id: Mapped[int] = mapped_column(
        ForeignKey("documents.id", ondelete="CASCADE"), index=True
    )
    statement_type: Mapped[str]
    raw_data: Mapped[dict[str, Any]]
    method: Mapped[str] = mapped_column(server_default="llm")
    """How it was read: the kind of the file, a language model, or manually."""
    reader: Mapped[str | None]
    """Name and version, e.g. `pdf-geometry/1`; NULL where it was not recorded."""
    accession: Mapped[str | None]
    """The SEC's number of the filing, where one document has many (companyfacts)."""
    status: Mapped[str | None] = mapped_column(index=True)
    """How far its figures are proved: verified, partly or doubtful."""
    doubtful_accepted: Mapped[bool] = mapped_column(server_default=false())
    """Whether a person decided that it is compiled although it is doubtful."""
    model: Mapped[str | None]
    """The model or taxonomy, e.g. `gpt-4o` or `ifrs-2024`; NULL where it was not recorded."""
    confidence: Mapped[float | None]
    """From 0 to 1: the share of the checkable figures that are proved."""
    duration: Mapped[timedelta | None]
    """The time that reading took."""
    source_page: Mapped[int | None]
    """The page of the document, from 1, on which the statement begins."""
    created_at: Mapped[CreatedAt]
