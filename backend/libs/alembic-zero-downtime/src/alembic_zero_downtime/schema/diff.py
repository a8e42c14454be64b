"""Compare two catalogs: each difference as a sentence and as SQL."""

from collections.abc import Container, Iterator
from dataclasses import dataclass

from alembic_zero_downtime.schema.catalog import Catalog, Item
from alembic_zero_downtime.schema.ddl import TABLES, write_ddl
from alembic_zero_downtime.sql import identifier_parts

FIRST_WITH_MAINTAIN = 17  # the version that has this privilege, which GRANT ALL includes
MAX_QUOTE_LENGTH = 400
ON = ("comment", "grant", "maintenance")


@dataclass(frozen=True)
class Difference:
    """An object, or a part of one, that differs from the migrations.

    Attributes:
        item: the object or the part.
        expected: its definition by the migrations; None if they do not create it.
        actual: its definition in the other catalog; None if it does not exist there.
        side: the name of the other catalog, such as `the database`.
        sql: the statements that change `expected` into `actual`, one per line.
        undo: the statements that change `actual` into `expected`, one per line.
    """

    item: Item
    expected: str | None
    actual: str | None
    side: str
    sql: str
    undo: str

    @property
    def description(self) -> str:
        """The difference as a sentence."""
        name = describe(self.item)
        if self.item.part is None and self.expected is None:
            return f"{name} exists in {self.side} and in no migration"
        if self.actual is None and self.item.part is None:
            return f"{name} is missing in {self.side}"
        if self.item.part == "nullability":
            return self._describe_nullability()
        if _is_long(self.expected) or _is_long(self.actual):
            return f"{name} differs between {self.side} and the migrations"
        actual = "missing" if self.actual is None else self._quote(self.actual)
        expected = "set none" if self.expected is None else f"make it {self._quote(self.expected)}"
        return f"{name} is {actual} in {self.side}; the migrations {expected}"

    def _describe_nullability(self) -> str:
        name = describe(self.item.without_part)
        if self.actual is None:
            return f"{name} allows NULL in {self.side}; the migrations make it NOT NULL"
        return f"{name} is NOT NULL in {self.side}; the migrations allow NULL"

    def _quote(self, definition: str) -> str:
        return f"'{definition}'" if self.item.part == "comment" else definition

    def __str__(self) -> str:
        """Return the sentence."""
        return self.description


def describe(item: Item, quotation: str = "") -> str:
    """Return the name of an item, such as `default of column companies.tickers`.

    Args:
        item: the item.
        quotation: the quotation mark around names, which are otherwise as they are.
    """
    schema = f"{item.schema}." if item.schema else ""
    if item.kind == "column":
        name = f"column {quotation}{schema}{item.table}.{item.name}{quotation}"
    elif item.table:
        place = f"{quotation}{schema}{item.table}{quotation}"
        name = f"{item.kind} {quotation}{item.name}{quotation} of {place}"
    else:
        name = f"{item.kind} {quotation}{schema}{item.name}{quotation}"
    if item.part is None:
        return name
    return f"{item.part} {'on' if item.part.startswith(ON) else 'of'} {name}"


def _is_long(definition: str | None) -> bool:
    return definition is not None and ("\n" in definition or len(definition) > MAX_QUOTE_LENGTH)


def compare(
    expected: Catalog,
    actual: Catalog,
    side: str = "the database",
    among: Container[Item] | None = None,
) -> tuple[Difference, ...]:
    """Return the differences, table by table.

    If only one of the two has an object, its parts are not reported separately.

    Args:
        expected: the catalog that the migrations create.
        actual: the catalog to compare with it.
        side: the name of `actual` in the sentences.
        among: the items that are compared; by default all.
    """
    differing = [
        item
        for item in sorted({*expected, *actual}, key=_sort_key)
        if (among is None or item in among)
        and expected.get(item) != actual.get(item)
        and _is_comparable(item, expected, actual)
    ]
    one_sided = {item for item in differing if item not in expected or item not in actual}
    contents: dict[Item, list[Item]] = {item: [] for item in differing}
    for item in differing:
        for container in _containers(item, actual if item in actual else expected):
            if container in one_sided:
                contents[container].append(item)
    contained = {item for items in contents.values() for item in items}
    return tuple(
        Difference(
            *(item, expected.get(item), actual.get(item), side),
            write_ddl(item, expected, actual, contents[item]),
            write_ddl(item, actual, expected, contents[item]),
        )
        for item in differing
        if item not in contained
    )


def _is_comparable(item: Item, expected: Catalog, actual: Catalog) -> bool:
    """Whether both versions of PostgreSQL support the item."""
    is_new = item.part is not None and item.part.startswith("maintenance")
    return not is_new or min(expected.version, actual.version) >= FIRST_WITH_MAINTAIN


def _containers(item: Item, catalog: Catalog) -> Iterator[Item]:
    """Yield the items that create and drop it: its object, its table, its owning column."""
    if item.part is not None:
        yield item.without_part
    table = item.table
    if item.kind == "sequence" and (owner := catalog.get(item._replace(part="owner"))):
        table, column = identifier_parts(owner)
        yield Item("column", table, column, schema=item.schema)
    if table is not None:
        yield from (Item(kind, None, table, schema=item.schema) for kind in TABLES)


def _sort_key(item: Item) -> tuple[str, str, bool, str, str, str]:
    """Sort the items of a table after the table itself."""
    table = item.table or item.name
    return item.schema or "", table, item.table is not None, item.kind, item.name, item.part or ""
