"""Find new columns whose domain makes PostgreSQL rewrite their table.

A domain with a constraint is checked in every row, also where the value is NULL. A volatile default
of a domain is evaluated in every row, unless the column has a default of its own.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from alembic_zero_downtime.lint.default_values import rewrites_table
from alembic_zero_downtime.lint.finding import Finding
from alembic_zero_downtime.lint.lifetimes import Lifetimes
from alembic_zero_downtime.lint.objects import ADDS_COLUMN
from alembic_zero_downtime.lint.offline_sql import RenderedStatement, Rendering, expand_do_blocks
from alembic_zero_downtime.lint.rules import RULES
from alembic_zero_downtime.sql import ALTER_TABLE, NAME

DEFINES_DOMAIN = re.compile(rb"\b(?:CREATE|ALTER)\s+DOMAIN\b|\bDOMAIN\s*\(", re.IGNORECASE)
"""Code that creates or changes a domain, in SQL or by SQLAlchemy's type."""

# An array of a domain has neither its constraints nor its default.
TYPE = r"(?!AS\b)(?:[\w$]+\.)*(?P<type>[\w$]+)(?! ?\[| ARRAY\b|[\w$.])"
DERIVES = (
    rf"^CREATE DOMAIN {NAME} (?:AS )?{TYPE}",
    r"^ALTER DOMAIN (?:[\w$]+\.)*(?P<type>[\w$]+) RENAME TO (?P<name>[\w$]+)",
)
CONSTRAINS = rf"^(?:CREATE|ALTER) DOMAIN {NAME} .*?(?:\bCHECK ?\(|(?<!DROP )\bNOT NULL\b)"
SETS_DEFAULT = (
    rf"^(?:CREATE|ALTER) DOMAIN {NAME} .*?(?<!DROP )\bDEFAULT (?P<default>.*?)"
    r"(?= (?:CHECK|COLLATE|CONSTRAINT|NOT NULL|NULL)\b|$)"
)


@dataclass(frozen=True)
class Domains:
    """The domains of a history, by their names without the schema.

    Attributes:
        constrained: those that have a constraint.
        volatile: those whose default is volatile.
    """

    constrained: frozenset[str] = frozenset()
    volatile: frozenset[str] = frozenset()


def defines_domain(path: Path) -> bool:
    """Whether the code of a revision may create or change a domain."""
    return DEFINES_DOMAIN.search(path.read_bytes()) is not None


def adds_column(upgrade: Rendering) -> bool:
    """Whether an upgrade may add a column to a table."""
    return any(" ADD " in each.statement.words.upper() for each in upgrade.statements)


def find_domains(statements: Iterable[RenderedStatement]) -> Domains:
    """Return the domains that have a constraint, or a volatile default, after any statement.

    Args:
        statements: of revisions, in any order.
    """
    derived: list[tuple[str, str]] = []
    constrained: set[str] = set()
    volatile: set[str] = set()
    for statement in (each.statement for each in statements):
        pairs = filter(None, map(statement.find, DERIVES))
        derived += [(each["name"].lower(), each["type"].lower()) for each in pairs]
        if match := statement.find(CONSTRAINS):
            constrained.add(match["name"].lower())
        if (match := statement.find(SETS_DEFAULT)) and rewrites_table(match["default"]):
            volatile.add(match["name"].lower())
    for names in (constrained, volatile):
        while more := {name for name, base in derived if base in names} - names:
            names.update(more)
    return Domains(frozenset(constrained), frozenset(volatile))


def check_domains(
    path: Path, upgrade: Rendering, lifetimes: Lifetimes, domains: Domains
) -> Iterator[Finding]:
    """Yield the statements that add a column of such a domain to a table in use.

    An online operation adds the column too, and PostgreSQL rewrites the table for it.

    Args:
        path: the revision's file.
        upgrade: the rendered `upgrade`.
        lifetimes: the statements on objects that no release uses.
        domains: of the history.
    """
    for rendered in expand_do_blocks(upgrade.statements):
        statement = rendered.statement
        if rendered.key in lifetimes.on_unused or not statement.matches(ALTER_TABLE):
            continue
        added = (match["options"] for match in statement.find_all(ADDS_COLUMN))
        if any(_is_rewriting(options, domains) for options in added):
            yield Finding(path, rendered.line, RULES["constrained-domain"], str(statement))


def _is_rewriting(options: str, domains: Domains) -> bool:
    """Whether a column with this type, and what follows it, rewrites the table."""
    match = re.match(rf" {TYPE}", options)
    if match is None:
        return False
    name = match["type"].lower()
    has_default = re.search(r"\bDEFAULT\b", options, re.IGNORECASE)
    return name in domains.constrained or (name in domains.volatile and not has_default)
