"""What became of each file of an upload, in words."""

from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Final

from app.pipeline.plain import plain
from app.services.errors import NotFoundError, ServiceError
from app.services.kept_words import describe
from app.services.uploading import Uploaded
from app.storage import StorageError
from app.web.problems import ProblemError

OVERRIDE: Final = (
    "if it is the same company, tick \N{LEFT DOUBLE QUOTATION MARK}the same company"
    "\N{RIGHT DOUBLE QUOTATION MARK} under Exceptions, and send it again"
)
"""The next step after a file of another company."""
_WORDS: Final = {
    "added": "Added",
    "read_again": "Read again",
    "already_there": "Unchanged",
    "refused": "Not added",
}
_BADGES: Final = {"added": "verified", "read_again": "verified", "refused": "failed"}
_STORAGE: Final = "the storage of files cannot be used at the moment: send it again later"


@dataclass(frozen=True, slots=True)
class FileResult:
    """What became of one file.

    Attributes:
        file: Its name.
        outcome: `added`, `read_again`, `already_there` or `refused`.
        word: The same for people.
        detail: What was read in it, or why it is not kept and what to do.
        status: Of the HTTP answer to this file alone.
        document: Its id, if it is kept.
        notes: What a person should know although it is kept.
    """

    file: str
    outcome: str
    word: str
    detail: str
    status: int
    document: int | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def badge(self) -> str:
        """Return the class of its badge."""
        return _BADGES.get(self.outcome, "")


async def result_of(file: str, keeping: Awaitable[Uploaded]) -> FileResult:
    """Return what becomes of a file.

    Args:
        file: Its name.
        keeping: Keeps it.

    Raises:
        NotFoundError: Its company is gone.
    """
    try:
        return kept(file, await keeping)
    except NotFoundError as error:
        if error.code == "no_such_company":
            raise
        return refused(file, str(error), 409)
    except ProblemError as error:
        return refused(file, str(error), error.status)
    except ServiceError as error:
        return refused(file, str(error), 503)
    except StorageError:
        return refused(file, _STORAGE, 503)


def kept(file: str, uploaded: Uploaded) -> FileResult:
    """Return the result of a file that is kept."""
    outcome = uploaded.kept.outcome
    notes = [sentence(plain(each)) for each in uploaded.kept.notes]
    notes += [
        f"The {statement.replace('_', ' ')} is not compiled: {sentence(plain(why))}"
        for statement, why in uploaded.compiled.left_out
    ]
    detail = f"{describe(uploaded.kept)}."
    if outcome == "already_there":
        detail = f"The same file is there already: {detail}"
    status = 201 if outcome == "added" else 200
    word = _WORDS[outcome]
    return FileResult(file, outcome, word, detail, status, uploaded.document.id, notes)


def refused(file: str, why: str, status: int) -> FileResult:
    """Return the result of a file that is not kept."""
    return FileResult(file, "refused", _WORDS["refused"], sentence(plain(why)), status)


def sentence(text: str) -> str:
    """Return text with a full stop, and a capital unless its first word is a name."""
    text = text.strip()
    end = "" if text.endswith((".", "!", "?")) else "."
    is_word = text.partition(" ")[0].islower()
    return f"{text[:1].upper() if is_word else text[:1]}{text[1:]}{end}"
