"""What a reader has to know of a statement beside its figures: gaps, breaks, issues."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final, Literal

from app.pages import addresses
from app.pages.statement.options import Options
from app.pages.statement.switches import groups_of, identity_of, name_of_group
from app.pages.statement.words import Part, Words, filing_of, outside, say
from app.pipeline.compiled import Compiled
from app.pipeline.plain import plain
from app.pipeline.show.headings import range_of

Kind = Literal["warning", "note"]
MARKED: Final = frozenset({"not_proved", "unreadable_figure"})
"""Codes of the issues that a mark beside the figure shows."""
_REASONS: Final[dict[str, str]] = {}


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to know.

    Attributes:
        words: A sentence.
        items: Under it, one by one.
        link: Text and address of what helps.
    """

    kind: Kind
    words: Words
    items: Sequence[Words] = ()
    link: tuple[str, str] | None = None


def notices_of(
    company_id: int, shown: Compiled, drawn: Compiled, stored: Compiled, options: Options
) -> Iterator[Notice]:
    """Yield what there is to know, the gravest first.

    Args:
        company_id: Whose statement it is.
        shown: The years that are asked for, with lines that newer filings have replaced.
        drawn: The same without those.
        stored: All years and groups.
        options: How it is shown.
    """
    yield from _doubtful(company_id, shown)
    yield from _issues(shown)
    own = next(
        (each for each in (stored, *stored.others) if identity_of(each) == identity_of(shown)),
        stored,
    )
    yield from _years(shown, own)
    if older := own.periods[len(shown.periods) :]:
        href = addresses.statement(company_id, shown.statement, options.but(years=None).query)
        yield Notice(
            "note", say(f"Older years are not shown: {range_of(older)}."), (), ("All years", href)
        )
    yield from _replaced(company_id, shown, drawn, options)
    for each in (stored, *stored.others):
        if each is not own and not any(each is group for group in groups_of(stored)):
            yield Notice("note", say(f"Also compiled: {name_of_group(each)}. It is in the JSON."))
    if shown.unplaced:
        yield _unplaced(shown)


def _doubtful(company_id: int, shown: Compiled) -> Iterator[Notice]:
    doubtful = [each for each in shown.inputs if each.status == "doubtful"]
    files = dict.fromkeys(each.file or each.sha256[:12] for each in doubtful)
    for file in files:
        yield Notice(
            "warning",
            say("Accepted by a person, though doubtful: ", outside(file), "."),
            (),
            ("Documents", addresses.documents(company_id)),
        )


def _issues(shown: Compiled) -> Iterator[Notice]:
    for each in shown.issues:
        if each.code not in MARKED:
            yield Notice("warning", _sentence(each.message))


def _sentence(message: str) -> Words:
    """Return a message, which may quote labels, as a sentence."""
    text = plain(message)
    first = text.partition(" ")[0]
    return say(outside(text[:1].upper() + text[1:] if first.islower() else text))


def _years(shown: Compiled, own: Compiled) -> Iterator[Notice]:
    """Yield which years are missing, not comparable, or not whole."""
    gaps = sorted(shown.gaps, key=lambda each: (each.reason, -each.fiscal_year))
    for reason, group in groupby(gaps, key=lambda gap: gap.reason):
        years = ", ".join(f"FY{gap.fiscal_year}" for gap in group)
        yield Notice("note", say(f"{years} missing: ", outside(reason), "."))
    labels = {each.key: each.label for each in own.periods}
    for each in shown.breaks:
        older, newer = (labels.get(key, key) for key in each.between)
        yield Notice(
            "note",
            say(
                f"{plain(older)} and {plain(newer)} are not comparable: ", outside(each.reason), "."
            ),
        )
    if apart := [plain(each.label) for each in shown.periods if not each.regular]:
        yield Notice(
            "note",
            say(f"{', '.join(apart)}: not a whole year to the usual day, and not counted as one."),
        )


def _replaced(
    company_id: int, shown: Compiled, drawn: Compiled, options: Options
) -> Iterator[Notice]:
    number = sum(bool(row.replaced) for row in shown.rows)
    if not number:
        return
    lines = f"{number} lines are" if number > 1 else "1 line is"
    kept = {row.id for row in drawn.rows}
    hidden = [row for row in shown.rows if row.replaced and row.id not in kept]
    yield Notice(
        "note",
        say(f"{lines} broken down otherwise by newer reports."),
        [say(outside(row.label)) for row in hidden],
        (
            "As first reported",
            addresses.statement(company_id, shown.statement, options.but(view="original").query),
        ),
    )


def _unplaced(shown: Compiled) -> Notice:
    number = len(shown.unplaced)
    lines = f"{number} lines of reports have" if number > 1 else "1 line of a report has"
    items = [
        say(
            outside(each.label),
            " in ",
            *filing_of(shown.inputs[each.input]),
            ": ",
            _reason(each.reason),
        )
        for each in shown.unplaced
    ]
    return Notice("note", say(f"{lines} no place among these."), items)


def _reason(name: str) -> Part:
    return Part(_REASONS.get(name, plain(name).replace("_", " ")))


def sorted_by_kind(notices: Iterable[Notice]) -> list[Notice]:
    """Return notices, warnings first."""
    return sorted(notices, key=lambda each: each.kind != "warning")
