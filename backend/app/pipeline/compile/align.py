"""Align the rows of an older report with the lines of newer ones.

A pair of a row and a line has a score: equal figures in shared years weigh most, then the concept,
then the label. The pairs of largest score that keep the order of both are taken, then those of
lines that were moved. No line gets two rows of one report.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from rapidfuzz import fuzz, process

from app.pipeline.compile.items import Amount, Item
from app.pipeline.compile.judge import Verdict, judge, judge_between
from app.pipeline.compile.labels import SIMILAR, reserve_of
from app.pipeline.compile.names import Names
from app.pipeline.compile.track import Track
from app.pipeline.verify.figures import EXACT

_NEAR, _NEAR_NAMES = 40, 400
"""Lines that a row is compared with at most, of those with something in common and of all: rows
of one name by the thousand are no statement."""
Pairs = dict[int, tuple[int, Verdict]]
"""By position of a row: the position of its line, and the verdict."""
_Verdicts = dict[tuple[int, int], Verdict]


@dataclass(frozen=True, slots=True)
class Alignment:
    """The lines of the rows of a report.

    Attributes:
        pairs: By position of the row.
        ordered: Rows of pairs that keep the order of both.
        united: Line of a pair, and another line that its row shows to be the same one.
    """

    pairs: Pairs
    ordered: frozenset[int]
    united: tuple[tuple[int, int], ...]


def align(items: Sequence[Item], tracks: Sequence[Track]) -> Alignment:
    """Return the line of each row that has one.

    Args:
        items: The rows of a report, without headings.
        tracks: The lines of newer reports, in their order.
    """
    aligner = _Aligner(items, tracks)
    verdicts = aligner.judge()
    aligner.take_in_order(_without_rivals(verdicts))
    aligner.take_moved(_without_rivals(verdicts))
    aligner.take_between()
    united = tuple(aligner.united(verdicts))
    return Alignment(aligner.pairs, frozenset(aligner.ordered), united)


class _Aligner:
    """The rows and lines while they are paired."""

    def __init__(self, items: Sequence[Item], tracks: Sequence[Track]) -> None:
        self.items = items
        self.tracks = tracks
        self.names = Names(items, tracks)
        self.index = _Index(tracks)
        self.pairs: Pairs = {}
        self.ordered: set[int] = set()
        self.taken: set[int] = set()

    def judge(self) -> _Verdicts:
        """Return the possible pairs; only those that have something in common are judged."""
        verdicts: _Verdicts = {}
        for row, item in enumerate(self.items):
            self._judge(row, self._near(row, self.index.candidates(item)), verdicts)
        paired = {row for row, _ in verdicts}
        for row, item in enumerate(self.items):
            if row not in paired:
                near = self._near(row, range(len(self.tracks)), _NEAR_NAMES)
                names = {line: self.tracks[line].latest.name for line in near}
                similar = process.extract(
                    item.name, names, scorer=fuzz.token_sort_ratio, score_cutoff=SIMILAR, limit=5
                )
                self._judge(row, [line for _, _, line in similar], verdicts)
        return verdicts

    def _near(self, row: int, lines: Sequence[int], most: int = _NEAR) -> Sequence[int]:
        """Return some of the lines: those whose place is nearest to that of a row."""
        if len(lines) <= most:
            return lines
        here = row * len(self.tracks) // len(self.items)
        return sorted(sorted(lines, key=lambda line: (abs(line - here), line))[:most])

    def _judge(self, row: int, lines: Sequence[int], verdicts: _Verdicts) -> None:
        for line in lines:
            verdict = judge(self.items[row], self.tracks[line], self.names)
            if verdict:
                verdicts[row, line] = verdict

    def _take(self, row: int, line: int, verdict: Verdict) -> None:
        self.pairs[row] = line, verdict
        self.taken.add(line)

    def take_in_order(self, verdicts: _Verdicts) -> None:
        """Take the pairs of largest total score that rise in both rows and lines."""
        for row, line in _heaviest(verdicts):
            self._take(row, line, verdicts[row, line])
            self.ordered.add(row)

    def take_moved(self, verdicts: _Verdicts) -> None:
        """Take pairs out of order that are lines that were moved, the best first."""
        for (row, line), each in sorted(verdicts.items(), key=lambda it: (-it[1].score, it[0])):
            if each.movable and row not in self.pairs and line not in self.taken:
                self._take(row, line, each)

    def take_between(self) -> None:
        """Take the only row and the only line with its figures between pairs in order."""
        lowest = [-1]
        for row in range(len(self.items)):
            lowest.append(self.pairs[row][0] if row in self.ordered else lowest[-1])
        highest = len(self.tracks)
        found: dict[int, list[tuple[int, Verdict]]] = {}
        for row in reversed(range(len(self.items))):
            if row in self.ordered:
                highest = self.pairs[row][0]
            elif row not in self.pairs:
                found[row] = [
                    (line, verdict)
                    for line in self._near(row, self.index.candidates(self.items[row]))
                    if lowest[row] < line < highest and line not in self.taken
                    if (verdict := judge_between(self.items[row], self.tracks[line], self.names))
                ]
        claims = Counter(line for each in found.values() for line, _ in each)
        for row, each in found.items():
            if len(each) == 1 and claims[each[0][0]] == 1:
                self._take(row, *each[0])
                self.ordered.add(row)

    def united(self, verdicts: _Verdicts) -> Iterator[tuple[int, int]]:
        """Yield two lines that are one, as a row of both shows: no report has both.

        So it is where a report is missing, and the line was renamed in that year.
        """
        used: set[int] = set()
        for (row, line), verdict in sorted(verdicts.items()):
            own, decided = self.pairs.get(row, (line, verdict))
            if line in self.taken or own == line or not (verdict.firm and decided.firm):
                continue
            one, other = self.tracks[own], self.tracks[line]
            if not used & {own, line} and not one.meets(other):
                used |= {own, line}
                yield own, line


class _Index:
    """The lines by what a row may have in common with them."""

    def __init__(self, tracks: Sequence[Track]) -> None:
        self._tracks = tracks
        self._lines: dict[object, list[int]] = defaultdict(list)
        self._units: set[int] = set()
        self._finer: dict[int, dict[object, list[int]]] = {}
        for line, track in enumerate(tracks):
            kind = track.latest.kind
            for name in sorted(track.names):
                self._lines[kind, name].append(line)
            if reserve := reserve_of(track.latest.name):
                self._lines["reserve", reserve].append(line)
            for concept in {concept for concept, _ in track.concepts} | track.anchors:
                self._lines[kind, "concept", concept].append(line)
            for column, amounts in track.amounts.items():
                for each in amounts:
                    if each.digits:
                        self._lines[kind, column, abs(each.worth)].append(line)
                        self._units.add(each.unit)

    def candidates(self, item: Item) -> list[int]:
        """Return the lines with a name, a concept or a figure of a row, also when rounded."""
        kind = item.kind
        found = set(self._lines.get((kind, item.name), ()))
        found.update(self._lines.get(("reserve", reserve_of(item.name)), ()))
        for concept in (item.concept, item.anchor):
            if concept:
                found.update(self._lines.get((kind, "concept", concept), ()))
        for column, each in item.amounts.items():
            if not each.digits:
                continue
            found.update(self._lines.get((kind, column, abs(each.worth)), ()))
            for unit in self._units:
                if unit > each.unit:
                    for worth in _rounded(each, unit):
                        found.update(self._lines.get((kind, column, worth), ()))
            if any(unit < each.unit for unit in self._units):
                finer = self._rounded_to(each.unit)
                found.update(finer.get((kind, column, abs(each.worth)), ()))
        return sorted(found)

    def _rounded_to(self, unit: int) -> dict[object, list[int]]:
        """Return the lines by their figures, those of smaller units rounded to a unit."""
        if unit not in self._finer:
            lines: dict[object, list[int]] = defaultdict(list)
            for line, track in enumerate(self._tracks):
                for column, amounts in track.amounts.items():
                    for each in amounts:
                        if each.digits and each.unit < unit:
                            for worth in _rounded(each, unit):
                                lines[track.latest.kind, column, worth].append(line)
            self._finer[unit] = lines
        return self._finer[unit]


def _rounded(amount: Amount, unit: int) -> set[Decimal]:
    step = Decimal((0, (1,), unit))
    worth = abs(amount.worth)
    return {worth.quantize(step, way, EXACT) for way in (ROUND_FLOOR, ROUND_CEILING)}


def _without_rivals(verdicts: _Verdicts) -> _Verdicts:
    """Return the pairs without others of rows and lines that are each other's best for sure."""
    best_row: dict[int, float] = {}
    best_line: dict[int, float] = {}
    for (row, line), each in verdicts.items():
        best_row[row] = max(each.score, best_row.get(row, 0.0))
        best_line[line] = max(each.score, best_line.get(line, 0.0))
    sure: dict[int, list[int]] = defaultdict(list)
    for (row, line), each in verdicts.items():
        if each.sure and each.score == best_row[row] == best_line[line]:
            sure[row].append(line)
    claims = Counter(line for each in sure.values() for line in each)
    rows = {row: each[0] for row, each in sure.items() if len(each) == 1 and claims[each[0]] == 1}
    lines = {line: row for row, line in rows.items()}
    return {
        (row, line): each
        for (row, line), each in verdicts.items()
        if rows.get(row, line) == line and lines.get(line, row) == row
    }


def _heaviest(verdicts: _Verdicts) -> list[tuple[int, int]]:
    """Return the pairs of largest total score that rise in both rows and lines."""
    tops: list[tuple[int, float]] = []  # by line, rising in both: the best chain up to that line
    chains: dict[tuple[int, int], tuple[float, tuple[int, int] | None]] = {}
    ends: list[tuple[int, int]] = []
    for key in sorted(verdicts, key=lambda each: (each[0], -each[1])):
        line = key[1]
        place = bisect_left(tops, (line, float("-inf")))
        before = ends[place - 1] if place else None
        total = verdicts[key].score + (tops[place - 1][1] if place else 0.0)
        chains[key] = total, before
        if place < len(tops) and tops[place][0] == line and tops[place][1] >= total:
            continue
        if place and tops[place - 1][1] >= total:
            continue
        after = place
        while after < len(tops) and tops[after][1] <= total:
            after += 1
        tops[place:after] = [(line, total)]
        ends[place:after] = [key]
    pairs = []
    current = ends[-1] if ends else None
    while current:
        pairs.append(current)
        current = chains[current][1]
    return pairs
