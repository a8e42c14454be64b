"""A lexer for PostgreSQL's SQL: splits a script into statements and finds the table of each.

Comments and the contents of strings are ignored (PostgreSQL manual, "Lexical Structure").
"""

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from itertools import dropwhile, islice, takewhile

# Of nested comments, two levels.
TOKEN = re.compile(
    r"""(?P<comment> --[^\n]* | /\* (?: (?!/\*|\*/). | /\* (?:(?!\*/).)* \*/ )* \*/ )
      | (?P<string> [eE]'(?:\\.|''|[^'\\])*' | '(?:''|[^'])*' )
      | (?P<body> \$(?P<tag>(?:[A-Za-z_]\w*)?)\$ (?P<code>.*?) \$(?P=tag)\$ )
      | (?P<name> "(?:""|[^"])*" )
      | (?P<end> ; )
      | (?P<space> \s+ )
      | (?P<word> [\w$]+ | . )""",
    re.VERBOSE | re.DOTALL,
)

# Control structures that may precede a statement in a block (PostgreSQL manual, "PL/pgSQL").
CONTROL = re.compile(
    r"^(?:\s*(?:BEGIN|ELSE|LOOP|(?:ELSIF|EXCEPTION|IF|WHEN)\b.*?\bTHEN"
    r"|(?:FOR|FOREACH|WHILE)\b.*?\bLOOP)\b)+\s*",
    re.IGNORECASE | re.DOTALL,
)

IF = r"(?:IF (?:NOT )?EXISTS )?"
NAME = r"(?:[\w$]+\.)*(?P<name>[\w$]+)"
TABLE = r"(?P<schema>(?:[\w$]+\.)*)(?P<table>[\w$]+)"
TEMPORARY = r"(?:(?:GLOBAL |LOCAL )?TEMP(?:ORARY)? |UNLOGGED )?"
CREATE_TABLE = rf"^CREATE {TEMPORARY}TABLE {IF}{TABLE}"
ALTER_TABLE = rf"^ALTER TABLE {IF}(?:ONLY )?{TABLE}"
TRIGGER_OR_RULE = (
    r"^(?:CREATE|DROP) (?:CONSTRAINT |OR REPLACE )*(?:TRIGGER|RULE|POLICY) .*?\bON "
    rf"(?:(?:SELECT|INSERT|UPDATE|DELETE) TO )?{TABLE}"
)

TABLE_PATTERNS = [
    CREATE_TABLE,
    ALTER_TABLE,
    rf"^CREATE (?:UNIQUE )?INDEX .*?\bON (?:ONLY )?{TABLE}",
    rf"^(?:DROP TABLE|REINDEX TABLE|CLUSTER) {IF}{TABLE}",
    rf"^(?:TRUNCATE|LOCK)(?: TABLE)? (?:ONLY )?{TABLE}",
    TRIGGER_OR_RULE,
    rf"\b(?:UPDATE|DELETE FROM|INSERT INTO|MERGE INTO) (?:ONLY )?{TABLE}",
]

DATA_CHANGE = re.compile(
    r"^(?:COPY|TRUNCATE)\b"
    r"|\b(?:INSERT INTO|(?<!FOR )(?<!KEY )UPDATE (?!SET\b)|DELETE FROM|MERGE INTO)\b",
    re.IGNORECASE,
)
SCHEMA_CHANGE = re.compile(
    r"^(?:ALTER|CLUSTER|COMMENT|CREATE|DROP|GRANT|REFRESH|REINDEX|REVOKE|SECURITY LABEL)\b",
    re.IGNORECASE,
)

ENDS_TRANSACTION = re.compile(
    r"(?:\A|;)\s*(?:COMMIT|END|ABORT|PREPARE\s+TRANSACTION|ROLLBACK(?!(?:\s+\w+)?\s+TO))\b",
    re.IGNORECASE,
)
ENDS_TRANSACTION_WORD = re.compile(r"\b(?:COMMIT|END|ABORT|PREPARE|ROLLBACK)\b", re.IGNORECASE)

# A function body in standard SQL (PostgreSQL manual, "CREATE FUNCTION"). Its END follows a
# semicolon, unlike that of a CASE.
ATOMIC_BODY = re.compile(r"\bBEGIN\s+ATOMIC\b(?:.*?;)??\s*END\b", re.DOTALL | re.IGNORECASE)
# Until the session ends; SET LOCAL ends with the transaction.
SET = (
    r"^SET (?:(?P<special>SESSION AUTHORIZATION|TIME ZONE|ROLE) |(?:SESSION )?(?P<name>[\w.]+) ?"
    r"(?:=|TO ))"
)
SET_CONFIG = re.compile(r"\bset_config\s*\(\s*'([\w.]+)'[^()]*,\s*'?f\w*'?\s*\)", re.IGNORECASE)


class StatementKind(Enum):
    """Whether a statement changes the schema, the data or neither."""

    SCHEMA = "schema"
    DATA = "data"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Statement:
    """A statement.

    Attributes:
        text: the source text.
        words: the text without comments, strings and quotes, words separated by one space.
        bodies: the dollar-quoted strings, such as the body of a function.
    """

    text: str
    words: str
    bodies: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the statement on one line, shortened."""
        return textwrap.shorten(self.text, width=90, placeholder=" …")

    def matches(self, pattern: str) -> bool:
        """Whether the pattern matches anywhere in the words, ignoring case."""
        return self.find(pattern) is not None

    def find(self, pattern: str) -> re.Match[str] | None:
        """Return the first match of the pattern in the words, ignoring case."""
        return next(self.find_all(pattern), None)

    def find_all(self, pattern: str) -> Iterator[re.Match[str]]:
        """Yield each match of the pattern in the words, ignoring case."""
        return re.finditer(pattern, self.words, re.IGNORECASE)

    @property
    def table(self) -> str | None:
        """The name of the table that it creates, changes or locks, without the schema."""
        found = (self.find(pattern) for pattern in TABLE_PATTERNS)
        return next((match["table"].lower() for match in found if match), None)

    @property
    def qualified_table(self) -> str | None:
        """The same table with its schema, unless that is `public`."""
        found = (self.find(pattern) for pattern in TABLE_PATTERNS)
        return next((table_name(match) for match in found if match), None)

    @property
    def new_table(self) -> str | None:
        """The name of the table that it creates, without the schema."""
        match = self.find(CREATE_TABLE)
        return match["table"].lower() if match else None

    @cached_property
    def nested(self) -> tuple["Statement", ...]:
        """The statements in a DO block, including those that EXECUTE runs in it."""
        if not self.matches(r"^(?:DO|EXECUTE)\b"):
            return ()
        found = [each.without_control() for body in self.bodies for each in split_statements(body)]
        return tuple(statement for each in found for statement in (each, *each.nested))

    def without_control(self) -> "Statement":
        """Return the statement without the control structures before it."""
        return replace(self, text=CONTROL.sub("", self.text), words=CONTROL.sub("", self.words))

    @property
    def kind(self) -> StatementKind:
        """The kind; of a DO block, the kind of its statements, data before schema."""
        kinds = {each.kind for each in self.nested}
        if StatementKind.DATA in kinds or (
            not SCHEMA_CHANGE.search(self.words) and DATA_CHANGE.search(self.words)
        ):
            return StatementKind.DATA
        return (
            StatementKind.SCHEMA
            if StatementKind.SCHEMA in kinds or SCHEMA_CHANGE.search(self.words)
            else StatementKind.NOTHING
        )


def table_name(match: re.Match[str]) -> str:
    """Return the name of the table in a match of TABLE, with its schema unless that is `public`."""
    return f"{match['schema']}{match['table']}".lower().removeprefix("public.")


def split_statements(sql: str) -> Iterator[Statement]:
    """Yield the statements of `sql`; comments alone are not a statement."""
    text, words, bodies = "", "", list[str]()
    for token in TOKEN.finditer(f"{sql};"):
        text += token[0]
        match token.lastgroup:
            case "end":
                if words.strip():
                    yield Statement(text[:-1].strip(), " ".join(words.split()), tuple(bodies))
                text, words, bodies = "", "", []
            case "comment" | "space":
                words += " "
            case "string":
                words += "''"
            case "body":
                words += "$$"
                bodies.append(token["code"])
            case "name":
                words += re.sub(r"[^\w$]", "_", token[0][1:-1])
            case _:
                words += token[0]


def changed_settings(script: str) -> list[str]:
    """Return the settings of the session that statements set, as RESET takes them."""
    found = []
    for statement in split_statements(script):
        if match := statement.find(SET):
            found.append(match["special"] or match["name"])
        found += SET_CONFIG.findall(statement.text)
    return found


def is_one_statement(sql: str) -> bool:
    """Whether `sql` is exactly one statement, comments aside."""
    return len(list(split_statements(sql))) == 1


def without_quoted(sql: str) -> str:
    """Return `sql` without comments, strings, quoted names and function bodies."""
    quoted = {"comment", "string", "body", "name"}
    tokens = (" " if token.lastgroup in quoted else token[0] for token in TOKEN.finditer(sql))
    return ATOMIC_BODY.sub(" ", "".join(tokens))


def ends_transaction(sql: str) -> bool:
    """Whether a statement of `sql` commits or rolls back; not to a savepoint."""
    # The first search spares the lexer long statements.
    may_end = ENDS_TRANSACTION_WORD.search(sql)
    return bool(may_end and ENDS_TRANSACTION.search(without_quoted(sql)))


def string_literals(sql: str) -> list[str]:
    """Return the string literals in `sql`, including their quotes."""
    return [token[0] for token in TOKEN.finditer(sql) if token.lastgroup == "string"]


def identifier_parts(qualified: str) -> list[str]:
    """Return the parts of a qualified name, such as `"a table".id`, without quotes."""
    return [_identifier(token) for token in TOKEN.finditer(qualified) if token[0] != "."]


def identifiers_in_parentheses(sql: str) -> list[str]:
    """Return the identifiers of the first list in parentheses, such as `("a b", c)`, unquoted."""
    tokens = dropwhile(lambda token: token[0] != "(", TOKEN.finditer(sql))
    inner = takewhile(lambda token: token[0] != ")", islice(tokens, 1, None))
    return [_identifier(token) for token in inner if token.lastgroup != "space" and token[0] != ","]


def list_after(keyword: str, sql: str) -> list[str]:
    """Return the elements, as text, of the first list in parentheses after a keyword."""
    tokens = dropwhile(lambda token: token[0].upper() != keyword, TOKEN.finditer(sql))
    tokens = dropwhile(lambda token: token[0] != "(", tokens)
    elements, depth = [""], 0
    for token in tokens:
        depth += {"(": 1, ")": -1}.get(token[0], 0)
        if depth == 0:
            break
        if depth == 1 and token[0] == ",":
            elements.append("")
        else:
            elements[-1] += token[0]
    return [each.strip() for each in (elements[0][1:], *elements[1:])]


def _identifier(token: re.Match[str]) -> str:
    return token[0][1:-1].replace('""', '"') if token.lastgroup == "name" else token[0]
