"""Find the headings above rows, and the lines that are the headings of an older report."""

from collections import Counter
from collections.abc import Mapping, Sequence

from app.pipeline.compile.items import Item
from app.pipeline.compile.lines import Evidence
from app.pipeline.compile.track import Track

_HALF = 0.5
"""Share of common rows from which on two headings of other words are one."""


def headings_above(items: Sequence[Item]) -> list[list[int]]:
    """Return the positions of the headings above each row, outermost first.

    A heading that is no row of the statement is left out.
    """
    nearest: dict[str, int] = {}
    found: list[list[int]] = []
    for place, item in enumerate(items):
        found.append([nearest[name] for name in item.section if name in nearest])
        if item.kind == "heading":
            nearest[item.name] = place
    return found


def place_headings(
    items: Sequence[Item],
    above: Sequence[Sequence[int]],
    homes: Mapping[int, Track],
    tracks: Sequence[Track],
) -> dict[int, tuple[Track, Evidence]]:
    """Return the lines of the headings of a report: of the same rows below, or the same label.

    Args:
        items: The rows of the report.
        above: The headings above each row.
        homes: The lines of the rows with figures, by position.
        tracks: All lines.
    """
    places = [place for place, each in enumerate(items) if each.kind == "heading"]
    heads = [track for track in tracks if track.latest.kind == "heading"]
    common: Counter[tuple[int, int]] = Counter()
    below: Counter[int] = Counter()
    below_line: Counter[int] = Counter()
    for place, track in homes.items():
        below.update(above[place])
        below_line.update(id(each) for each in track.above)
        common.update((each, id(head)) for each in above[place] for head in track.above)
    candidates = []
    for place in places:
        item = items[place]
        for number, head in enumerate(heads):
            if item.group and head.latest.group and item.group != head.latest.group:
                continue
            both = common[place, id(head)]
            union = below[place] + below_line[id(head)] - both
            share = both / union if union else 0.0
            same = item.name in head.names
            empty = not below[place] or not below_line[id(head)]
            if (same and (both or empty)) or share >= _HALF:
                score = share + (1.0 if same else 0.0) + (item.section == head.latest.section) / 2
                candidates.append((-score, place, number, same))
    found: dict[int, tuple[Track, Evidence]] = {}
    taken: set[int] = set()
    for _, place, number, same in sorted(candidates):
        if place not in found and number not in taken:
            taken.add(number)
            found[place] = heads[number], "label" if same else "values"
    return found
