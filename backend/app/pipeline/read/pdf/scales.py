"""Currency and scale of the statements of a filing."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal

from app.pipeline.read.pdf import stated, units
from app.pipeline.read.pdf.choice import shared_figures
from app.pipeline.read.pdf.document import Document
from app.pipeline.read.pdf.drafts import Draft, issue
from app.pipeline.read.pdf.headings import Column
from app.pipeline.read.pdf.language import fold
from app.pipeline.statement import Issue, StatementName

_TIED = re.compile(
    r"profit|income|earnings|loss|result|ergebnis|uberschuss|gewinn|winst|"
    r"benefice|cash|"
                   r"zahlungsmittel|flussige mittel|finanzmittel|tresorerie|liquide")  # fmt: skip
_EARNED = re.compile(r"profit|income|earnings|loss")
_IN_FULL = Decimal(5_000_000)  # shares
_PLACE = Decimal("0.006")  # more than half of the last place of a figure per share
_SIGNS = re.compile(r"(?:US|A|AU|C|CA|HK|NZ|S|NT|R)?\$|[\u20ac\u00a3\u00a5\u20b9\u20a9]|\bRs\.?")


def find_currencies(
    drafts: Mapping[StatementName, Draft],
    document: Document,
    issues: Mapping[StatementName, list[Issue]],
) -> dict[StatementName, str | None]:
    """Return the currency of each statement: as printed, else of the document or of the others."""
    found: dict[StatementName, str | None] = {}
    for name, draft in drafts.items():
        code, sign = _printed_currency(draft)
        if code is None and sign is None:
            code = document.units.currency
            if code is None and stated.is_annual_form(document.texts):
                code = "USD"  # Regulation S-X, rule 3-20
        if code is None and sign is not None:
            code, how = stated.resolve_sign(sign, document.texts)
            if how == "country":
                issues[name].append(
                    issue(
                        "currency_from_country",
                        f"{sign} is taken for {code}: where the company reports",
                        draft.pages[0],
                    )
                )
        found[name] = code
    known = {code for code in found.values() if code}
    for name, code in found.items():
        if code is None and len(known) == 1:
            found[name] = next(iter(known))
            issues[name].append(
                issue(
                    "currency_from_other_statement",
                    f"no currency is printed; the other statements are in {found[name]}",
                )
            )
    return found


def _printed_currency(draft: Draft) -> tuple[str | None, str | None]:
    """Return the code, or the ambiguous sign, of a statement's headings, else of its figures."""
    printed = {column.units.currency for column in draft.columns}
    codes = printed - {None}
    # A heading of some columns only is none of the others, where the title says otherwise.
    if len(codes) > 1 or (len(printed) > 1 and draft.header.units.currency not in {None, *codes}):
        return None, None
    if codes:
        return codes.pop(), None
    if draft.header.units.currency:
        return draft.header.units.currency, None
    signs = {column.units.sign for column in draft.columns} - {None}
    if draft.header.units.sign:
        signs.add(draft.header.units.sign)
    if len(signs) == 1:
        return None, signs.pop()
    counts: Counter[str] = Counter()
    for row in draft.table.rows:
        if row.cells:
            for line in row.lines:
                counts.update(_SIGNS.findall(" ".join(word.text for word in line.words)))
    if counts:
        return units.find_currency(fold(counts.most_common(1)[0][0]))
    return None, None


def find_scales(
    drafts: Mapping[StatementName, Draft],
    document: Document,
    issues: Mapping[StatementName, list[Issue]],
) -> dict[StatementName, int | None]:
    """Return the scale of each statement: as printed, else by the others, else by the document."""
    found: dict[StatementName, int | None] = {}
    for name, draft in drafts.items():
        found[name] = _printed_scale(draft, issues[name])
    income = drafts.get("income_statement")
    unsaid = not any(each is not None for each in (*found.values(), document.units.scale))
    if income is not None and unsaid and _multiplies(income):
        found[income.statement] = 0
        message = "no scale is stated; earnings per share times shares, in full, are the profit"
        issues[income.statement].append(issue("scale_from_shares", message, income.pages[0]))
    _compare_scales(drafts, found, issues)
    for name, draft in drafts.items():
        if found[name] is None and not _has(issues[name], "scales_differ"):
            found[name] = document.units.scale
            if _says_whole(draft):
                if document.units.scale:
                    found[name] = None
                    message = "the page states a currency as its unit, the document a scale"
                    issues[name].append(issue("scales_differ", message, draft.pages[0]))
                else:
                    found[name] = 0
            elif found[name] is not None:
                issues[name].append(
                    issue(
                        "scale_from_document",
                        f"the page states no scale; the document says 10^{found[name]}",
                    )
                )
    return found


def _multiplies(draft: Draft) -> bool:
    """Return whether profits are per-share figures times numbers of shares, all in single units.

    So many shares as a full number of seven digits says are no thousands or millions.
    """
    for key in {key for row in draft.rows for key in row.cells}:
        profits = _values(draft, key, frozenset({"line", "total"}), _EARNED)
        shares = [each for each in _values(draft, key, frozenset({"shares"})) if each >= _IN_FULL]
        rates = _values(draft, key, frozenset({"per_share"}))
        if not any(
            abs(profit - rate * number) <= _PLACE * number
            for profit in profits
            for rate in rates
            if rate
            for number in shares
        ):
            return False
    return True


def _values(
    draft: Draft, key: str, kinds: frozenset[str], label: re.Pattern[str] | None = None
) -> list[Decimal]:
    """Return the amounts of a period in rows of some kinds, without their signs."""
    return [
        abs(row.cells[key].v or Decimal(0))
        for row in draft.rows
        if row.kind in kinds and key in row.cells and (not label or label.search(fold(row.label)))
    ]


def _has(issues: Sequence[Issue], code: str) -> bool:
    return any(each.code == code for each in issues)


def _printed_scale(draft: Draft, issues: list[Issue]) -> int | None:
    printed = {_scale_of(column) for column in draft.columns}
    scales = printed - {None}
    if scales == {0}:
        scales = set()  # a currency alone may stand beside a scale in the title
    other = len(printed) > 1 and draft.header.units.scale not in {None, *scales}
    if len(scales) > 1 or (scales and other):
        issues.append(issue("scales_differ", "the columns have different scales", draft.pages[0]))
        return None
    if scales:
        return scales.pop()
    if draft.header.units.scale is not None:
        return draft.header.units.scale
    return None


def _scale_of(column: Column) -> int | None:
    """Return the scale that a heading states; 0 where it is a currency alone."""
    if column.units.scale is None and (column.lone_currency or column.units.whole):
        return 0
    return column.units.scale


def _says_whole(draft: Draft) -> bool:
    """Return whether the headings name a currency alone as the unit of the figures."""
    if draft.header.units.whole:
        return True
    return bool(draft.columns) and all(
        column.lone_currency or column.units.whole for column in draft.columns
    )


def _compare_scales(
    drafts: Mapping[StatementName, Draft],
    scales: dict[StatementName, int | None],
    issues: Mapping[StatementName, list[Issue]],
) -> None:
    """Take a scale that no page states from a statement with the same figures.

    Two that state the same figures in different scales leave both unknown.
    """
    flows = drafts.get("cash_flow_statement")
    if flows is None:
        return
    names = [name for name, draft in drafts.items()
             if draft is not flows and shared_figures(draft, flows, _TIED)]  # fmt: skip
    stated = {scales[name] for name in (*names, "cash_flow_statement")} - {None}
    for name in (*names, "cash_flow_statement"):
        if len(stated) > 1:
            message = "statements with the same figures state different scales"
            issues[name].append(issue("scales_differ", message))
            scales[name] = None
        elif scales[name] is None and stated and not _has(issues[name], "scales_differ"):
            scales[name] = next(iter(stated))
            message = (
                "the page states no scale; a statement with the same figures says "
                f"10^{scales[name]}"
            )
            issues[name].append(issue("scale_from_other_statement", message))
