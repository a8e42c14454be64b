"""Read as much of PostgreSQL's SQL as rules need: where statements end, and what they are about.

Only the words count: what stands in comments and strings is left out (PostgreSQL manual, "Lexical
Structure").
"""

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property

TOKEN = re.compile(
    r"""(?P<comment> --[^\n]* | /\*.*?\*/ )
      | (?P<string> [eE]'(?:\\.|''|[^'\\])*' | '(?:''|[^'])*' )
      | (?P<body> \$(?P<tag>(?:[A-Za-z_]\w*)?)\$ (?P<code>.*?) \$(?P=tag)\$ )
      | (?P<name> "(?:""|[^"])*" )
      | (?P<end> ; )
      | (?P<space> \s+ )
      | (?P<word> [\w$]+ | . )""",
    re.VERBOSE | re.DOTALL,
)

# What may stand before a statement in a block (PostgreSQL manual, "PL/pgSQL").
CONTROL = re.compile(
    r"^(?:\s*(?:BEGIN|ELSE|LOOP|(?:ELSIF|EXCEPTION|IF|WHEN)\b.*?\bTHEN"
    r"|(?:FOR|FOREACH|WHILE)\b.*?\bLOOP)\b)+\s*",
    re.IGNORECASE | re.DOTALL,
)

IF = r"(?:IF (?:NOT )?EXISTS )?"
NAME = r"(?:[\w$]+\.)*(?P<name>[\w$]+)"
TABLE = r"(?:[\w$]+\.)*(?P<table>[\w$]+)"
TEMPORARY = r"(?:(?:GLOBAL |LOCAL )?TEMP(?:ORARY)? |UNLOGGED )?"
CREATE_TABLE = rf"^CREATE {TEMPORARY}TABLE {IF}{TABLE}"
ALTER_TABLE = rf"^ALTER TABLE {IF}(?:ONLY )?{TABLE}"

TABLES = [
    CREATE_TABLE,
    ALTER_TABLE,
    rf"^CREATE (?:UNIQUE )?INDEX .*?\bON (?:ONLY )?{TABLE}",
    rf"^(?:DROP TABLE|REINDEX TABLE|CLUSTER) {IF}{TABLE}",
    rf"^(?:TRUNCATE|LOCK)(?: TABLE)? (?:ONLY )?{TABLE}",
    rf"\b(?:UPDATE|DELETE FROM|INSERT INTO|MERGE INTO) (?:ONLY )?{TABLE}",
]

DATA = re.compile(
    r"^(?:COPY|TRUNCATE)\b"
    r"|\b(?:INSERT INTO|(?<!FOR )(?<!KEY )UPDATE (?!SET\b)|DELETE FROM|MERGE INTO)\b",
    re.IGNORECASE,
)
SCHEMA = re.compile(
    r"^(?:ALTER|CLUSTER|COMMENT|CREATE|DROP|GRANT|REFRESH|REINDEX|REVOKE|SECURITY LABEL)\b",
    re.IGNORECASE,
)


class Kind(Enum):
    """What a statement changes."""

    SCHEMA = "schema"
    DATA = "data"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Statement:
    """A statement as it is written, and what it says.

    Attributes:
        text: as it is written.
        words: without comments, strings and quotes, with a space between words.
        blocks: what stands between dollar signs, such as the code of a function.
    """

    text: str
    words: str
    blocks: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return it on one line, shortened."""
        return textwrap.shorten(self.text, width=90, placeholder=" …")

    def matches(self, pattern: str) -> bool:
        """Whether the words have this in them."""
        return self.find(pattern) is not None

    def find(self, pattern: str) -> re.Match[str] | None:
        """Return where the words have this, whatever the case of the letters."""
        return next(self.find_all(pattern), None)

    def find_all(self, pattern: str) -> Iterator[re.Match[str]]:
        """Yield each place where the words have this."""
        return re.finditer(pattern, self.words, re.IGNORECASE)

    @property
    def table(self) -> str | None:
        """The table that it is about, without a schema."""
        found = (self.find(pattern) for pattern in TABLES)
        return next((match["table"].lower() for match in found if match), None)

    @property
    def new_table(self) -> str | None:
        """The table that it makes."""
        match = self.find(CREATE_TABLE)
        return match["table"].lower() if match else None

    @cached_property
    def inner(self) -> tuple["Statement", ...]:
        """The statements in a DO block, which are run at once, and in what such a one executes."""
        if not self.matches(r"^(?:DO|EXECUTE)\b"):
            return ()
        found = [each.without_control() for block in self.blocks for each in split(block)]
        return tuple(statement for each in found for statement in (each, *each.inner))

    def without_control(self) -> "Statement":
        """Return what is run when a block comes to it."""
        return replace(self, text=CONTROL.sub("", self.text), words=CONTROL.sub("", self.words))

    @property
    def kind(self) -> Kind:
        """What it changes; of a DO block, what its statements change."""
        kinds = {each.kind for each in self.inner}
        if Kind.DATA in kinds or (not SCHEMA.search(self.words) and DATA.search(self.words)):
            return Kind.DATA
        return Kind.SCHEMA if Kind.SCHEMA in kinds or SCHEMA.search(self.words) else Kind.NOTHING


def split(sql: str) -> Iterator[Statement]:
    """Yield the statements of `sql`; what has no words, such as a comment, is none."""
    text, words, blocks = "", "", list[str]()
    for token in TOKEN.finditer(f"{sql};"):
        text += token[0]
        match token.lastgroup:
            case "end":
                if words.strip():
                    yield Statement(text[:-1].strip(), " ".join(words.split()), tuple(blocks))
                text, words, blocks = "", "", []
            case "comment" | "space":
                words += " "
            case "string":
                words += "''"
            case "body":
                words += "$$"
                blocks.append(token["code"])
            case "name":
                words += re.sub(r"[^\w$]", "_", token[0][1:-1])
            case _:
                words += token[0]
