"""Write the SQL that leads from one definition of a thing to another."""

import re
from collections.abc import Iterable

from sqlalchemy.dialects.postgresql.base import RESERVED_WORDS

from app.db.migrations.drift.catalog import Catalog, Item
from app.db.migrations.drift.ways import way_of, what_follows

ROUTINES = ("function", "procedure", "aggregate")
TYPES = ("enum", "domain", "type")
TABLES = ("table", "view", "materialized view", "foreign table")
ON_A_TABLE = ("constraint", "trigger", "rule", "policy")
IN_THE_COLUMN = {
    "collation": "COLLATE {}",
    "default": "DEFAULT {}",
    "generation": "GENERATED {}",
    "identity": "GENERATED {}",
    "nullability": "{}",
}
LABEL = re.compile(r"'(?:[^']|'')*'")
PLAIN = re.compile(r"[a-z_][a-z0-9_]*")


def explain(item: Item, expected: Catalog, actual: Catalog, inside: Iterable[Item]) -> str:
    """Return the statements that lead from the expected definition to the actual one.

    Args:
        item: what differs.
        expected: has its definition before, if there was one.
        actual: has its definition afterwards, if there is one.
        inside: what comes in together with it.
    """
    if item not in actual:
        return _write(way_of(item.kind, item.part).undo, item, expected)
    if item in expected:
        return _explain_change(item, expected, actual)
    also = [each for each in inside if not _is_said_with_the_whole(each)]
    # A default may need its sequence, which can be owned when there is a column.
    first = [each for each in also if each.kind == "sequence" and each.part is None]
    last = [each for each in also if each not in first]
    return "\n".join(
        _write(way_of(each.kind, each.part).make, each, actual) for each in (*first, item, *last)
    )


def _explain_change(item: Item, expected: Catalog, actual: Catalog) -> str:
    way = way_of(item.kind, item.part)
    before, after = expected[item], actual[item]
    if item.part is not None and "grant" in item.part:
        lost, won = (set(one.split(", ")) for one in (before, after))
        steps = ((way.undo, expected, lost - won), (way.make, actual, won - lost))
        return "\n".join(
            _write(template, item, catalog, ", ".join(sorted(privileges)))
            for template, catalog, privileges in steps
            if privileges
        )
    if item.kind == "enum" and item.part is None and (words := _change_labels(item, before, after)):
        return words
    if way.change:
        return _write(way.change, item, actual)
    return f"{_write(way.undo, item, expected)}\n{_write(way.make, item, actual)}"


def _is_said_with_the_whole(item: Item) -> bool:
    if item.part is None:
        return item.kind in ("column", "constraint")
    if item.kind in (*ROUTINES, *TYPES):
        return item.part == "grant to PUBLIC"  # what everybody has from the beginning
    return item.kind == "column" and item.part in IN_THE_COLUMN


def _write(template: str, item: Item, catalog: Catalog, definition: str | None = None) -> str:
    """Fill in a template, by default with the definition that the catalog has."""
    definition = catalog[item].rstrip(";") if definition is None else definition
    return template.format(
        table=quote(item.table or ""),
        name=_name(item),
        kind=item.kind.upper(),
        object=_object(item),
        of=what_follows(item.part),
        definition=definition,
        partitioning=f" {definition}" if definition else "",
        literal="'" + definition.replace("'", "''") + "'",
        type=catalog.get(item.whole),
        column=_column(item.whole, catalog) if item.kind == "column" else "",
        body=_body(item, catalog),
        privileges=_privileges(item, definition),
    )


def _name(item: Item) -> str:
    return item.name if item.kind in ROUTINES else quote(item.name)  # with arguments: is quoted


def _object(item: Item) -> str:
    """Name it as COMMENT does."""
    if item.kind == "column":
        return f"COLUMN {quote(item.table or '')}.{_name(item)}"
    kind = "TYPE" if item.kind == "enum" else item.kind.upper()
    words = f"{kind} {_name(item)}"
    return f"{words} ON {quote(item.table or '')}" if item.kind in ON_A_TABLE else words


def _privileges(item: Item, definition: str) -> str:
    """Write privileges and what they are on, as in `SELECT (name) ON TABLE companies`."""
    if item.kind == "column":
        words = ", ".join(f"{each} ({_name(item)})" for each in definition.split(", "))
        return f"{words} ON TABLE {quote(item.table or '')}"
    if item.kind in TABLES:
        kind = "TABLE"
    elif item.kind in TYPES:
        kind = "TYPE"
    else:
        kind = "FUNCTION" if item.kind == "aggregate" else item.kind.upper()
    return f"{definition} ON {kind} {_name(item)}"


def _column(item: Item, catalog: Catalog) -> str:
    """Write a column as CREATE TABLE does."""
    said = ((words, catalog.get(item._replace(part=part))) for part, words in IN_THE_COLUMN.items())
    parts = [words.format(text) for words, text in said if text]
    return " ".join([quote(item.name), catalog[item], *parts])


def _body(item: Item, catalog: Catalog) -> str:
    """Write the columns and the constraints of a table."""
    inside = [each for each in catalog if each.table == item.name and each.part is None]
    columns = [_column(each, catalog) for each in inside if each.kind == "column"]
    constraints = [
        f"CONSTRAINT {quote(each.name)} {catalog[each]}"
        for each in inside
        if each.kind == "constraint"
    ]
    return ", ".join([*columns, *constraints])


def _change_labels(item: Item, expected: str, actual: str) -> str:
    """Write how labels were added to an enum, or renamed; nothing if that is not all of it."""
    before, after = LABEL.findall(expected), LABEL.findall(actual)
    change = f"ALTER TYPE {quote(item.name)}"
    if len(before) == len(after):
        pairs = zip(before, after, strict=True)
        return "\n".join(f"{change} RENAME VALUE {a} TO {b};" for a, b in pairs if a != b)
    if not before or [each for each in after if each in before] != before:
        return ""
    places = [f"BEFORE {before[0]}", *(f"AFTER {label}" for label in after)]
    return "\n".join(
        f"{change} ADD VALUE {label} {place};"
        for label, place in zip(after, places, strict=False)
        if label not in before
    )


def quote(name: str) -> str:
    """Write a name as SQL has it; a percent sign is for no driver here, and stays one."""
    is_plain = PLAIN.fullmatch(name) and name not in RESERVED_WORDS
    return name if is_plain else '"' + name.replace('"', '""') + '"'
