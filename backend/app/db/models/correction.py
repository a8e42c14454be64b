"""A figure that a person corrected."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, SmallInteger, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, BigKey, CreatedAt
from app.db.models.statement_type import is_statement_type


class Correction(Base):
    """A person's value for one printed cell; what was read stays in the extraction.

    The cell is named by content, so that a correction survives another reading of the file: the
    digest of the file, the statement, the end of the period, and section, label, axes and concept
    of the row. One that was withdrawn keeps its row; a cell has one at most that was not.
    """

    __tablename__ = "corrections"
    __table_args__ = (
        is_statement_type(),
        CheckConstraint("document_sha256 ~ '^[0-9a-f]{64}$'", name="document_sha256_is_digest"),
        CheckConstraint("jsonb_typeof(section) = 'array'", name="section_is_array"),
        CheckConstraint("jsonb_typeof(axes) = 'object'", name="axes_is_object"),
        CheckConstraint("occurrence > 0", name="occurrence_positive"),
        CheckConstraint("value NOT IN ('NaN', 'Infinity', '-Infinity')", name="value_is_finite"),
        CheckConstraint("scale BETWEEN -20 AND 20", name="scale_plausible"),
        CheckConstraint(r"reason ~ '\S'", name="reason_not_blank"),
        CheckConstraint(r"created_by ~ '\S'", name="created_by_not_blank"),
        # A row of an index has 2,704 bytes at most, and a label in a file may be longer: hashes.
        Index(
            "uq_corrections_cell",
            *("company_id", "document_sha256", "statement_type", "period_end", "occurrence"),
            text("md5(label)"),
            text("md5(section::text)"),
            text("md5(axes::text)"),
            unique=True,
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
    )

    id: Mapped[BigKey]
    company_id: Mapped[int] = mapped_column(
        ForeignKey("companies.id", ondelete="CASCADE"), index=True
    )
    document_sha256: Mapped[str]
    statement_type: Mapped[str]
    period_end: Mapped[date]
    section: Mapped[list[str]] = mapped_column(JSONB, server_default=text("'[]'::jsonb"))
    """The headings above the row, outermost first."""
    label: Mapped[str]
    axes: Mapped[dict[str, str]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    """The dimensions of a row of a part of the group: axis to member."""
    occurrence: Mapped[int] = mapped_column(SmallInteger, server_default=text("1"))
    """From 1: which of the rows with this section and label, in printed order."""
    concept: Mapped[str | None]
    value: Mapped[Decimal] = mapped_column(Numeric)
    scale: Mapped[int] = mapped_column(SmallInteger)
    """The value is in units of 10^scale."""
    reason: Mapped[str]
    created_by: Mapped[str]
    created_at: Mapped[CreatedAt]
    withdrawn_at: Mapped[datetime | None]
