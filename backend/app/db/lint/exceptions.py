"""Read the exceptions that an author has written into a revision, each with its reason.

    # migrate-lint: allow renaming-column: the column is new, and no release reads it yet

Such a comment holds for the whole revision, and may stand anywhere in it. A long reason goes on in
the next lines, indented by two spaces at least. Comments are no part of a revision's checksum: one
may be written into a revision that is applied.
"""

import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

MARK = re.compile(r"#\s*migrate-lint\b")
ALLOWED = re.compile(r"#\s*migrate-lint:\s*allow\s+(?P<rule>[a-z][a-z0-9-]*):\s*(?P<reason>\S.*)")
CONTINUED = re.compile(r"#\s{2,}(?!migrate-lint\b)(?P<words>\S.*)")
FORM = "# migrate-lint: allow <rule>: <reason>"


@dataclass(frozen=True)
class Allowed:
    """What a revision may do although a rule is against it.

    Attributes:
        rule: the rule's name.
        reason: why this revision may, in the author's words.
        line: where the comment begins.
    """

    rule: str
    reason: str
    line: int


def read_exceptions(path: Path) -> tuple[Allowed, ...]:
    """Return the exceptions in a revision's file, in their order.

    Raises:
        SyntaxError: The file is no Python.
    """
    return tuple(each for each in _read(path) if isinstance(each, Allowed))


def find_malformed(path: Path) -> tuple[int, ...]:
    """Return the lines of comments that are meant as exceptions and have no rule or no reason.

    Raises:
        SyntaxError: The file is no Python.
    """
    return tuple(each for each in _read(path) if isinstance(each, int))


def _read(path: Path) -> Iterator[Allowed | int]:
    """Yield each exception, and the line of each comment that is none though it looks like one."""
    comments = dict(_comments(path))
    for line, comment in comments.items():
        if not MARK.match(comment):
            continue
        if match := ALLOWED.fullmatch(comment):
            yield Allowed(match["rule"], " ".join([match["reason"], *_rest(comments, line)]), line)
        else:
            yield line


def _rest(comments: dict[int, str], line: int) -> Iterator[str]:
    """Yield what the lines after `line` add to the reason that begins there."""
    while match := CONTINUED.fullmatch(comments.get(line := line + 1, "")):
        yield match["words"]


def _comments(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and text of each comment; what only looks like one in a string is none."""
    try:
        for token in tokenize.tokenize(BytesIO(path.read_bytes()).readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string.rstrip()
    except tokenize.TokenError as error:
        raise SyntaxError(str(error)) from error
