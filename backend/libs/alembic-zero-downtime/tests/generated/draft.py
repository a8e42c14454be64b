"""What is drawn so far of a history of models, and helpers to draw more."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from hypothesis import strategies as st

from generated.kinds import Kind
from generated.models import Column, Table, TableKey
from generated.names import names

T = TypeVar("T")
DISTINCT = 40
"""The bytes in which names differ: the server, Alembic and SQLAlchemy cut the others."""


@dataclass
class Draft:
    """What is drawn so far.

    Attributes:
        draw: draws from a strategy.
        has_convention: whether constraints without a name get one.
        used: the names of relations and constraints, which one schema shares.
        kinds: of the columns, by table and column.
    """

    draw: st.DrawFn
    has_convention: bool
    used: set[str] = field(default_factory=set)
    kinds: dict[tuple[TableKey, str], Kind] = field(default_factory=dict)
    renamed: int = 0

    def one_in(self, number: int) -> bool:
        """Whether something rare is drawn."""
        return self.draw(st.integers(1, number)) == number

    def one_of(self, choices: Sequence[T]) -> T:
        """Draw one of several."""
        return self.draw(st.sampled_from(choices))

    def some_of(self, choices: Sequence[T], most: int) -> list[T]:
        """Draw one or more of several."""
        return self.draw(st.lists(st.sampled_from(choices), min_size=1, max_size=most, unique=True))

    def options(self, *options: str, one_in: int = 3) -> str:
        """Draw which of these keyword arguments follow others."""
        return "".join(f", {each}" for each in options if self.one_in(one_in))

    def name(self, longest: int, used: set[str] | None = None) -> str:
        """Draw a name that is new, by default among those of all relations."""
        used = self.used if used is None else used
        name = self.draw(names(longest))
        if _cut(name) in used:
            self.renamed += 1
            name = f"n{self.renamed}_{name}"
        used.add(_cut(name))
        return name

    def column_name(self, table: Table, longest: int) -> str:
        """Draw a name that is new in a table."""
        return self.name(longest, {_cut(each.name) for each in table.columns})

    def part_name(self, *, is_needed: bool = False) -> str:
        """Draw the name of a constraint as source; it may be empty."""
        if not is_needed and self.one_in(3):
            return ""
        longest = 80 if self.one_in(6) else 55
        return repr(self.name(longest)[:60])  # SQLAlchemy refuses more than 63 characters

    def kind_of(self, table: Table, column: Column) -> Kind | None:
        """Return the kind of a column; None of a key and a computed one."""
        return self.kinds.get((table.key, column.name))

    def of_kind(self, table: Table, feature: str) -> list[tuple[Column, Kind]]:
        """Return the columns of a table whose kind has a feature."""
        found = ((each, self.kind_of(table, each)) for each in table.columns)
        return [(each, kind) for each, kind in found if kind and getattr(kind, feature)]


def named(name: str) -> str:
    """Return the argument `name` of a constraint."""
    return f", name={name}" if name else ""


def quoted(name: str) -> str:
    """Return a name in SQL."""
    return '"' + name.replace('"', '""') + '"'


def _cut(name: str) -> str:
    return name.encode()[:DISTINCT].decode(errors="ignore")
