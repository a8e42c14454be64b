"""Choose the three statements of a filing among the candidates of its pages."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import product

from app.pipeline.read.pdf import pages, titles
from app.pipeline.read.pdf.drafts import Draft, key_of, read_draft
from app.pipeline.read.pdf.language import fold
from app.pipeline.read.pdf.pages import PageCandidate, PageText
from app.pipeline.read.pdf.segments import PageReader, Segment
from app.pipeline.statement import Row, StatementName

_MOST_DRAFTS = 4  # for each statement, in the choice of three
_BELOW_BEST = 9.0  # points of the text's score; a page further below is not read
_BELOW_CLEAR = 4.0  # the same once a page is read that is clearly the group's statement
_MANY_KINDS = 4  # of the five kinds of line items
_CLEAR_SHARE = 0.6  # of the figures that close
_NOTES = re.compile(
    r"notes (?:to|on|forming)|^notes$|anhang|annexes? aux|notes annexes|toelichting"
)
_OTHER_CONTEXT = re.compile(
    r"joint venture|associate|summari[sz]ed|quarter|pro[- ]?forma|"
    r"five[- ]year|ten[- ]year|selected financial|"
    r"guarantor|condensed|parent company (?:only|financial)|"
    r"financial highlights|key figures|mehrjahr|"
    r"schedule i(?![a-z])|unaudited|supplementary|appendix|constant currenc"
)
_MONEY = frozenset({"line", "total"})
_PROFIT = re.compile(
    r"profit|income|earnings|loss|result|ergebnis|uberschuss|gewinn|winst|benefice"
)
_CASH = re.compile(r"cash|zahlungsmittel|flussige mittel|finanzmittel|tresorerie|liquide|kas")
_LEAST = 9.0  # points of a draft that may be taken; the primary statements have 20 to 33
_SPREAD = 0.35  # points for each page between the statements, up to 30


@dataclass(frozen=True, slots=True)
class Choice:
    """The drafts taken, and why each page was taken or not."""

    drafts: dict[StatementName, Draft]
    candidates: list[PageCandidate]


def choose(texts: Sequence[PageText], reader: PageReader) -> Choice:
    """Return the three statements that fit a filing, its pages and each other best."""
    found = pages.candidate_pages(texts)
    drafts: dict[StatementName, list[Draft]] = {}
    refused: list[PageCandidate] = []
    for name, ranked in found.items():
        drafts[name] = []
        best = ranked[0][0] if ranked else 0.0
        for score, number, reasons in ranked:
            clear = any(_is_clear(draft) for draft in drafts[name])
            if score < best - (_BELOW_CLEAR if clear else _BELOW_BEST):
                refused.append(_refused(number, name, score, [*reasons, "far below the best page"]))
                continue
            here = _drafts_of(name, number, score, reader, texts[number - 1])
            if not here:
                why = [*reasons, "no table of this statement"]
                refused.append(_refused(number, name, score, why))
            drafts[name].extend(here)
        drafts[name].sort(key=lambda draft: (-draft.score, draft.pages))
    taken = _best_three(drafts)
    return Choice(taken, [*_explained(drafts, taken), *refused])


def _refused(page: int, name: StatementName, score: float, reasons: list[str]) -> PageCandidate:
    return PageCandidate(page, name, taken=False, score=round(score, 1), reasons=reasons)


def _is_clear(draft: Draft) -> bool:
    """Return whether a draft is clearly the group's: far worse pages need not be read then."""
    title = draft.title
    return (
        title is not None
        and title.primary
        and (title.section == draft.statement or draft.families >= _MANY_KINDS)
        and draft.scope == "consolidated"
        and draft.share >= _CLEAR_SHARE
    )


def _explained(
    drafts: Mapping[StatementName, Sequence[Draft]], taken: Mapping[StatementName, Draft]
) -> Iterable[PageCandidate]:
    for name, candidates in drafts.items():
        for draft in candidates:
            chosen = taken.get(name) is draft
            for page in draft.pages:
                yield PageCandidate(page, name, chosen, round(draft.score, 1), draft.reasons)


def _drafts_of(
    name: StatementName, number: int, text_score: float, reader: PageReader, text: PageText
) -> list[Draft]:
    drafts = []
    for segment in reader.segments(number):
        if not _may_hold(name, segment):
            continue
        draft = read_draft(name, segment, reader)
        if draft is not None:
            _score(draft, text_score, text)
            drafts.append(draft)
    return drafts


def _may_hold(name: StatementName, segment: Segment) -> bool:
    title = segment.title
    if title is None or title.section == name:
        return True
    return name == "income_statement" and title.section == "comprehensive"


def _score(draft: Draft, text_score: float, text: PageText) -> None:
    """Rate a draft by title, labels, closure and headings."""
    parts: list[tuple[float, str]] = [(text_score / 4, "text of the page")]
    title = draft.title
    if title is None:
        parts.append((0, "no title"))
    elif title.primary:
        parts.append((5, f"title {title.text!r}"))
    else:
        parts.append((-7, f"title {title.text!r} is of no primary statement"))
    if draft.scope == "consolidated":
        parts.append((2.5, "of the group"))
    elif draft.scope == "parent":
        parts.append((-4, "of the parent"))
    if title and title.continued:
        parts.append((-4, "continues an earlier page"))
    if title and title.section == "comprehensive":
        parts.append((-1.5, "titled comprehensive income"))
    parts.append((1.2 * draft.families, f"{draft.families} of 5 kinds of line items"))
    parts.append((8 * draft.share, f"{draft.share:.0%} of the figures close"))
    parts.append((min(draft.cells, 60) / 15, f"{draft.cells} figures"))
    years = [column.year for column in draft.columns]
    parts.append((2, "columns have years") if all(years) else (-2, "columns without years"))
    if len(years) > 3:  # noqa: PLR2004
        parts.append((-3.0 * (len(years) - 3), f"{len(years)} columns"))
    head = fold(" ".join([*text.text.splitlines()[:6], *text.text.splitlines()[-2:]]))
    if _OTHER_CONTEXT.search(head):
        parts.append((-4, "page headed as something else"))
    if _NOTES.search(head):
        parts.append((-3, "among the notes"))
    draft.score = sum(points for points, _ in parts)
    draft.reasons = [f"{points:+.1f} {reason}" for points, reason in parts if points]


def _best_three(drafts: Mapping[StatementName, Sequence[Draft]]) -> dict[StatementName, Draft]:
    """Return the combination that fits best: close to each other and tied by equal figures."""
    options: list[list[Draft | None]] = [
        list(_to_choose(drafts[name])) or [None] for name in titles.PRIMARY
    ]
    best: tuple[float, tuple[Draft | None, ...]] | None = None
    for three in product(*options):
        got = [draft for draft in three if draft is not None]
        if not got:
            return {}
        first = [draft.pages[0] for draft in got]
        total = sum(draft.score for draft in got)
        total -= _SPREAD * min(max(first) - min(first), 30)
        total += 3 * ties(got)
        scopes = {draft.scope for draft in got}
        if {"consolidated", "parent"} <= scopes:
            total -= 6
        if best is None or total > best[0]:
            best = total, three
    if best is None:
        return {}
    return {draft.statement: draft for draft in best[1] if draft is not None}


def _to_choose(drafts: Sequence[Draft]) -> Sequence[Draft]:
    """Return the best drafts; those of the parent only where none is titled as the group's."""
    found = [draft for draft in drafts if draft.score >= _LEAST]
    group = [draft for draft in found if draft.scope != "parent"]
    if any(draft.scope == "consolidated" and _is_primary(draft) for draft in group):
        found = group
    return found[:_MOST_DRAFTS]


def _is_primary(draft: Draft) -> bool:
    return draft.title is not None and draft.title.primary


def ties(drafts: Sequence[Draft]) -> int:
    """Return how many of net income and closing cash agree between statements."""
    by_name = {draft.statement: draft for draft in drafts}
    flows = by_name.get("cash_flow_statement")
    if flows is None:
        return 0
    found = 0
    for other, labels in (("income_statement", _PROFIT), ("balance_sheet", _CASH)):
        draft = by_name.get(other)  # type: ignore[call-overload]
        if draft is not None and shared_figures(draft, flows, labels):
            found += 1
    return found


def shared_figures(one: Draft, other: Draft, labels: re.Pattern[str]) -> int:
    """Return in how many of the first two columns a labelled figure of one stands in the other.

    Small figures agree by accident, so those of fewer than three digits do not count.
    """
    count = min(len(one.kept), len(other.kept), 2)
    return sum(
        bool(
            _figures(one.rows, key_of(index), labels) & _figures(other.rows, key_of(index), labels)
        )
        for index in range(count)
    )


def _figures(rows: Iterable[Row], key: str, labels: re.Pattern[str]) -> set[Decimal]:
    return {
        abs(cell.v)
        for row in rows
        if row.kind in _MONEY and labels.search(fold(" ".join([*row.section, row.label])))
        for cell in [row.cells.get(key)]
        if cell is not None and cell.v is not None and len(cell.v.as_tuple().digits) >= 3  # noqa: PLR2004
    }
