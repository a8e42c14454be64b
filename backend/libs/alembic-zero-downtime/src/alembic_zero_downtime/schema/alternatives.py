"""Write other statements for a change of the schema, for when those of `ddl` cannot run."""

import re
from collections.abc import Iterator
from dataclasses import replace

from alembic_zero_downtime.schema.catalog import Catalog, Item
from alembic_zero_downtime.schema.ddl import OBJECTS, TYPES, quote, write_ddl

OLD = "{}_before"
"""The name that a type has while its columns get another one."""
NEXT = re.compile(r"nextval\('(?P<name>(?:''|[^'])+)'::regclass\)")
RENAMES = {
    "table": "ALTER TABLE {old} RENAME TO {new};",
    "view": "ALTER VIEW {old} RENAME TO {new};",
    "materialized view": "ALTER MATERIALIZED VIEW {old} RENAME TO {new};",
    "sequence": "ALTER SEQUENCE {old} RENAME TO {new};",
    "index": "ALTER INDEX {old} RENAME TO {new};",
    "enum": "ALTER TYPE {old} RENAME TO {new};",
    "domain": "ALTER DOMAIN {old} RENAME TO {new};",
    "type": "ALTER TYPE {old} RENAME TO {new};",
    "column": "ALTER TABLE {table} RENAME COLUMN {old_name} TO {new};",
    "constraint": "ALTER TABLE {table} RENAME CONSTRAINT {old_name} TO {new};",
}


def write_alternatives(item: Item, before: Catalog, after: Catalog) -> Iterator[str]:
    """Yield other statements that change the definition of an item, the most careful first.

    Args:
        item: is in both catalogs.
        before: the catalog with its previous definition.
        after: the catalog with its new definition.
    """
    if item.part is not None:
        return
    if item.kind == "column":
        yield from _convert_column(item, before, after)
    elif item.kind in TYPES:
        yield _replace_type(item, before, after)
    elif OBJECTS[item.kind].alter == OBJECTS[item.kind].create:
        drop = write_ddl(item, before, _without(after, item), ())
        yield f"{drop}\n{write_ddl(item, _without(before, item), after, ())}"


def write_rename(old: Item, new: Item) -> str | None:
    """Return the statement that gives an object another name; None if there is none."""
    template = RENAMES.get(old.kind)
    if template is None or old.part or new.part:
        return None
    return template.format(
        old=qualified(old.schema, old.name),
        old_name=quote(old.name),
        new=quote(new.name),
        table=qualified(old.schema, old.table or ""),
    )


def write_sequences(item: Item, after: Catalog) -> tuple[list[str], list[str]] | None:
    """Return the statements around a creation that uses sequences, as `serial` does by itself.

    Args:
        item: a table, a column or a default.
        after: the catalog with its definition.

    Returns:
        Those that create the sequences, and those that give them to their columns; None if the
        item uses none.
    """
    create, own = [], []
    for each, default in after.items():
        is_part = each.part == "default" and (
            item in (each, each.without_part)
            or (item.kind, item.schema, item.name) == ("table", each.schema, each.table)
        )
        if is_part and (match := NEXT.fullmatch(default)):
            name = match["name"].replace("''", "'")
            create.append(f"CREATE SEQUENCE {name} AS {after[each.without_part]};")
            column = f"{qualified(each.schema, each.table or '')}.{quote(each.name)}"
            own.append(f"ALTER SEQUENCE {name} OWNED BY {column};")
    return (create, own) if create else None


def qualified(schema: str | None, name: str) -> str:
    """Return a quoted name, with its schema if that is not the current one."""
    return f"{quote(schema)}.{quote(name)}" if schema else quote(name)


def _convert_column(item: Item, before: Catalog, after: Catalog) -> Iterator[str]:
    """Yield the change of a type that has no assignment cast, or whose default has none."""
    column = f"ALTER TABLE {qualified(item.schema, item.table or '')} ALTER COLUMN"
    name, definition = quote(item.name), after[item]
    default = item._replace(part="default")
    for using in ("", f" USING {name}::{definition}", f" USING {name}::text::{definition}"):
        change = f"{column} {name} TYPE {definition}{using};"
        if using:
            yield change
        if default in before:
            lines = [f"{column} {name} DROP DEFAULT;", change]
            if default in after:
                lines.append(f"{column} {name} SET DEFAULT {after[default]};")
            yield "\n".join(lines)


def _replace_type(item: Item, before: Catalog, after: Catalog) -> str:
    """Return the statements that give each column of a type a new type of that name.

    A value of an enum that the new one does not have stops them.
    """
    name, old = qualified(item.schema, item.name), OLD.format(item.name)
    kind = "DOMAIN" if item.kind == "domain" else "TYPE"
    lines = [f"ALTER {kind} {name} RENAME TO {quote(old)};"]
    parts = [each for each in after if each.without_part == item and each.part]
    lines.append(write_ddl(item, _without(before, item), after, parts))
    for each, definition in before.items():
        is_array = definition == f"{name}[]"
        if each.kind != "column" or each.part or not (is_array or definition == name):
            continue
        column = f"ALTER TABLE {qualified(each.schema, each.table or '')} ALTER COLUMN"
        column += f" {quote(each.name)}"
        default = each._replace(part="default")
        text = "text[]" if is_array else "text"
        change = f"{column} TYPE {definition} USING {quote(each.name)}::{text}::{definition};"
        if default in before:
            lines += [f"{column} DROP DEFAULT;", change]
            lines.append(f"{column} SET DEFAULT {before[default]};")
        else:
            lines.append(change)
    return "\n".join([*lines, f"DROP {kind} {qualified(item.schema, old)};"])


def _without(catalog: Catalog, item: Item) -> Catalog:
    others = {each: text for each, text in catalog.items() if each.without_part != item}
    return replace(catalog, definitions=others)
