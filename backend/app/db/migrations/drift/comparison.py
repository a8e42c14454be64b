"""Hold two catalogs against each other, and say each difference once: in words and in SQL."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from app.db.migrations.drift.catalog import Catalog, Item
from app.db.migrations.drift.explanation import TABLES, explain

FIRST_WITH_MAINTAIN = 17  # the privilege, which GRANT ALL includes
LONGEST_QUOTE = 400
ON = ("comment", "grant", "maintenance")
NAME = re.compile(r'"((?:[^"]|"")+)"|([^.]+)')


@dataclass(frozen=True)
class Difference:
    """One thing that is not as the migrations make it.

    Attributes:
        item: what it is.
        expected: its definition by the migrations; None where they make no such thing.
        actual: its definition in the other catalog; None where that has no such thing.
        place: what the other catalog is of.
        sql: what leads from the migrations to the other catalog, each statement on a line.
    """

    item: Item
    expected: str | None
    actual: str | None
    place: str
    sql: str

    @property
    def words(self) -> str:
        """The difference in one sentence."""
        what = describe(self.item)
        if self.item.part is None and self.expected is None:
            return f"{what} exists in {self.place} and in no migration"
        if self.item.part is None and self.actual is None:
            return f"{what} is made by the migrations and is not in {self.place}"
        if _is_long(self.expected) or _is_long(self.actual):
            return f"{what} is another one in {self.place} than by the migrations"
        return (
            f"{what} is {self._quote(self.actual)} in {self.place} "
            f"and {self._quote(self.expected)} by the migrations"
        )

    def _quote(self, definition: str | None) -> str:
        if definition is None:
            return "none"
        return f"'{definition}'" if self.item.part == "comment" else definition

    def __str__(self) -> str:
        """Return the sentence."""
        return self.words


def describe(item: Item) -> str:
    """Name it, as in `default of column companies.tickers`."""
    if item.kind == "column":
        whole = f"column {item.table}.{item.name}"
    else:
        whole = f"{item.kind} {item.name}" + (f" of {item.table}" if item.table else "")
    if item.part is None:
        return whole
    return f"{item.part} {'on' if item.part.startswith(ON) else 'of'} {whole}"


def _is_long(definition: str | None) -> bool:
    return definition is not None and ("\n" in definition or len(definition) > LONGEST_QUOTE)


def compare(
    expected: Catalog, actual: Catalog, place: str = "the database"
) -> tuple[Difference, ...]:
    """Return what differs, table by table.

    Of a thing that only one of the two has, nothing is said of what belongs to it.

    Args:
        expected: what the migrations make.
        actual: what is held against it.
        place: what `actual` is of.
    """
    differing = [
        item
        for item in sorted({*expected, *actual}, key=_order)
        if expected.get(item) != actual.get(item) and _is_comparable(item, expected, actual)
    ]
    one_sided = {item for item in differing if item not in expected or item not in actual}
    inside: dict[Item, list[Item]] = {item: [] for item in differing}
    for item in differing:
        for whole in _wholes(item, actual if item in actual else expected):
            if whole in one_sided:
                inside[whole].append(item)
    folded = {item for items in inside.values() for item in items}
    return tuple(
        Difference(
            *(item, expected.get(item), actual.get(item), place),
            explain(item, expected, actual, inside[item]),
        )
        for item in differing
        if item not in folded
    )


def _is_comparable(item: Item, expected: Catalog, actual: Catalog) -> bool:
    """Whether both servers know such a thing."""
    is_new = item.part is not None and item.part.startswith("maintenance")
    return not is_new or min(expected.version, actual.version) >= FIRST_WITH_MAINTAIN


def _wholes(item: Item, catalog: Catalog) -> Iterator[Item]:
    """Yield what it comes and goes with: the object, its table, what owns a sequence."""
    if item.part is not None:
        yield item.whole
    table = item.table
    if item.kind == "sequence" and (owner := catalog.get(item._replace(part="owner"))):
        table, column = (
            quoted.replace('""', '"') or plain for quoted, plain in NAME.findall(owner)
        )
        yield Item("column", table, column)
    if table is not None:
        yield from (Item(kind, None, table) for kind in TABLES)


def _order(item: Item) -> tuple[str, bool, str, str, str]:
    """Put what belongs to a table behind it."""
    return item.table or item.name, item.table is not None, item.kind, item.name, item.part or ""
