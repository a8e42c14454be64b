"""What a correction changed, or its withdrawal, as a page says it."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.pages import addresses
from app.pages.corrections.rows import Row, find_row
from app.pages.figure.equations import Asked, Sum, sum_of
from app.pages.figure.links import Links
from app.pipeline.wording import unit_name
from app.services.compiled_changes import CompiledChange, CompiledFigure
from app.services.fix_form import Fixed
from app.services.origin import scaled
from app.services.origin_form import Proof
from app.services.values import write_value


@dataclass(frozen=True, slots=True)
class Effect:
    """Sums of the year that a correction changed, with the words that introduce them.

    Attributes:
        are_now: Whether the sums are those of the corrected figure; else of the one before.
    """

    words: str
    sums: tuple[Sum, ...]
    are_now: bool = True


@dataclass(frozen=True, slots=True)
class Result:
    """What a correction changed.

    Attributes:
        before: The figure as statements print it, likewise `after`.
        exact: The figure in full, such as -110,000,000; None where its scale is not known.
        address: Of the figure.
        back: Of its statement.
    """

    fixed: Fixed
    before: str
    after: str
    exact: str | None
    unit: str
    effects: tuple[Effect, ...]
    address: str
    back: str


@dataclass(frozen=True, slots=True)
class Changed:
    """A figure that a withdrawal changed, or whose proof it changed.

    Attributes:
        address: Of the figure; None if it is not shown any more.
    """

    label: str
    period: str
    before: str
    after: str
    proof: str
    address: str | None


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A correction that is withdrawn.

    Attributes:
        is_new: Whether this request did it.
        figures: Those that are others now.
        unshown: How many more are.
    """

    row: Row
    is_new: bool
    figures: tuple[Changed, ...]
    unshown: int


def result_of(fixed: Fixed, links: Links) -> Result:
    """Return what a correction changed; the links are those of its statement."""
    asked = Asked(fixed.line, fixed.period, links)
    effects = (
        Effect("Holds now, and did not before", _sums(fixed.holds_now, asked)),
        Effect("Still holds, with another difference", _sums(fixed.differs_now, asked)),
        Effect(
            "Holds no longer", _sums(fixed.holds_no_longer, asked, are_now=False), are_now=False
        ),
    )
    exact = None
    if fixed.after is not None and fixed.scale is not None:
        exact = f"{scaled(fixed.after, fixed.scale):,f}".replace("-", "\N{MINUS SIGN}")
    return Result(
        fixed=fixed,
        before=write_value(fixed.before),
        after=write_value(fixed.after),
        exact=exact if fixed.scale else None,
        unit=unit_name(fixed.unit, fixed.scale),
        effects=tuple(each for each in effects if each.sums),
        address=links.figure(fixed.line, fixed.period),
        back=links.table(),
    )


def withdrawal_of(
    session: Session, company_id: int, number: int, changes: Sequence[CompiledChange] | None
) -> Withdrawal:
    """Return a correction that is withdrawn.

    Args:
        session: An open transaction.
        company_id: Of the company.
        number: Of the correction.
        changes: Of the compiled statements; None if it was withdrawn before.

    Raises:
        NotFoundError: The company has no such correction.
    """
    row = find_row(session, company_id, number)
    figures = [_changed(company_id, each) for each in changes or ()]
    shown = tuple(figure for each in figures for figure in each)
    return Withdrawal(
        row=row,
        is_new=changes is not None,
        figures=shown,
        unshown=sum(each.changed for each in changes or ()) - len(shown),
    )


def _sums(proofs: Sequence[Proof], asked: Asked, *, are_now: bool = True) -> tuple[Sum, ...]:
    """Return equations; rows of the statement before may have other ids by now, and no link."""
    return tuple(
        sum_of(
            each,
            [
                term.id if are_now or term.id == asked.line else None
                for term in (each.total, *each.terms)
            ],
            asked,
        )
        for each in proofs
    )


def _changed(company_id: int, change: CompiledChange) -> list[Changed]:
    return [
        Changed(
            label=each.label or "(no label)",
            period=each.period,
            before=write_value(each.before),
            after=write_value(each.after),
            proof=_proof(each),
            address=_address(company_id, change, each) if each.after is not None else None,
        )
        for each in change.figures
    ]


def _proof(figure: CompiledFigure) -> str:
    match figure.verified_before, figure.verified_after:
        case False, True:
            return "proved now"
        case True, False:
            return "not proved any more"
        case True, True:
            return "proved as before"
        case _:
            return "not proved, as before"


def _address(company_id: int, change: CompiledChange, figure: CompiledFigure) -> str:
    query = {
        "line": figure.line,
        "year": figure.period,
        "framework": figure.framework or "unknown",
        "currency": figure.currency or "unknown",
    }
    return addresses.figure(company_id, change.statement, query)
