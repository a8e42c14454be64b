"""Words whose letters are set apart, as in the titles of many reports: B A L A N C E."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import quantiles

from app.pipeline.read.pdf.text import Word, join_words

_FEWEST = 5  # pieces of a line that has its letters apart
_LONGEST = 2.0  # letters of a piece, on average
_WITHIN = 1.0  # em between the pieces of such a line
_WORD = 1.8  # times the gap between letters, at least, is one between words
_LEVEL = 0.1  # of the size, between the baselines of a line


def join_spaced(words: Sequence[Word]) -> list[Word]:
    """Return words, the letters of those whose letters stand apart joined.

    Args:
        words: From top to bottom and from left to right.
    """
    found: list[Word] = []
    for run in _runs(words):
        letters = sum(len(word.text) for word in run)
        if len(run) < _FEWEST or letters > _LONGEST * len(run):
            found.extend(run)
        else:
            found.extend(_joined(run))
    return found


def _runs(words: Sequence[Word]) -> Iterator[list[Word]]:
    """Yield words in runs that stand beside each other and are nothing but letters."""
    run: list[Word] = []
    for word in words:
        last = run[-1] if run else None
        if last is not None and not (
            last.text.isalpha()
            and word.text.isalpha()
            and abs(word.y - last.y) < _LEVEL * word.size
            and abs(word.size - last.size) < _LEVEL * word.size
            and 0 <= word.x0 - last.x1 < _WITHIN * word.size
        ):
            yield run
            run = []
        run.append(word)
    if run:
        yield run


def _joined(run: Sequence[Word]) -> Iterator[Word]:
    gaps = [after.x0 - before.x1 for before, after in pairwise(run)]
    between = quantiles(gaps, n=4)[0]
    current = run[0]
    for gap, word in zip(gaps, run[1:], strict=True):
        if gap < _WORD * between:
            current = join_words(current, word)
        else:
            yield current
            current = word
    yield current
