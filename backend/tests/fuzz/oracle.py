"""Whether a damaged file is said to be verified with figures that the sound one contradicts."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import permutations

from tests.fuzz.readers import Line, Summary


def contradictions(sound: Sequence[Summary], damaged: Iterable[Summary]) -> list[str]:
    """Return what verified statements of a damaged file say against the sound one.

    Figures count, of rows that a status is about: damaged labels and dates are what the file says.
    Where the sound file has a statement twice, one of them must agree.
    """
    found = []
    for summary in damaged:
        if summary.status != "verified":
            continue
        same = [
            each
            for each in sound
            if (each.statement, each.accession) == (summary.statement, summary.accession)
        ]
        if not same:
            found.append(f"{summary.statement}: the sound file has none")
            continue
        least = min((_differences(each, summary) for each in same), key=len)
        found += [f"{summary.statement}: {each}" for each in least]
    return found


def _differences(sound: Summary, damaged: Summary) -> list[str]:
    """Return the lines of the damaged statement that the sound one does not have."""
    return min((_against(sound, damaged, each) for each in _columns(sound, damaged)), key=len)


def _against(sound: Summary, damaged: Summary, columns: Sequence[tuple[int, int]]) -> list[str]:
    labelled: dict[str, list[Line]] = {}
    for each in sound.lines:
        labelled.setdefault(each.label, []).append(each)
    found = []
    for line in damaged.lines:
        # A line without a label may be any: its label may be what was damaged.
        candidates = labelled.get(line.label, sound.lines) if line.label else sound.lines
        if not any(_agree(each, line, columns) for each in candidates):
            known = f", not {candidates[0].figures}" if line.label in labelled else ""
            found.append(f"{line.label!r} is {line.figures}{known}")
    return found


def _columns(sound: Summary, damaged: Summary) -> Iterator[list[tuple[int, int]]]:
    """Yield which columns may be the same ones.

    By the last day where all are known; damaged dates are what the file says, so that otherwise
    any order is possible that is the same for all lines.
    """
    known = [end for end in damaged.ends if end in sound.ends]
    if len(known) == len(damaged.ends):
        yield [(sound.ends.index(end), index) for index, end in enumerate(damaged.ends)]
        return
    for order in permutations(range(len(sound.ends)), min(len(sound.ends), len(damaged.ends))):
        yield [(left, right) for right, left in enumerate(order)]


def _agree(sound: Line, damaged: Line, columns: Sequence[tuple[int, int]]) -> bool:
    """Whether no figure is another one; a figure that is not stated contradicts none."""
    return all(
        damaged.figures[right] in {None, sound.figures[left] or "0"} for left, right in columns
    )
