"""How often labels, concepts and totals are used in a report, and among the lines of newer ones."""

from collections import Counter
from collections.abc import Iterable, Sequence

from app.pipeline.compile.items import Item
from app.pipeline.compile.labels import reserve_of, without_footnote
from app.pipeline.compile.track import Track


class Names:
    """How often names are in use, with their sections, among the rows and among the lines."""

    def __init__(self, items: Sequence[Item], tracks: Iterable[Track]) -> None:
        known = list(tracks)
        latest = [each.latest for each in known]
        self._rows: Counter[object] = Counter()
        self._lines: Counter[object] = Counter()
        for names, rows in ((self._rows, items), (self._lines, latest)):
            for each in rows:
                names.update([(each.kind, each.name), (each.kind, each.name, each.section)])
                if reserve := reserve_of(each.name):
                    names["reserve", reserve] += 1
        self._labels = [
            {(each.kind, without_footnote(each.row.label)) for each in rows}
            for rows in (items, latest)
        ]
        self._row_concepts = Counter(
            (each.kind, concept) for each in items for concept in each.tags
        )
        self._line_concepts = Counter(
            (each.latest.kind, concept) for each in known for concept in each.tags
        )

    def persist(self, item: Item, latest: Item) -> bool:
        """Whether each of two names is still in use on the other side: none was renamed."""
        return bool(
            self._lines[item.kind, item.name, item.section]
            and self._rows[item.kind, latest.name, latest.section]
        )

    def apart(self, item: Item, latest: Item) -> bool:
        """Whether two lines are terms of other totals, each of which the other side has as well.

        Hardware among the revenues and hardware among the expenses are two lines. A subtotal may be
        a term of one total or another, as its report breaks it down; and one sum may be written
        with another of its rows as the total.
        """
        return (
            item.row.kind == latest.row.kind == "line"
            and item.totals.isdisjoint(latest.totals)
            and not (item.totals <= latest.kin and latest.totals <= item.kin)
            and any(self._lines[item.kind, each] for each in item.totals)
            and any(self._rows[item.kind, each] for each in latest.totals)
        )

    def one_reserve(self, item: Item, latest: Item) -> bool:
        """Whether both are the only row of a part of equity, added to one total with one sign.

        So retained earnings and an accumulated deficit are one line, if its sign is sure.
        """
        reserve = reserve_of(item.name)
        key = "reserve", reserve
        return (
            reserve is not None
            and reserve == reserve_of(latest.name)
            and self._rows[key] == 1 == self._lines[key]
            and not item.terms.isdisjoint(latest.terms)
        )

    def numbered(self, item: Item, latest: Item) -> bool:
        """Whether only numbers tell two labels apart, and one of them is on the other side too.

        Series 11 and Series 12 are two lines; numbers of shares in a label change every year.
        """
        rows, lines = self._labels
        own, other = without_footnote(item.row.label), without_footnote(latest.row.label)
        return own != other and ((item.kind, own) in lines or (item.kind, other) in rows)

    def one_concept(self, item: Item, track: Track) -> bool:
        """Whether a concept, or an anchor, that row and line share is of no others."""
        return any(
            self._row_concepts[item.kind, each] == 1 == self._line_concepts[item.kind, each]
            for each in item.tags & track.tags
        )

    def unique(self, item: Item, latest: Item) -> bool:
        """Whether a common name is that of one row and one line only, or of one in the section."""
        keys: list[tuple[object, ...]] = [(item.kind, item.name)]
        if item.section == latest.section:
            keys.append((item.kind, item.name, item.section))
        return any(self._rows[key] == 1 == self._lines[key] for key in keys)
