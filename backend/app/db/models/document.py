"""A report that a company published."""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db.base import Base, BigKey, CreatedAt, UpdatedAt
from app.db.models.extraction import Extraction


class Document(Base):
    """A file of any kind: its origin, type, fiscal year and digest, and where it is stored."""

    __tablename__ = "documents"
    __table_args__ = (
        CheckConstraint(r"url ~ '\S'", name="url_not_blank"),
        CheckConstraint("fiscal_year BETWEEN 1900 AND 2100", name="fiscal_year_plausible"),
        CheckConstraint(
            "document_type IN ('annual_report', 'quarterly_report', 'presentation', 'other')",
            name="document_type_known",
        ),
        CheckConstraint(r"file_path ~ '\S'", name="file_path_not_blank"),
        CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="sha256_is_digest"),
        CheckConstraint(r"file_name ~ '\S'", name="file_name_not_blank"),
        CheckConstraint("supersedes_id <> id", name="supersedes_another"),
        UniqueConstraint("company_id", "url"),
        UniqueConstraint("company_id", "sha256"),
        Index(None, "company_id", "fiscal_year", "document_type"),  # serves the foreign key too
    )

    id: Mapped[BigKey]
    company_id: Mapped[int] = mapped_column(ForeignKey("companies.id", ondelete="CASCADE"))
    url: Mapped[str]
    fiscal_year: Mapped[int] = mapped_column(index=True)
    document_type: Mapped[str]
    file_path: Mapped[str | None]
    """The path of the file below STORAGE_URL; NULL until it is stored."""
    file_name: Mapped[str | None]
    """The name that the file had where it came from."""
    sha256: Mapped[str | None] = mapped_column(index=True)
    """Of the file, in hex; NULL until it is stored."""
    media_type: Mapped[str | None]
    """As of RFC 6838, by content, e.g. `application/pdf`."""
    form: Mapped[str | None]
    """As the filing names it, e.g. `10-K`, `10-K/A`, `20-F`."""
    filed_on: Mapped[date | None]
    period_end: Mapped[date | None]
    """The last day of the newest fiscal year that it reports."""
    supersedes_id: Mapped[int | None] = mapped_column(
        ForeignKey("documents.id", ondelete="SET NULL"), index=True
    )
    """The document that this one amends."""
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    extractions: Mapped[list[Extraction]] = relationship(lazy="raise", passive_deletes=True)
