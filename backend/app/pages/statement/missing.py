"""Why a statement of a company is not there, and what helps, in words for people."""

from dataclasses import dataclass
from typing import Final

from app.pages.statement.words import Words, outside, say
from app.pipeline.export.wording import NAMES
from app.pipeline.statement import StatementName
from app.services.errors import ServiceError

_WORDS: Final[dict[str, tuple[str, str, str]]] = {
    "no_documents": (
        "No documents yet",
        "Add annual reports, and their statements stand here side by side.",
        "Add documents",
    ),
    "not_found_in_documents": (
        "Not found",
        "It was found in none of the documents. Each PDF says why its pages were not taken.",
        "Documents",
    ),
    "all_doubtful": (
        "Doubtful wherever it was read",
        (
            "Figures that contradict each other are not shown, unless a person accepts them: add "
            "the document again and accept what is doubtful, or correct the figures."
        ),
        "Documents",
    ),
    "not_compiled": ("Not compiled yet", "Its documents are read, and not compiled.", "Documents"),
    "stale": (
        "Older than its documents",
        (
            "Documents were added, removed or corrected since it was compiled. The older figures "
            "are not shown."
        ),
        "Documents",
    ),
    "other_form": (
        "Compiled by another release",
        "It is stored in another form, and has to be compiled again.",
        "Documents",
    ),
}
_COMPILED: Final = frozenset({"not_compiled", "stale", "other_form"})
"""Codes where compiling helps."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A statement that is not there.

    Attributes:
        step: The text of the link to the documents.
        can_compile: Whether compiling helps.
    """

    title: str
    words: Words
    step: str
    can_compile: bool


def missing_of(error: ServiceError, name: StatementName) -> Missing:
    """Return why a statement is not there."""
    title, words, step = _WORDS.get(error.code, ("Not available", "", "Documents"))
    said = say(words) if words else say(outside(f"{str(error)[:1].upper()}{str(error)[1:]}."))
    return Missing(
        f"{NAMES[name]}: {title[:1].lower()}{title[1:]}", said, step, error.code in _COMPILED
    )
