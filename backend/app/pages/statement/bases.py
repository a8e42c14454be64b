"""Find the line that percentages are of: revenue, or total assets; or say why there is none."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from app.pipeline.compiled import Compiled, CompiledPeriod, CompiledRow
from app.pipeline.decimals import is_money
from app.pipeline.statement import StatementName
from app.pipeline.verify.vocabulary import REVENUE, TOTAL_ASSETS, Words, normalise

_REVENUE: Final = frozenset(
    {
        "Revenue",
        "Revenues",
        "RevenueFromContractWithCustomerExcludingAssessedTax",
        "RevenueFromContractWithCustomerIncludingAssessedTax",
        "RevenueFromContractsWithCustomers",
        "RevenuesNetOfInterestExpense",
        "SalesRevenueNet",
        "Turnover",
        "TurnoverRevenue",
    }
)
"""Concepts of us-gaap, ifrs-full and the FRC's taxonomy."""
_ASSETS: Final = frozenset({"Assets"})
NAMES: Final[Mapping[StatementName, str]] = {
    "income_statement": "revenue",
    "balance_sheet": "total assets",
    "cash_flow_statement": "revenue",
}


@dataclass(frozen=True, slots=True)
class Bases:
    """The lines that percentages are of.

    Attributes:
        compiled: The statement that has them.
        rows: By key of a period: the position of its line.
        reasons: By key of a period without one: why.
    """

    compiled: Compiled
    rows: Mapping[str, int]
    reasons: Mapping[str, str]

    @property
    def labels(self) -> list[str]:
        """Return the labels of the lines, the newest first."""
        used = dict.fromkeys(self.compiled.rows[each].label for each in self.rows.values())
        return list(used)


def bases_of(compiled: Compiled) -> Bases:
    """Return the revenue of an income statement, or the total assets of a balance sheet.

    A line is taken by its concept or its label, and never for its place. Of several in a year, it
    is the one that is a sum of the others, or any if they are equal; else there is none.
    """
    name = NAMES[compiled.statement]
    words, concepts = (
        (TOTAL_ASSETS, _ASSETS) if compiled.statement == "balance_sheet" else (REVENUE, _REVENUE)
    )
    candidates = [
        number
        for number, row in enumerate(compiled.rows)
        if _may_be(row) and _is_named(row, words, concepts)
    ]
    rows: dict[str, int] = {}
    reasons: dict[str, str] = {}
    for period in compiled.periods:
        stated = [each for each in candidates if _is_stated(compiled.rows[each], period)]
        chosen = _choose(compiled, period.key, stated)
        if chosen is not None:
            rows[period.key] = chosen
        else:
            reasons[period.key] = (
                f"several lines may be the {name}" if stated else f"no line is surely the {name}"
            )
    return Bases(compiled, rows, reasons)


def _may_be(row: CompiledRow) -> bool:
    return row.kind in {"line", "total"} and is_money(row) and not row.axes


def _is_named(row: CompiledRow, words: Words, concepts: Iterable[str]) -> bool:
    if any(each.rpartition(":")[2] in concepts for each in row.concepts):
        return True
    return bool(words.search(normalise(row.label)))


def _is_stated(row: CompiledRow, period: CompiledPeriod) -> bool:
    cell = row.cells.get(period.key)
    return cell is not None and cell.v is not None and not cell.unconfirmed


def _choose(compiled: Compiled, key: str, stated: Sequence[int]) -> int | None:
    """Return the line of a period, if it is clear."""
    if len({compiled.rows[each].cells[key].v for each in stated}) == 1:
        return stated[0]
    terms: dict[int, set[int]] = {}
    for each in compiled.equations:
        if each.total is not None and key in each.diff:
            terms.setdefault(each.total, set()).update(row for _, row in each.terms)
    sums = [each for each in stated if _below(each, terms) >= {*stated} - {each}]
    return sums[0] if len(sums) == 1 else None


def _below(total: int, terms: Mapping[int, set[int]]) -> set[int]:
    """Return the lines that a total is a sum of, and those that these are sums of."""
    found: set[int] = set()
    waiting = [total]
    while waiting:
        for each in terms.get(waiting.pop(), set()) - found - {total}:
            found.add(each)
            waiting.append(each)
    return found
