"""Merge the rows of several statements of one company into lines, in the newest one's order."""

from collections import Counter
from collections.abc import Iterator, Sequence

from app.pipeline.compile.align import align
from app.pipeline.compile.headings import headings_above, place_headings
from app.pipeline.compile.items import Item, items_of
from app.pipeline.compile.lines import Line, Numbered
from app.pipeline.compile.track import Track

_FAR = 200
"""Rows before and after a new line among which its place is looked for."""


def merge(statements: Sequence[Numbered]) -> list[Line]:
    """Return the lines of all statements: each row of each is on one line, and on one only.

    Args:
        statements: Newest first. The newest gives the order; a row of an older one that has no
            line yet stands behind the row before it, in its own block.
    """
    tracks: list[Track] = []
    for numbered in statements:
        _Report(items_of(numbered), tracks).merge()
    _settle_levels(tracks)
    return [each.line for each in tracks]


def _settle_levels(tracks: Sequence[Track]) -> None:
    """Indent the lines that older reports add to a block as those of the newest report with it."""
    blocks: dict[tuple[int, ...], list[Track]] = {}
    for track in tracks:
        if track.line.newest.kind == "line":
            blocks.setdefault(tuple(id(each) for each in track.above), []).append(track)
    for block in blocks.values():
        newest = min(track.items[0].number for track in block)
        levels = Counter(
            track.line.newest.level for track in block if track.items[0].number == newest
        )
        usual = min(levels, key=lambda level: (-levels[level], level))
        for track in block:
            if track.items[0].number > newest and track.line.newest.level not in levels:
                track.line.level = usual


class _Report:
    """The rows of one report on their way to the lines of newer ones.

    Attributes:
        homes: The lines of rows, by position.
        ordered: Rows that stand on their lines in the order of both.
    """

    def __init__(self, items: Sequence[Item], tracks: list[Track]) -> None:
        self.items = items
        self.tracks = tracks
        self.above = headings_above(items)
        self.homes: dict[int, Track] = {}
        self.ordered: set[int] = set()

    def merge(self) -> None:
        """Put each row on a line, on a new one where it has none."""
        if self.tracks:
            self._align()
        for place, item in enumerate(self.items):
            if place in self.homes:
                continue
            track = Track.of(item)
            track.above = [self.homes[each] for each in self.above[place]]
            track.line.section = self._section(place)
            position = self._position(place, track)
            self.tracks.insert(position, track)
            self._join_block(position)
            self.homes[place] = track
            self.ordered.add(place)

    def _align(self) -> None:
        rows = [place for place, each in enumerate(self.items) if each.kind != "heading"]
        lines = [each for each in self.tracks if each.latest.kind != "heading"]
        found = align([self.items[place] for place in rows], lines)
        self.homes = {rows[row]: lines[line] for row, (line, _) in found.pairs.items()}
        self.ordered = {rows[row] for row in found.ordered}
        heads = place_headings(self.items, self.above, self.homes, self.tracks)
        for row, (line, verdict) in sorted(found.pairs.items()):
            lines[line].add(self.items[rows[row]], verdict.evidence)
        for one, other in found.united:
            self._unite(lines[one], lines[other])
        for place, (track, evidence) in sorted(heads.items()):
            track.add(self.items[place], evidence)
            self.homes[place] = track
            self.ordered.add(place)

    def _unite(self, track: Track, other: Track) -> None:
        """Make one line of two, at the place of the one that a newer report has."""
        if other.items[0].number < track.items[0].number:
            old, new = self.tracks.index(track), self.tracks.index(other)
            self.tracks[new] = track
            del self.tracks[old]
            self.ordered = {each for each in self.ordered if self.homes[each] is not track}
        else:
            self.tracks.remove(other)
        track.absorb(other, track.line.evidence[track.latest.number])

    def _join_block(self, position: int) -> None:
        """Put a new line below the headings of the lines around it, if they are the same.

        So it is when the older report did not yet have that heading.
        """
        track = self.tracks[position]
        around = self.tracks[position - 1 : position], self.tracks[position + 1 : position + 2]
        if track.latest.kind == "heading" or not all(around):
            return
        (before,), (after,) = around
        above = [*before.above, before] if before.latest.kind == "heading" else before.above
        own = track.above
        if above == after.above and len(own) < len(above) and above[: len(own)] == own:
            track.above, track.line.section = after.above, after.line.section

    def _section(self, place: int) -> list[str]:
        """Return the headings above a row, in the words of the newest report that has them."""
        item = self.items[place]
        titles = {self.items[each].name: self.homes[each].title for each in self.above[place]}
        return [
            titles.get(name, own) for name, own in zip(item.section, item.row.section, strict=True)
        ]

    def _position(self, place: int, track: Track) -> int:
        """Return where a new line belongs: behind the row before it, within its block."""
        after = [
            each
            for each in range(place + 1, min(place + _FAR, len(self.items)))
            if each in self.ordered
        ]
        if track.latest.kind == "heading":
            for child in after:
                if place in self.above[child]:
                    return self._at(child)
        before = [
            each for each in range(place - 1, max(place - _FAR, -1), -1) if each in self.ordered
        ]
        for each in self._block(before, place, track):
            return self._behind(each, place)
        for each in self._block(after, place, track):
            return self._at(each)
        return self._behind(before[0], place) if before else 0

    def _at(self, place: int) -> int:
        """Return the position of the line of a row."""
        return self.tracks.index(self.homes[place])

    def _block(self, places: Sequence[int], place: int, track: Track) -> Iterator[int]:
        """Yield those of some rows that stand in the block of a row, here and on their lines."""
        headings = self.above[place]
        for each in places:
            home = self.homes[each]
            own = headings and each == headings[-1]
            within = self.above[each][: len(headings)] == headings
            if own or (within and home.above[: len(track.above)] == track.above):
                yield each

    def _behind(self, before: int, place: int) -> int:
        """Return the position behind a row, and behind the lines that belong to it."""
        position = self._at(before) + 1
        if self.items[before].kind == "heading":
            return position
        level = self.homes[before].line.newest.level
        if self.items[place].row.level > self.items[before].row.level:
            return position
        while position < len(self.tracks):
            row = self.tracks[position].line.newest
            if row.kind != "memo" or row.level <= level:
                break
            position += 1
        return position
