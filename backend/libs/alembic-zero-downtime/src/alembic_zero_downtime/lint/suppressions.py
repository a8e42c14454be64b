"""Read the suppressions in a revision: comments that suppress a rule and give the reason.

    # migrate-lint: allow renaming-column: the column is new, and no release reads it yet

A suppression holds for the whole revision and may be anywhere in the file. A long reason continues
on the next lines, indented by at least two spaces. Comments do not change a revision's checksum:
a suppression can be added to an applied revision.
"""

import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

WORD = b"migrate-lint"
MARK = re.compile(r"#\s*migrate-lint\b")
SUPPRESSION = re.compile(
    r"#\s*migrate-lint:\s*allow\s+(?P<rule>[a-z][a-z0-9-]*):\s*(?P<reason>\S.*)"
)
CONTINUATION = re.compile(r"#\s{2,}(?!migrate-lint\b)(?P<text>\S.*)")
FORM = "# migrate-lint: allow <rule>: <reason>"


@dataclass(frozen=True)
class Suppression:
    """A rule that is suppressed in a revision.

    Attributes:
        rule: the rule's name.
        reason: given by the author.
        line: the first line of the comment.
    """

    rule: str
    reason: str
    line: int


class Comments(NamedTuple):
    """The comments about the lint in a revision's file.

    Attributes:
        suppressions: in their order.
        malformed: the lines of those without a rule or a reason.
    """

    suppressions: tuple[Suppression, ...] = ()
    malformed: tuple[int, ...] = ()


def read_comments(path: Path) -> Comments:
    """Return the comments about the lint in a revision's file.

    Raises:
        SyntaxError: The file is not valid Python.
    """
    source = path.read_bytes()
    if WORD not in source:  # the tokenizer is slow
        return Comments()
    found = list(_read(source))
    suppressions = tuple(each for each in found if isinstance(each, Suppression))
    return Comments(suppressions, tuple(each for each in found if isinstance(each, int)))


def read_suppressions(path: Path) -> tuple[Suppression, ...]:
    """Return the suppressions in a revision's file, in their order.

    Raises:
        SyntaxError: The file is not valid Python.
    """
    return read_comments(path).suppressions


def _read(source: bytes) -> Iterator[Suppression | int]:
    """Yield each suppression, and the line of each malformed one."""
    comments = dict(_comments(source))
    for line, comment in comments.items():
        if not MARK.match(comment):
            continue
        if match := SUPPRESSION.fullmatch(comment):
            reason = " ".join([match["reason"], *_continuation(comments, line)])
            yield Suppression(match["rule"], reason, line)
        else:
            yield line


def _continuation(comments: dict[int, str], line: int) -> Iterator[str]:
    """Yield the lines that continue the reason after `line`."""
    while match := CONTINUATION.fullmatch(comments.get(line := line + 1, "")):
        yield match["text"]


def _comments(source: bytes) -> Iterator[tuple[int, str]]:
    """Yield line and text of each comment; a tokenizer ignores `#` in a string."""
    try:
        for token in tokenize.tokenize(BytesIO(source).readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string.rstrip()
    except tokenize.TokenError as error:
        raise SyntaxError(str(error)) from error
