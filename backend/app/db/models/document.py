"""A report that a company published."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db.base import Base, BigKey, CreatedAt, UpdatedAt
from app.db.models.extraction import Extraction


class Document(Base):
    """A PDF file: its URL, its type and fiscal year, and the path of the download."""

    __tablename__ = "documents"
    __table_args__ = (
        CheckConstraint(r"url ~ '\S'", name="url_not_blank"),
        CheckConstraint("fiscal_year BETWEEN 1900 AND 2100", name="fiscal_year_plausible"),
        CheckConstraint(
            "document_type IN ('annual_report', 'quarterly_report', 'presentation', 'other')",
            name="document_type_known",
        ),
        CheckConstraint(r"file_path ~ '\S'", name="file_path_not_blank"),
        UniqueConstraint("company_id", "url"),
        Index(None, "company_id", "fiscal_year", "document_type"),  # serves the foreign key too
    )

    id: Mapped[BigKey]
    company_id: Mapped[int] = mapped_column(ForeignKey("companies.id", ondelete="CASCADE"))
    url: Mapped[str]
    fiscal_year: Mapped[int] = mapped_column(index=True)
    document_type: Mapped[str]
    file_path: Mapped[str | None]
    """The path of the file; NULL until it is downloaded."""
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    extractions: Mapped[list[Extraction]] = relationship(lazy="raise", passive_deletes=True)
