"""The models of the clinic, which name each constraint themselves."""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """The base of all models."""


class Ward(Base):
    """A ward of the clinic."""

    __tablename__ = "wards"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(80))
    settings: Mapped[dict[str, object]] = mapped_column(
        postgresql.JSONB, server_default=sa.text("'{\"beds\": 4}'::jsonb")
    )


class Patient(Base):
    """A patient, in one ward."""

    __tablename__ = "patients"
    __table_args__ = (
        sa.Index("ix_patients_surname", sa.text("lower(surname)")),
        sa.CheckConstraint("born <= admitted", name="patients_are_born_first"),
    )

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    ward_id: Mapped[int] = mapped_column(sa.ForeignKey("wards.id", name="patients_ward"))
    surname: Mapped[str] = mapped_column(sa.Text)
    born: Mapped[dt.date]
    admitted: Mapped[dt.date] = mapped_column(server_default=sa.func.current_date())
    state: Mapped[str] = mapped_column(
        postgresql.ENUM("waiting", "treated", "gone home", name="patient_state"),
        server_default="waiting",
    )
