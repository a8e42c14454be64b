"""The rows of one statement, prepared for comparison with the lines of newer reports."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from app.pipeline.compile.labels import flow_of, head_words, name_of
from app.pipeline.compile.lines import Numbered
from app.pipeline.compile.units import power_of
from app.pipeline.statement import Row, Statement
from app.pipeline.verify.figures import EXACT
from app.pipeline.verify.vocabulary import (
    LIABILITIES_AND_EQUITY,
    TOTAL_ASSETS,
    Words,
    normalise,
)

Kind = Literal["heading", "money", "per_share", "shares"]
_KINDS: dict[str, Kind] = {"heading": "heading", "per_share": "per_share", "shares": "shares"}
_ENOUGH = 6
"""So many figures tell in which unit a statement without a scale is rounded."""
_ASSETS = Words(r"\bassets\b|\baktiva\b|\bvermogenswerte\b|\bactifs?\b|\bactiva\b|\bimmobilis")
_FUNDING = Words(
    r"\bliabilit|\bequity\b|\bcapital\b|\breserves\b|\bpassi|\bschulden\b|\beigenkapital"
    r"|\bverbindlichkeiten\b|\bcapitaux\b|\bdettes\b|\beigen vermogen\b|\bverplichtingen\b"
    r"|\bcreditors\b|\bfunds\b|\bdeficit\b"
)
_ASIDE = Words(r"\bsupplement|\bnon ?cash\b|\bdisclosure|\bschedule\b")
_ACTIVITIES = ("operating", "investing", "financing")
_CASH_TOTAL = Words(
    r"\b(?:net |total )?cash\b|\bcash ?flows?\b|\bmittel(?:zu|ab)?fluss|\bflux\b|\bkasstroom"
)


@dataclass(frozen=True, slots=True)
class Amount:
    """A figure in units of its currency, or of shares.

    Attributes:
        unit: Power of ten of the last digit that is stated.
        digits: How many digits are no zeros at the end, of which one may be by chance; 0 of zero.
    """

    worth: Decimal
    unit: int
    digits: int


@dataclass(frozen=True, slots=True)
class Item:
    """A row with what is compared.

    Attributes:
        kind: Only rows of the same kind are compared: lines, totals and memos are money.
        section: Names of the headings above, outermost first.
        group: Part of the statement: a side of the balance sheet, an activity of the cash flow
            statement; None where it is not known, or there are none.
        concept: Name without prefix, which a release of a taxonomy or a company may change.
        anchor: The wider concept of the taxonomy, likewise.
        axes: Names of axes and members without prefixes.
        terms: Names of the totals that the row is a term of, with its sign.
        kin: Names of all rows of those sums.
        amounts: By key of the compiled period.
    """

    number: int
    row: Row
    kind: Kind
    name: str
    words: frozenset[tuple[str, str]]
    section: tuple[str, ...]
    section_words: frozenset[tuple[str, str]]
    group: str | None
    concept: str | None
    anchor: str | None
    axes: frozenset[tuple[str, str]]
    terms: frozenset[tuple[str, int]]
    kin: frozenset[str]
    amounts: dict[str, Amount]

    @property
    def tags(self) -> set[str]:
        """Return the concept and the one it is anchored to."""
        return {each for each in (self.concept, self.anchor) if each}

    @property
    def totals(self) -> set[str]:
        """Return the names of the totals that the row is a term of."""
        return {total for total, _ in self.terms}


def items_of(numbered: Numbered) -> list[Item]:
    """Return the rows of a statement, in printed order."""
    statement = numbered.statement
    rounded = _rounded_to(statement)
    groups = _groups(statement)
    terms, kin = _sums(statement)
    return [
        Item(
            number=numbered.number,
            row=row,
            kind=_KINDS.get(row.kind, "money"),
            name=name_of(row.label),
            words=head_words(row.label),
            section=tuple(name_of(each) for each in row.section),
            section_words=frozenset(word for each in row.section for word in head_words(each)),
            group=group,
            concept=_local(row.concept) if row.concept else None,
            anchor=_local(row.anchor) if row.anchor else None,
            axes=frozenset((_local(axis), _local(member)) for axis, member in row.axes.items()),
            terms=frozenset(terms.get(row.n, ())),
            kin=frozenset(kin.get(row.n, ())),
            amounts=dict(_amounts(numbered, row, rounded)),
        )
        for row, group in zip(statement.rows, groups, strict=True)
    ]


def _sums(statement: Statement) -> tuple[dict[int, set[tuple[str, int]]], dict[int, set[str]]]:
    """Return by row: the totals it is a term of, with its sign, and the names of those sums."""
    names = {row.n: name_of(row.label) for row in statement.rows}
    terms: dict[int, set[tuple[str, int]]] = {}
    kin: dict[int, set[str]] = {}
    for each in statement.equations:
        if each.kind != "sum" or each.other is not None or each.total not in names:
            continue
        rows = {each.total, *(row for _, row in each.terms)} & names.keys()
        for sign, row in each.terms:
            terms.setdefault(row, set()).add((names[each.total], int(sign)))
            kin.setdefault(row, set()).update(names[other] for other in rows if other != row)
    return terms, kin


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _amounts(numbered: Numbered, row: Row, rounded: int) -> Iterator[tuple[str, Amount]]:
    """Yield key of the compiled period and figure of each cell that can be read."""
    scale = row.scale if row.scale is not None else (numbered.statement.scale or 0)
    scale += power_of(row.unit)
    stated = [cell.v for cell in row.cells.values() if cell.v]
    unit = scale + min((int(each.as_tuple().exponent) for each in stated), default=0)
    if row.kind not in _KINDS:
        unit = max(unit, rounded)
    for period, cell in row.cells.items():
        column = numbered.columns.get(period)
        if column is not None and cell.v is not None:
            yield column, amount(EXACT.scaleb(cell.v, scale), unit)


def amount(worth: Decimal, unit: int) -> Amount:
    """Return a figure with the number of its digits."""
    if not worth:
        return Amount(worth, unit, 0)
    plain = worth.normalize(EXACT)
    zeros = int(plain.as_tuple().exponent) - unit
    digits = len(plain.as_tuple().digits)
    return Amount(worth, unit, digits + 1 if zeros == 1 else digits)


def _rounded_to(statement: Statement) -> int:
    """Return the power of ten that all money of a statement without a printed scale has.

    Tagged facts are whole currency units, though the document rounds them to millions.
    """
    exponents = []
    for row, _, cell in statement.cells():
        if row.kind in _KINDS or not cell.v:
            continue
        scale = row.scale if row.scale is not None else (statement.scale or 0)
        exponents.append(scale + int(cell.v.normalize(EXACT).as_tuple().exponent))
    return min(exponents) if len(exponents) >= _ENOUGH else -99


def _groups(statement: Statement) -> Sequence[str | None]:
    """Return the part of the statement of each row."""
    if statement.statement == "cash_flow_statement":
        return _activities(statement.rows)
    if statement.statement == "balance_sheet":
        return _sides(statement.rows)
    return [None] * len(statement.rows)


def _activities(rows: Sequence[Row]) -> Sequence[str | None]:
    """Return the activity of each row of a cash flow statement, of its headings or its total."""
    groups: list[str | None] = []
    for row in rows:
        above = [*row.section, row.label] if row.kind == "heading" else row.section
        groups.append(_activity(above))
    totals = [
        (place, own)
        for place, row in enumerate(rows)
        if row.cells
        and (own := flow_of(row.label))
        and groups[place] in (own, None)
        and _CASH_TOTAL.search(normalise(row.label))
    ]
    if sorted(own for _, own in totals) != sorted(_ACTIVITIES):
        return groups  # they do not tell where each part begins
    start = 0
    for place, own in totals:
        for each in range(start, place + 1):
            if groups[each] is None and not _states_cash(rows[each]):
                groups[each] = own
        start = place + 1
    return groups


def _activity(labels: Sequence[str]) -> str | None:
    for label in labels:
        if _ASIDE.search(normalise(label)):
            return "aside"
        if flow := flow_of(label):
            return flow
    return None


def _states_cash(row: Row) -> bool:
    """Whether a row is opening or closing cash, which stand above or below the activities."""
    return any(family == "time" for family, _ in head_words(row.label))


def _sides(rows: Sequence[Row]) -> Sequence[str | None]:
    """Return the side of the balance sheet of each row, by its headings or the totals below."""
    groups = [_side(row) for row in rows]
    labels = [normalise(row.label) if row.cells else "" for row in rows]
    assets = next((i for i, each in enumerate(labels) if TOTAL_ASSETS.search(each)), None)
    funding = next(
        (i for i, each in enumerate(labels) if LIABILITIES_AND_EQUITY.search(each) and i != assets),
        None,
    )
    if assets is None or funding is None:
        return groups
    first, last = sorted((assets, funding))
    names = ("assets", "funding") if assets < funding else ("funding", "assets")
    for place in range(last + 1):
        if groups[place] is None:
            groups[place] = names[0] if place <= first else names[1]
    groups[assets], groups[funding] = "assets", "funding"
    return groups


def _side(row: Row) -> str | None:
    for label in [*row.section, row.label] if row.kind == "heading" else row.section:
        text = normalise(label)
        assets, funding = _ASSETS.search(text), _FUNDING.search(text)
        if assets and not funding:
            return "assets"
        if funding and not assets:
            return "funding"
    return None
