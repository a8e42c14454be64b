"""Find the conditions of a statement whose selectivity the planner cannot know.

Without statistics of a column, and for an expression over columns, the planner assumes a constant
share of the rows, such as 0.5 % (PostgreSQL source, `selfuncs.h`).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

COLUMN = re.compile(
    r"""(?P<alias> "(?:""|[^"])+" | [A-Za-z_][\w$]* ) \.
                        (?P<name> "(?:""|[^"])+" | [A-Za-z_][\w$]* ) (?! [\w$(.] )""",
    re.VERBOSE,
)
STRING = re.compile(r"'(?:''|[^'])*'")
# A cast does not change what is compared.
CAST = r"\)* (?: ::[\w\s]+ (?:\([\d,]+\))? (?:\[\])? )? \)*"
COMPARED = re.compile(
    rf"""{CAST} \s* (?: (?: = | <> | < | > | <= | >= | ~~ | !~~ | ~~\* | ~ ) (?![-~*@>|&<?=])
                      | IS \s )""",
    re.VERBOSE,
)
EQUAL = re.compile(rf"{CAST} \s* = (?![-~*@>|&<?=])", re.VERBOSE)
COMPARED_WITH = re.compile(r"(?:=|<>|<|>|<=|>=)\s*\(*$")
BARE = re.compile(r"\s*(?:\)|$|AND\b|OR\b)")
# Nodes whose input is computed, so that a condition on it is one on no column of a table.
OF_COMPUTED = ("Aggregate", "CTE Scan", "Group", "Subquery Scan", "WindowAgg")
OF_FUNCTIONS = ("Function Scan", "ProjectSet")
USES_COLUMN = re.compile(r"\([^()]*[A-Za-z_\"]")  # as an argument
CALL = re.compile(r"[\w\"]\(|\s[^\w\s]+\s")
SUBPLAN = "SubPlan"  # of an EXISTS or IN that is no join
OF_A_FUNCTION = re.compile(r"[\w\"]\($|[-+*/|#&?@]>?\s*\(*$|,\s*$")


class Statistics(Protocol):
    """What is known of the values of columns."""

    def knows_values(self, table: int, column: str) -> bool:
        """Whether there are statistics of the values of a column."""

    def is_unique(self, table: int, column: str) -> bool:
        """Whether each value of a column is in one row only."""

    def knows_nulls(self, table: int, column: str) -> bool:
        """Whether the share of NULL in a column is known."""


def find_guessed(
    conditions: Iterable[str], aliases: Mapping[str, int], statistics: Statistics
) -> tuple[str, ...]:
    """Return the columns in conditions whose selectivity the planner does not know."""
    found: dict[str, None] = {}
    for condition in conditions:
        text = STRING.sub("''", condition)
        for match in COLUMN.finditer(text):
            alias, name = (_unquoted(match[each]) for each in ("alias", "name"))
            if alias not in aliases:
                continue
            is_null = re.match(rf"{CAST}\s*IS\ (?:NOT\ )?NULL", text[match.end() :], re.VERBOSE)
            knows = statistics.knows_nulls if is_null else statistics.knows_values
            place = (aliases[alias], name)
            is_one = statistics.is_unique(*place) and _is_equal(text, match)
            if not (_is_compared(text, match) and (is_one or knows(*place))):
                found[name] = None
    return tuple(found)


def find_computed(node: Any) -> Iterator[str]:
    """Yield what the rows of a node of a plan depend on, if there are no statistics of it.

    These are conditions on the results of a subquery, an aggregate or a window function; groups by
    an expression; and functions that return a set for each row.
    """
    kind = node["Node Type"]
    if kind in OF_COMPUTED:
        yield from (node[key] for key in ("Filter", "Run Condition") if key in node)
        yield from filter(is_computed, node.get("Group Key", ()))
    if kind in OF_FUNCTIONS:
        calls = [node.get("Function Call", ""), *node.get("Output", ())]
        yield from (each for each in calls if USES_COLUMN.search(_without_constants(each)))


def is_computed(text: str) -> bool:
    """Whether an expression is more than a column or a constant."""
    return bool(CALL.search(_without_constants(text)))


def _without_constants(text: str) -> str:
    return re.sub(r"::[\w ]+", "", STRING.sub("", text))


def _is_compared(text: str, match: re.Match[str]) -> bool:
    """Whether a column itself is compared, and not an expression over it."""
    before, after = text[: match.start()], text[match.end() :]
    if OF_A_FUNCTION.search(before) or SUBPLAN in text:
        return False
    return bool(
        COMPARED.match(after)
        or COMPARED_WITH.search(before)
        or (BARE.match(after) and not re.search(r"[<>=]\s*$", before))
    )


def _is_equal(text: str, match: re.Match[str]) -> bool:
    """Whether a column is compared for equality."""
    before, after = text[: match.start()], text[match.end() :]
    return bool(EQUAL.match(after) or re.search(r"(?<![<>!])=\s*\(*$", before))


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name
