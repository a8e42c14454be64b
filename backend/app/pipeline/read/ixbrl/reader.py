"""Join document, regions, columns and rows into the statements of a filing."""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final, Literal

from app.pipeline.read import versions
from app.pipeline.read.concepts import framework_of
from app.pipeline.read.forms import form_of
from app.pipeline.read.ixbrl.columns import Columns, find_columns, is_money, is_parent
from app.pipeline.read.ixbrl.divisions import read_blocks
from app.pipeline.read.ixbrl.document import Document, Tag, parse_document
from app.pipeline.read.ixbrl.periods import make_period
from app.pipeline.read.ixbrl.regions import STATEMENTS, Pages, Region, find_regions
from app.pipeline.read.ixbrl.rows import Built, build_rows
from app.pipeline.read.ixbrl.titles import scope_of
from app.pipeline.statement import Cell, Filing, Issue, Source, Statement

_BILLIONS: Final = r"\bbillions?\b|\bmilliards?\b|\bmrd\b|\bbn\b"
_MILLIONS: Final = (
    r"\bmill?i?on\w*|\bmio\b|\bmln\b|\bmiljo\w+|\bmilhões\b|[€£$]\s?m\b|\bm[€£$]|"
    r"[x\u00d7*] ?[€£$]? ?1[.,\u2019' ]000[.,\u2019' ]000"
)
_THOUSANDS: Final = (
    r"\bthousands?\b|['\u2019]\s?000s?\b|\b000s\b|\btausend\b|\btsd\b|\bteur\b|\bmilliers\b|"
    r"\bduizend\w*|\bk€|€k\b|£k\b|\bmiles\b|\bmigliaia\b|\btusen\b|\btkr\b|\bksek\b|"
    r"[x\u00d7*] ?[€£$]? ?1[.,\u2019' ]000(?![.,\u2019' ]000)"
)
_SCALES: Final = (
    (9, re.compile(_BILLIONS, re.IGNORECASE)),
    (6, re.compile(_MILLIONS, re.IGNORECASE)),
    (3, re.compile(_THOUSANDS, re.IGNORECASE)),
)
_SYMBOLS: Final = {"£": "GBP", "€": "EUR", "¥": "JPY", "₹": "INR"}
_ENGLISH: Final = re.compile(r"\b(?:statement|balance sheet|account)s?\b", re.IGNORECASE)
_STANDARDS: Final = (("micro", "frs-105"), ("frs-?105", "frs-105"), ("frs-?101", "frs-101"))


def read_ixbrl(data: bytes, *, others: Mapping[str, bytes] | None = None) -> Filing:
    """Return the primary statements of an Inline XBRL document.

    Args:
        data: The XHTML.
        others: Other files of the same report by name; those with tags belong to its set.

    Raises:
        ReadError: It is no iXBRL, or cannot be parsed.
    """
    document = parse_document(data, others)
    pages = Pages(document, read_blocks(document))
    regions = find_regions(pages)
    digest = hashlib.sha256(data).hexdigest()
    filing = Filing(kind="ixbrl", company=document.company, issues=document.issues)
    for name in STATEMENTS:
        if name in regions:
            filing.statements.append(_statement(regions[name], document, digest))
        else:
            filing.issues.append(
                Issue(
                    code="statement_not_found",
                    message=f"No {name.replace('_', ' ')} is printed in the document",
                )
            )
    return filing


def _statement(region: Region, document: Document, digest: str) -> Statement:
    columns = find_columns(region.lines, region.statement, document)
    built = build_rows(region.lines, columns, _decimal_point(document), region.statement)
    tags = list(built.facts.values())
    head = " ".join(line.text for line in region.lines[: columns.header])
    statement = Statement(
        statement=region.statement,
        framework=_framework(tags or document.tags, document),
        scope=_scope(region, columns),
        language=document.language or ("en" if _ENGLISH.search(region.title or "") else None),
        title=region.title,
        currency=_currency(tags, head, document),
        scale=None,
        source=Source(
            kind="ixbrl",
            sha256=digest,
            reader=versions.IXBRL,
            form=form_of(
                document.strings.get("dei:DocumentType"), document.strings.get("dei:AmendmentFlag")
            ),
        ),
        periods=[
            make_period(f"p{at}", each.period, each.printed, document)
            for at, each in enumerate(columns.columns)
        ],
        rows=built.rows,
        skipped=built.skipped,
        issues=columns.issues + built.issues,
    )
    _set_scales(statement, built, head)
    _check_facts(statement, built, document)
    return statement


def _decimal_point(document: Document) -> Literal[".", ","]:
    """Return the decimal separator of the document by the formats of its tags."""
    commas = sum(
        "commadecimal" in (tag.element.get("format") or "").replace("-", "").lower()
        or (tag.element.get("format") or "").lower().endswith("comma")
        for tag in document.tags
    )
    return "," if commas * 2 > len(document.tags) else "."


def _framework(tags: Sequence[Tag], document: Document) -> str | None:
    framework = framework_of(tag.concept for tag in tags)
    if framework == "frs-102":
        for pattern, name in _STANDARDS:
            if re.search(pattern, document.standards, re.IGNORECASE):
                return name
    return framework


def _scope(region: Region, columns: Columns) -> Literal["consolidated", "parent"] | None:
    if any(is_parent(each.axes) for each in columns.columns):
        return "parent"
    members = " ".join(member for each in columns.columns for _, member in each.axes)
    return scope_of(region.title or "") or ("consolidated" if "onsolidated" in members else None)


def _currency(tags: Sequence[Tag], head: str, document: Document) -> str | None:
    for source in (tags, () if any(each in head for each in _SYMBOLS) else document.tags):
        units = Counter(tag.unit for tag in source if is_money(tag.unit))
        if units:
            return units.most_common(1)[0][0]
    return next((code for symbol, code in _SYMBOLS.items() if symbol in head), None)


def _set_scales(statement: Statement, built: Built, head: str) -> None:
    """Set the scale of the statement by its tags, else by its heading, and that of other rows."""
    money = Counter(tag.scale for tag in built.facts.values() if is_money(tag.unit) and tag.value)
    tagged = money.most_common(1)[0][0] if money else None
    named = [(found.start(), power) for power, each in _SCALES if (found := each.search(head))]
    printed = min(named)[1] if named else None
    if tagged is not None and tagged >= 0:
        statement.scale = tagged
        if printed is not None and printed != tagged:
            message = f"The tags say 10^{tagged}, the heading 10^{printed}"
            statement.issues.append(Issue(code="scale_differs_from_heading", message=message))
    elif tagged is None:
        units = re.search(r"[£€$]|\b(?:EUR|GBP|USD)\b", head)
        statement.scale = 0 if printed is None and units else printed
    if statement.scale is None:
        message = "Neither a tag nor the heading says a scale that can be"
        statement.issues.append(Issue(code="scale_unknown", message=message))
    for row in statement.rows:
        facts = [tag for (n, _), tag in built.facts.items() if n == row.n]
        scales = Counter(tag.scale for tag in facts if tag.value)
        scale = scales.most_common(1)[0][0] if scales else None
        if scale is None and row.kind == "per_share":
            scale = 0
        own = row.kind in {"per_share", "shares"}
        differs = statement.scale is not None and scale != statement.scale
        row.scale = scale if own or differs else None
        if row.unit == statement.currency:
            row.unit = None


def _check_facts(statement: Statement, built: Built, document: Document) -> None:
    """Name each cell whose printed figure is not its fact, and facts that contradict another."""
    values: dict[tuple[object, ...], list[Tag]] = defaultdict(list)
    for tag in document.tags:
        if tag.value is not None:
            values[tag.concept, tag.context, tag.unit].append(tag)
    for (number, key), tag in built.facts.items():
        row = statement.rows[number]
        cell = row.cells[key]
        scale = statement.scale if row.scale is None else row.scale
        if not _agrees(cell, scale):
            statement.issues.append(
                _differs("printed_differs_from_fact", row.label, "its fact", number, key)
            )
        twins = values[tag.concept, tag.context, tag.unit]
        if any(not _consistent(tag, other) for other in twins):
            statement.issues.append(
                _differs("inconsistent_facts", row.label, "another tag of it", number, key)
            )


def _agrees(cell: Cell, scale: int | None) -> bool:
    """Return whether a printed figure is its fact but for the sign, or one is not known."""
    if cell.v is None or cell.tagged is None or scale is None:
        return True
    return abs(cell.v).scaleb(scale) == abs(cell.tagged)


def _differs(code: str, label: str, other: str, row: int, period: str) -> Issue:
    message = f"The figure of {label[:60]!r} differs from {other}"
    return Issue(code=code, message=message, row=row, period=period)


def _consistent(tag: Tag, other: Tag) -> bool:
    """Return whether two values of one fact are equal to the accuracy of the coarser one."""
    if tag.value is None or other.value is None or tag.value == other.value:
        return True
    known = [each.decimals for each in (tag, other) if each.decimals is not None]
    if not known:
        return False
    return abs(tag.value - other.value) <= Decimal(1).scaleb(-min(known))
