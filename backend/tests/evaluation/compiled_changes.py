"""How figures changed between filings, by companyfacts itself, beside what the compiler says."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from app.pipeline.compiled import Change, CompiledCell, Stated
from tests.evaluation.companies import Group, Shelf
from tests.evaluation.concepts import local

_SHARED = 3
_MOST = Fraction(3, 4)
_CLOSE = Fraction(1, 500)
_DIGITS = 100  # a figure with fewer than three digits shows no ratio
_RATIOS = sorted(
    {Fraction(new, old) for new in range(1, 101) for old in range(1, 101) if new != old},
    key=lambda each: each.numerator + each.denominator,
)
Moment = tuple[date | None, date]
Facts = Mapping[tuple[str, str], Mapping[tuple[Moment, str], Decimal]]
"""Value by concept and accession, then by period and unit."""


@dataclass(slots=True)
class Changes:
    """What the compiler says of each change, by what it is.

    Attributes:
        told: How often a change of one kind is told as another, or as the same.
        wrong: Those that are told as another kind.
    """

    told: Counter[tuple[str, str]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def of(self, kind: str) -> tuple[int, int]:
        """Return how many changes of a kind are told as such, and how many there are."""
        return self.told[kind, kind], sum(n for (true, _), n in self.told.items() if true == kind)


def changes(shelf: Shelf) -> Changes:
    """Compare each step of each figure's history in the companyfacts of a company."""
    found = Changes()
    for result in shelf.results:
        facts = _read(result.given.main)
        splits: dict[tuple[str, str], Fraction | None] = {}
        for group in shelf.groups():
            for where, older, newer, told in _steps(group):
                true = _kind(facts, splits, older, newer)
                if true is None:
                    continue
                found.told[true, told] += 1
                same = {"restated", "reclassified"}
                if true != told and not {true, told} <= same:
                    found.wrong.append(
                        f"{where}: {true} is told as {told}: {older.value} in {older.accession}, "
                        f"{newer.value} in {newer.accession}"
                    )
    return found


@dataclass(frozen=True, slots=True)
class _Fact:
    concept: str
    accession: str
    moment: Moment
    unit: str
    value: Decimal
    kind: str


def _steps(group: Group) -> Iterator[tuple[str, "_Fact", "_Fact", Change]]:
    """Yield each figure with that of the next newer filing, as their statements tag them."""
    for row in group.compiled.rows:
        for key, cell in row.cells.items():
            # A figure of an older filing is chosen where its block does not close otherwise.
            stated: list[CompiledCell | Stated] = [*cell.history, cell]
            stated.sort(key=lambda each: -each.input)
            for older, newer in pairwise(stated):
                facts = [_fact(group, each.input, each.row, each.period) for each in (older, newer)]
                if facts[0] is not None and facts[1] is not None:
                    yield f"{group.name}: {row.label!r} {key}", facts[0], facts[1], older.change


def _fact(group: Group, given: int, number: int, key: str) -> _Fact | None:
    statement = group.statements[given]
    row = next(each for each in statement.rows if each.n == number)
    period = next(each for each in statement.periods if each.key == key)
    tagged = row.cells[key].tagged
    if tagged is None or not row.concept or period.end is None:
        return None
    accession = statement.source.accession or ""
    moment = (period.start, period.end)
    return _Fact(local(row.concept), accession, moment, row.unit or "", tagged, row.kind)


def _read(path: Path) -> Facts:
    whole = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    whole = whole.get("raw_payload", whole)
    found: dict[tuple[str, str], dict[tuple[Moment, str], Decimal]] = {}
    for concepts in whole["facts"].values():
        for concept, described in concepts.items():
            for unit, stated in described["units"].items():
                for each in stated:
                    start = date.fromisoformat(each["start"]) if "start" in each else None
                    moment = start, date.fromisoformat(each["end"])
                    own = found.setdefault((concept, each["accn"]), {})
                    own[moment, unit] = Decimal(str(each["val"]))
    return found


def _kind(
    facts: Facts, splits: dict[tuple[str, str], Fraction | None], older: _Fact, newer: _Fact
) -> str | None:
    """Return what a change is, None where a filing's figure is not among its facts."""
    before, after = _value(facts, older), _value(facts, newer)
    if before is None or after is None:
        return None
    if before == after:
        return "none"
    pair = older.accession, newer.accession
    if older.kind in {"per_share", "shares"}:
        if pair not in splits:
            splits[pair] = _split(facts, *pair)
        if splits[pair] and _is_split(before, after, splits[pair], older.kind):
            return "split"
    unit = max(_unit(facts, older), _unit(facts, newer))
    if abs(before - after) <= unit or _rounds(before, after) or _rounds(after, before):
        return "rounding"
    return "sign" if abs(before + after) <= unit else "restated"


def _value(facts: Facts, fact: _Fact) -> Decimal | None:
    """Return the fact itself; an opening balance is an instant of the day before."""
    own = facts.get((fact.concept, fact.accession), {})
    for (moment, _), value in own.items():
        starts = {moment[0], fact.moment[0]}
        is_same = moment[1] == fact.moment[1] and (len(starts) == 1 or None in starts)
        if is_same and value == fact.value:
            return value
    return fact.value if fact.value in own.values() else None


def _unit(facts: Facts, fact: _Fact) -> Decimal:
    """Return what the last digit of a fact is worth: by all facts of its filing, if it is money."""
    if fact.kind in {"per_share", "shares"}:
        text = format(fact.value, "f")
        if "." in text:
            return Decimal(1).scaleb(-len(text.partition(".")[2]))
        zeros = len(text) - len(text.rstrip("0"))
        return Decimal(10) ** (zeros // 3 * 3)
    money = [
        value
        for (_, accession), own in facts.items()
        if accession == fact.accession
        for (_, unit), value in own.items()
        if unit.isalpha() and unit.isupper() and value
    ]
    of_money = sorted(_zeros(each) for each in money)
    # A few are exact, such as par values.
    nearly_all = of_money[len(of_money) // 20] if of_money else 0
    return Decimal(10) ** min(nearly_all, _zeros(fact.value))


def _rounds(value: Decimal, other: Decimal) -> bool:
    """Whether a figure is the other one rounded to hundreds or more, with two digits left."""
    zeros = _zeros(value)
    kept = abs(value).scaleb(-zeros)
    return zeros > 1 and kept >= 10 and abs(value - other).scaleb(-zeros) * 2 <= 1


def _zeros(value: Decimal) -> int:
    text = format(value, "f")
    return 0 if "." in text else len(text) - len(text.rstrip("0"))


def _split(facts: Facts, older: str, newer: str) -> Fraction | None:
    """Return the ratio that most numbers of shares and figures per share changed by."""
    ratios: list[Fraction] = []
    for (concept, accession), own in facts.items():
        if accession != older:
            continue
        for key, value in own.items():
            other = facts.get((concept, newer), {}).get(key)
            if other and value and other != value and min(abs(value), abs(other)).scaleb(2) >= 1:
                ratio = Fraction(other) / Fraction(value)
                if key[1] == "shares" and min(abs(value), abs(other)) >= _DIGITS:
                    ratios.append(ratio)
    for ratio in _RATIOS:
        fitting = sum(abs(each / ratio - 1) <= _CLOSE for each in ratios)
        if fitting >= 2 and fitting >= _MOST * len(ratios):
            return ratio
    return None


def _is_split(before: Decimal, after: Decimal, ratio: Fraction | None, kind: str) -> bool:
    factor = Fraction(1) if ratio is None else 1 / ratio if kind == "per_share" else ratio
    expected = Fraction(before) * factor
    # Trailing zeros are lost: 11.40 is 11.4, which says no more than its tenths.
    tenths = Fraction(Decimal(1).scaleb(int(before.as_tuple().exponent))) * factor
    places = max(Fraction(1, 100), tenths) if kind == "per_share" else abs(expected) * _CLOSE
    return abs(expected - Fraction(after)) <= places


def rounding_as_restatement(found: Sequence[Changes]) -> int:
    """Return how many changes by rounding are told as restatements."""
    return sum(
        each.told["rounding", kind] for each in found for kind in ("restated", "reclassified")
    )
