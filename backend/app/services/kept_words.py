"""Files that are kept, in words."""

from collections import Counter
from typing import Final

from app.pipeline.plain import plain
from app.services.kept_filing import Kept

STATEMENTS: Final = 3


def describe(kept: Kept) -> str:
    """Return the year, form and statements of a file that is kept."""
    parts = [f"FY{kept.fiscal_year}", *([kept.form] if kept.form else [])]
    counts: Counter[str] = Counter(status for _, status in kept.statements)
    statuses = [
        f"{counts[status]} {word}"
        for status, word in (
            ("verified", "verified"),
            ("partly", "partly proved"),
            ("doubtful", "doubtful, accepted" if kept.accepted else "doubtful"),
        )
        if counts[status]
    ]
    if not statuses:
        return plain(" ".join(parts))
    noun = "statement" if len(kept.statements) == 1 else "statements"
    if len(statuses) == 1:
        number, _, word = statuses[0].partition(" ")
        statuses = [f"{number} {noun} {word}"]
    else:
        statuses[0] = f"{len(kept.statements)} {noun}: {statuses[0]}"
    of_many = [f"{kept.filings} filings"] if kept.filings > 1 else []
    missing = STATEMENTS - len({name for name, _ in kept.statements})
    lacking = [f"{missing} not found"] if missing > 0 else []
    return plain(", ".join([" ".join(parts), *of_many, *statuses, *lacking]))
