"""Find the line and the year of a compiled statement that a person names."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from rapidfuzz import fuzz, process

from app.pipeline.compiled import Compiled, CompiledPeriod, CompiledRow
from app.services.errors import NotFoundError

ID: Final = "id:"
"""Before the id of a row, where the same word is also the label of another."""
NO_LABEL: Final = "(no label)"
"""The label of a row that has none, as tables show it."""
_SUGGESTIONS: Final = 5
_SIMILAR: Final = 60.0  # of 100
_LONGEST: Final = 300  # characters of a reference that are compared
_SPELLINGS: Final = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201b\u02bc\u00b4`", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"),
    }
)
_FISCAL: Final = re.compile(r"fy\s*([0-9]{4})")


class NoSuchLineError(NotFoundError):
    """No line fits, or several do.

    Attributes:
        candidates: The lines that fit, or the nearest.
    """

    def __init__(self, code: str, message: str, candidates: Sequence["Candidate"]) -> None:
        """Keep the candidates beside the message."""
        super().__init__(code, message)
        self.candidates: Final = tuple(candidates)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A line that may be meant."""

    id: str
    label: str
    section: tuple[str, ...]

    @classmethod
    def of(cls, row: CompiledRow) -> "Candidate":
        """Return the candidate of a row."""
        return cls(row.id, row.label, tuple(row.section))


@dataclass(frozen=True, slots=True)
class Found:
    """The line that a reference means.

    Attributes:
        position: Among the rows.
        homonyms: Other lines of which the reference is the label; it was taken for an id.
    """

    position: int
    row: CompiledRow
    homonyms: tuple[Candidate, ...] = ()


def normal(text: str) -> str:
    """Return a label as it is compared: whatever its case, white space, quotes and dashes are.

    A colon at the end is left out, and so is what is invisible (Unicode category Cf).
    """
    text = unicodedata.normalize("NFKC", text).translate(_SPELLINGS).casefold()
    seen = "".join(each for each in text if unicodedata.category(each) != "Cf")
    return " ".join(seen.split()).rstrip(":").rstrip()


def find_line(compiled: Compiled, reference: str) -> Found:
    """Return the line of a reference: an id, a label, or `Section > Label`.

    An id comes first, exactly as it is written; then the labels that the rows have, then those
    that they had in older filings.

    Raises:
        NoSuchLineError: No line fits, or several do.
    """
    wanted = normal(reference)
    rows = [(n, row) for n, row in enumerate(compiled.rows) if row.kind != "heading"]
    written = reference.strip()
    says_id = written.casefold().startswith(ID)
    exact = written[len(ID) :].strip() if says_id else written
    for n, row in rows:
        if row.id == exact:
            others = [] if says_id else _labelled(rows, wanted)
            return Found(n, row, tuple(Candidate.of(each) for m, each in others if m != n))
    hits = _labelled(rows, wanted) or _in_sections(rows, wanted)
    if len(hits) == 1:
        return Found(*hits[0])
    name = compiled.statement.replace("_", " ")
    if hits:
        raise NoSuchLineError(
            "several_lines",
            f"{len(hits)} lines of the {name} are called {reference!r}: "
            "name one by its id, or as 'SECTION > LABEL'",
            [Candidate.of(row) for _, row in hits],
        )
    raise _no_line(compiled, [row for _, row in rows], reference, wanted, name)


def find_period(compiled: Compiled, reference: str) -> CompiledPeriod:
    """Return the period of a reference: its key, its label, its fiscal year or its last day.

    Raises:
        NotFoundError: No period fits, or several do.
    """
    wanted = normal(reference)
    if fiscal := _FISCAL.fullmatch(wanted):
        wanted = fiscal[1]
    for text_of in (_key, _label, _fiscal_year, _end):
        hits = [each for each in compiled.periods if normal(text_of(each)) == wanted]
        if len(hits) == 1:
            return hits[0]
        if hits:
            raise NotFoundError(
                "several_years",
                f"{reference!r} is {len(hits)} periods: {_listed(hits)}",
            )
    name = compiled.statement.replace("_", " ")
    for gap in compiled.gaps:
        if str(gap.fiscal_year) == wanted:
            raise NotFoundError(
                "year_missing", f"the {name} has no FY{gap.fiscal_year}: {gap.reason}"
            )
    raise NotFoundError(
        "year_not_found", f"the {name} has no {reference!r}: it has {_listed(compiled.periods)}"
    )


def _key(period: CompiledPeriod) -> str:
    return period.key


def _label(period: CompiledPeriod) -> str:
    return period.label


def _fiscal_year(period: CompiledPeriod) -> str:
    return str(period.fiscal_year)


def _end(period: CompiledPeriod) -> str:
    return period.end.isoformat()


def _listed(periods: Sequence[CompiledPeriod]) -> str:
    named = (
        each.key if each.key == each.label.removeprefix("FY") else f"{each.key} ({each.label})"
        for each in periods
    )
    return ", ".join(named) or "no year"


_Rows = Sequence[tuple[int, CompiledRow]]


def _labelled(rows: _Rows, wanted: str) -> list[tuple[int, CompiledRow]]:
    """Return the rows with a label: as they have it, else as they had it."""
    if not wanted:
        return []
    present = [(n, row) for n, row in rows if (normal(row.label) or NO_LABEL) == wanted]
    return present or [
        (n, row) for n, row in rows if any(normal(each.label) == wanted for each in row.labels)
    ]


def _in_sections(rows: _Rows, wanted: str) -> list[tuple[int, CompiledRow]]:
    """Return the rows of `Section > Label`, each part of which may hold the sign itself."""
    parts = [each.strip() for each in wanted.split(">")]
    for first in range(1, len(parts)):
        label = " > ".join(parts[first:])
        above = [each for each in parts[:first] if each]
        within = [(n, row) for n, row in rows if above and _is_within(row, above)]
        hits = _labelled([(n, _spaced(row)) for n, row in within], label)
        hits = hits or [(n, row) for n, row in within if row.id == label]
        if hits:
            known = {n for n, _ in hits}
            return [(n, row) for n, row in within if n in known]
    return []


def _spaced(row: CompiledRow) -> CompiledRow:
    """Return a row whose labels have spaces around `>`, as a reference in parts has."""
    if not any(">" in each for each in _labels(row)):
        return row
    labels = [
        each.model_copy(update={"label": re.sub(r"\s*>\s*", " > ", each.label)})
        for each in row.labels
    ]
    label = re.sub(r"\s*>\s*", " > ", row.label)
    return row.model_copy(update={"label": label, "labels": labels})


def _is_within(row: CompiledRow, above: Sequence[str]) -> bool:
    """Whether the headings of a row hold these, in their order."""
    left = iter(normal(each) for each in row.section)
    return all(any(part == each for each in left) for part in above)


def _labels(row: CompiledRow) -> Iterator[str]:
    yield row.label
    yield from (each.label for each in row.labels)


def _no_line(
    compiled: Compiled, rows: Sequence[CompiledRow], reference: str, wanted: str, name: str
) -> NoSuchLineError:
    """Return that no line fits, with those below a heading of that name, or the nearest."""
    for heading in compiled.rows:
        if heading.kind == "heading" and wanted and normal(heading.label) == wanted:
            below = [row for row in rows if _is_within(row, [wanted])]
            message = f"{reference!r} is a heading of the {name}, without figures"
            return NoSuchLineError("heading", message, [Candidate.of(row) for row in below])
    choices = {
        (n, text): normal(text) for n, row in enumerate(rows) for text in (*_labels(row), row.id)
    }
    nearest = process.extract(
        wanted[:_LONGEST], choices, scorer=fuzz.WRatio, limit=None, score_cutoff=_SIMILAR
    )
    positions = dict.fromkeys(n for _, _, (n, _) in nearest)
    near = [Candidate.of(rows[n]) for n in [*positions][:_SUGGESTIONS]]
    hint = "the nearest are" if near else "fde statements lists them"
    return NoSuchLineError(
        "line_not_found", f"no line of the {name} is called {reference!r}: {hint}", near
    )
