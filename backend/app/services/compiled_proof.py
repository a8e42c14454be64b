"""Which years compiled statements have, and how far they are proved, without their figures.

A statement never changes under its digest: what was read of one is kept in memory.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from threading import Lock
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.pipeline.compiled import ALGORITHM

_FORM: Final = "compiled/1"
_MOST: Final = 60_000
"""Statements of which it is kept: three of each of 20,000 companies, in about 30 megabytes."""
# Each `->` of a column would unpack the whole statement again; what `||` returns is unpacked.
_FIND: Final = text("""
    SELECT digest, data ->> 'schema' AS form, data ->> 'algorithm' AS algorithm,
           jsonb_path_query_array(data, '$.periods[*].fiscal_year') AS years,
           data -> 'checks' AS checks,
           jsonb_path_query_array(data, '$.others[*].periods[*].fiscal_year') AS other_years,
           jsonb_path_query_array(data, '$.others[*].checks') AS other_checks
      FROM (SELECT digest, data || '{}' AS data
              FROM compiled_statements
             WHERE company_id = ANY(:companies) AND digest = ANY(:digests)
            OFFSET 0) AS unpacked
""")


@dataclass(frozen=True, slots=True)
class Proof:
    """What is proved of compiled statements, in all their frameworks and currencies.

    Attributes:
        years: Fiscal years, oldest first.
        checkable: Figures that sums could prove.
        verified: Figures that sums do prove.
        failing: Keys of the periods in which a balance sheet or the cash does not close.
        is_old: Whether another release compiled them.
    """

    years: tuple[int, ...]
    checkable: int
    verified: int
    failing: tuple[str, ...]
    is_old: bool = False

    def __add__(self, other: "Proof") -> "Proof":
        """Return what is proved of both."""
        return Proof(
            tuple(sorted({*self.years, *other.years})),
            self.checkable + other.checkable,
            self.verified + other.verified,
            tuple(sorted({*self.failing, *other.failing})),
            self.is_old or other.is_old,
        )

    @property
    def gaps(self) -> tuple[int, ...]:
        """Return the years between the first and the last that are missing."""
        if not self.years:
            return ()
        return tuple(sorted({*range(self.years[0], self.years[-1])} - {*self.years}))

    @property
    def percentage(self) -> int:
        """Return the share that is proved, rounded down: it is 100 only if all is."""
        return 100 * self.verified // self.checkable if self.checkable else 0


NOTHING: Final = Proof((), 0, 0, ())


def total_of(proofs: Iterable[Proof]) -> Proof:
    """Return what is proved of several statements."""
    return reduce(Proof.__add__, proofs, NOTHING)


def load_proofs(session: Session, digests: Mapping[str, int]) -> dict[str, Proof]:
    """Return what is proved of statements, by digest; none for those of another form.

    Args:
        session: Its transaction reads.
        digests: The ids of their companies.
    """
    known = {each: _KEPT[each] for each in digests if each in _KEPT}
    missing = {each: company for each, company in digests.items() if each not in known}
    if not missing:
        return known
    values = {"companies": sorted({*missing.values()}), "digests": sorted(missing)}
    found = {row.digest: _proof(row) for row in session.execute(_FIND, values) if row.form == _FORM}
    with _LOCK:
        if len(_KEPT) + len(found) > _MOST:
            _KEPT.clear()
        _KEPT.update(found)
    return known | found


_KEPT: Final[dict[str, Proof]] = {}
_LOCK: Final = Lock()


def _proof(row: Any) -> Proof:
    checks = [row.checks or {}, *row.other_checks]
    periods = [(key, each) for part in checks for key, each in part.items()]
    return Proof(
        years=tuple(sorted({each for each in [*row.years, *row.other_years] if each is not None})),
        checkable=sum(each["checkable"] for _, each in periods),
        verified=sum(each["verified"] for _, each in periods),
        failing=tuple(
            key for key, each in periods if "fail" in (each.get("balance"), each.get("cash"))
        ),
        is_old=row.algorithm != ALGORITHM,
    )
