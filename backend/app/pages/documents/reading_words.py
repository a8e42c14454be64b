"""What was read of a statement, in the words of the pages: status, checks, pages and units."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from app.pipeline.wording import framework_name, unit_name
from app.services.document_readings import KeptReading

NAMES: Final = {
    "income_statement": "Income statement",
    "balance_sheet": "Balance sheet",
    "cash_flow_statement": "Cash flow statement",
}
STATUSES: Final = {
    "verified": "verified",
    "partly": "partly proved",
    "doubtful": "doubtful",
    "unknown": "status not known",
    "missing": "not found",
}
"""Words by status; `unknown` of a release that recorded none, `missing` of no reading."""
MEANINGS: Final = {
    "verified": "Every figure that can be checked is proved by a sum, and nothing contradicts it.",
    "partly": "Not all of it is proved: what is missing stands below.",
    "doubtful": "Fewer than 60 % of the figures are proved, or a check fails.",
    "unknown": "An earlier release read it, and recorded no proof.",
}
_CHECKS: Final[dict[str, dict[str, str]]] = {
    "balance": {
        "pass": "Total assets equal total equity and liabilities.",
        "fail": "Total assets do not equal total equity and liabilities.",
        "unknown": "The totals of the two sides were not found.",
    },
    "cash": {
        "pass": "Opening cash and the flows add up to closing cash.",
        "fail": "Opening cash and the flows do not add up to closing cash.",
        "unknown": "Opening and closing cash were not found, or no sum connects them.",
    },
    "closing_cash": {
        "pass": "Closing cash is that of the balance sheet.",
        "fail": "Closing cash is not that of the balance sheet.",
        "unknown": "Closing cash was not found in the balance sheet.",
    },
    "net_income": {
        "pass": "The cash flow statement begins with a result of the income statement.",
        "fail": "The cash flow statement begins with another result than the income statement has.",
        "unknown": "The result that the cash flow statement begins with was not found.",
    },
    "scale": {
        "pass": "The scale is confirmed.",
        "fail": "The scale contradicts another statement\N{RIGHT SINGLE QUOTATION MARK}s.",
        "unknown": "Nothing confirms the scale.",
    },
    "lines": {
        "pass": "Every printed line with figures is a row, or was left out for a known reason.",
        "fail": "A printed line with figures is not read.",
        "unknown": "Whether every printed line was read cannot be told.",
    },
    "identity": {
        "pass": "Title, currency, scale and periods are known, and the statement is the "
        "group\N{RIGHT SINGLE QUOTATION MARK}s.",
        "fail": "Title, currency, scale or periods are missing, or it is not the statement of the "
        "group.",
        "unknown": "Title, currency, scale or periods are not all known, or whose statement it is.",
    },
}
"""By check and result; `not_applicable` has nothing to say."""


def status_of(reading: KeptReading) -> str:
    """Return the key of the status of a reading."""
    return reading.status if reading.status in STATUSES else "unknown"


def badge_of(status: str) -> str:
    """Return the class of the badge of a status; empty of one that tells nothing of the proof."""
    return status if status in {"verified", "partly", "doubtful"} else ""


def status_words(reading: KeptReading) -> str:
    """Return the status of a reading, and whether a person accepted it."""
    words = STATUSES[status_of(reading)]
    return f"{words}, accepted" if reading.is_accepted else words


def proof_of(reading: KeptReading) -> tuple[int, int] | None:
    """Return how many of the checkable figures are proved; None where that is not known."""
    checks = reading.head.get("checks")
    if not isinstance(checks, Mapping):
        return None
    verified, checkable = checks.get("verified"), checks.get("checkable")
    if not isinstance(verified, int) or not isinstance(checkable, int):
        return None
    return verified, checkable


def share_words(proof: tuple[int, int] | None) -> str:
    """Return the proved share in whole percent, rounded down: 100 % only if all are proved."""
    if proof is None or not proof[1]:
        return ""
    return f"{100 * proof[0] // proof[1]} %"


def proof_words(reading: KeptReading) -> str:
    """Return how far the figures of a reading are proved, such as "38 of 40 figures proved"."""
    proof = proof_of(reading)
    if proof is None:
        return ""
    proved, checkable = proof
    if not checkable:
        return "no figure that a sum can prove"
    return f"{proved:,} of {checkable:,} figures proved by sums"


def check_words(checks: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """Return result and sentence of each check that applies."""
    found = []
    for name, sentences in _CHECKS.items():
        result = str((checks or {}).get(name))
        if result in sentences:
            found.append((result, sentences[result]))
    return found


def pages_words(pages: Sequence[int]) -> str:
    """Return pages such as "pp. 31-32, 40" with en dashes; nothing of none."""
    if not pages:
        return ""
    return f"{'p.' if len(set(pages)) == 1 else 'pp.'} {ranges(pages)}"


def ranges(numbers: Iterable[int]) -> str:
    """Return whole numbers in ascending order, such as "2015-2019, 2021" with en dashes."""
    parts: list[list[int]] = []
    for each in sorted(set(numbers)):
        if parts and each == parts[-1][-1] + 1:
            parts[-1] = [parts[-1][0], each]
        else:
            parts.append([each])
    return ", ".join("\N{EN DASH}".join(map(str, part)) for part in parts)


def unit_words(head: Mapping[str, Any]) -> str:
    """Return currency and scale, such as "USD million"."""
    scale = head.get("scale")
    currency = head.get("currency")
    return unit_name(
        currency if isinstance(currency, str) else None, scale if isinstance(scale, int) else None
    )


def framework_words(head: Mapping[str, Any]) -> str:
    """Return the accounting framework of a reading."""
    framework = head.get("framework")
    return framework_name(framework) if isinstance(framework, str) else "framework not known"
