"""The marks of figures on a page, and what each means."""

from dataclasses import dataclass
from typing import Final, Literal

from app.pages.statement.options import Options
from app.pipeline.compiled import CompiledCell
from app.pipeline.show import marks as shared

Name = Literal[
    "corrected",
    "later",
    "unadjusted",
    "restated",
    "split",
    "sign",
    "reclassified",
    "rounded",
    "deducted",
    "doubtful",
    "unconfirmed",
    "unproved",
]


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark.

    Attributes:
        sign: Stands behind a figure.
        words: A word or two, for a screen reader.
        id: Of the element that explains it; a page may have thousands of it.
    """

    sign: str
    words: str
    id: str


MARKS: Final[dict[Name, Mark]] = {
    "corrected": Mark("c", "corrected", "kc"),
    "later": Mark("l", "first stated later", "kl"),
    "unadjusted": Mark("u", "not adjusted for a split", "ku"),
    "restated": Mark("r", "restated", "kr"),
    "split": Mark("s", "split", "ks"),
    "sign": Mark("±", "other sign", "kg"),
    "reclassified": Mark("m", "moved", "km"),
    "rounded": Mark("≈", "rounded", "ka"),
    "deducted": Mark("n", "of a negative amount", "kn"),
    "doubtful": Mark("†", "doubtful", "kd"),
    "unconfirmed": Mark("‡", "not confirmed", "kf"),
    "unproved": Mark("*", "not proved", "kp"),
}
"""In the order in which they stand behind a figure."""
OF_TERMINAL: Final[dict[str, Name]] = {
    shared.CORRECTED: "corrected",
    shared.LATER: "later",
    shared.UNADJUSTED: "unadjusted",
    shared.UNPROVED: "unproved",
    **{sign: change for change, sign in shared.CHANGES.items() if change in MARKS},
}
"""The marks that a terminal shows, too."""
UNREADABLE: Final = "unreadable"
WITHOUT_DETAILS: Final[frozenset[Name]] = frozenset(
    {"unproved", "unconfirmed", "doubtful", "deducted"}
)
"""Those that say the same of each figure: the legend says it."""


def marks_of(
    shared_marks: str, cell: CompiledCell, *, is_rounded: bool, is_doubtful: bool
) -> list[Name]:
    """Return the marks of a figure.

    Args:
        shared_marks: Those that a terminal shows.
        cell: The figure.
        is_rounded: Whether it is shown with fewer digits than its filing states.
        is_doubtful: Whether its filing contradicts itself, and a person accepted it.
    """
    found = {OF_TERMINAL[each] for each in shared_marks}
    if is_rounded or cell.change == "rounding":
        found.add("rounded")
    if cell.turned:
        found.add("sign")
    if cell.unconfirmed:
        found.add("unconfirmed")
    if is_doubtful:
        found.add("doubtful")
    return [each for each in MARKS if each in found]


def meanings(options: Options, splits: str) -> dict[Name, str]:
    """Return what each mark means.

    Args:
        options: How the statement is shown.
        splits: The splits that its figures tell of.
    """
    is_first = options.view == "original"
    later = " in a later report" if is_first else ": first reported otherwise"
    return {
        "corrected": "corrected by a person",
        "later": "first stated in a later report",
        "unadjusted": "not adjusted for the split of shares: no later report states it",
        "restated": f"restated{later}",
        "split": "before a split: a later report states it adjusted" if is_first else splits,
        "sign": (
            "with the other sign in a later report"
            if is_first
            else "reported with the other sign: shown is that of the newest report"
        ),
        "reclassified": f"moved between lines of one sum{later}",
        "rounded": "rounded: reports state it with more or with fewer digits",
        "deducted": "growth of a negative amount: from (100) to (110), it is 10.0%",
        "doubtful": "of a filing that contradicts itself, which a person accepted",
        "unconfirmed": "the document does not show this figure in its place",
        "unproved": "in no sum that holds",
    }
