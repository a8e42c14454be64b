"""Write the DDL that changes one definition of an object into another."""

import re
from collections.abc import Iterable
from typing import NamedTuple, Self

from sqlalchemy.dialects.postgresql.base import RESERVED_WORDS

from alembic_zero_downtime.schema.catalog import Catalog, Item
from alembic_zero_downtime.sql import string_literals

ROUTINES = ("function", "procedure", "aggregate")
TYPES = ("enum", "domain", "type")
TABLES = ("table", "view", "materialized view", "foreign table")
NOT_VALID = " NOT VALID"
"""The end of the definition of a constraint that existing rows may violate."""
ON_A_TABLE = ("constraint", "trigger", "rule", "policy")
COLUMN_CLAUSES = {
    "collation": "COLLATE {}",
    "default": "DEFAULT {}",
    "generation": "GENERATED {}",
    "identity": "GENERATED {}",
    "nullability": "{}",
}
UNQUOTED = re.compile(r"[a-z_][a-z0-9_]*")

COLUMN = "ALTER TABLE {table} ALTER COLUMN {name}"
RECREATE_COLUMN = (
    "ALTER TABLE {table} DROP COLUMN {name};\nALTER TABLE {table} ADD COLUMN {column};"
)
# Of an empty table, the highest number is NULL, and the position stays what it was.
AFTER_HIGHEST = (
    "SELECT setval(pg_get_serial_sequence({table_literal}, {name_literal}), max({name}))"
    " FROM {table};"
)
IDENTITY_OPTION = re.compile(
    r"(?:INCREMENT BY|MINVALUE|MAXVALUE|START WITH|CACHE) -?\d+|(?:NO )?CYCLE"
)
INVALID_INDEX = "-- {name} is an invalid index, left by a CREATE INDEX CONCURRENTLY that failed"


class DDLTemplate(NamedTuple):
    """The statements that create, drop and alter an object; without `alter`, it is recreated."""

    create: str
    drop: str
    alter: str | None = None

    @classmethod
    def set(cls, create: str, drop: str) -> Self:
        """Return a template whose `create` also replaces an existing value."""
        return cls(create, drop, create)


OBJECTS = {
    "table": DDLTemplate("CREATE TABLE {name} ({body}){partitioning};", "DROP TABLE {name};"),
    "foreign table": DDLTemplate(
        "CREATE FOREIGN TABLE {name} ({body}) {definition};", "DROP FOREIGN TABLE {name};"
    ),
    "view": DDLTemplate.set("CREATE OR REPLACE VIEW {name} AS {definition};", "DROP VIEW {name};"),
    "materialized view": DDLTemplate(
        "CREATE MATERIALIZED VIEW {name} AS {definition};", "DROP MATERIALIZED VIEW {name};"
    ),
    "column": DDLTemplate(
        "ALTER TABLE {table} ADD COLUMN {column};",
        "ALTER TABLE {table} DROP COLUMN {name};",
        f"{COLUMN} TYPE {{definition}};",
    ),
    "constraint": DDLTemplate(
        "ALTER TABLE {table} ADD CONSTRAINT {name} {definition};",
        "ALTER TABLE {table} DROP CONSTRAINT {name};",
    ),
    "index": DDLTemplate("{definition};", "DROP INDEX {name};"),
    "trigger": DDLTemplate("{definition};", "DROP TRIGGER {name} ON {table};"),
    "rule": DDLTemplate("{definition};", "DROP RULE {name} ON {table};"),
    "policy": DDLTemplate(
        "CREATE POLICY {name} ON {table} {definition};", "DROP POLICY {name} ON {table};"
    ),
    "statistics": DDLTemplate("CREATE STATISTICS {name} {definition};", "DROP STATISTICS {name};"),
    "sequence": DDLTemplate(
        "CREATE SEQUENCE {name} {definition};",
        "DROP SEQUENCE {name};",
        "ALTER SEQUENCE {name} {definition};",
    ),
    "function": DDLTemplate.set(
        "CREATE OR REPLACE FUNCTION {definition};", "DROP FUNCTION {name};"
    ),
    "procedure": DDLTemplate.set(
        "CREATE OR REPLACE PROCEDURE {definition};", "DROP PROCEDURE {name};"
    ),
    "aggregate": DDLTemplate("CREATE AGGREGATE {name} ({definition});", "DROP AGGREGATE {name};"),
    "enum": DDLTemplate("CREATE TYPE {name} AS ENUM ({definition});", "DROP TYPE {name};"),
    "domain": DDLTemplate("CREATE DOMAIN {name} AS {definition};", "DROP DOMAIN {name};"),
    "type": DDLTemplate("CREATE TYPE {name} AS {definition};", "DROP TYPE {name};"),
}
PARTS = {
    "persistence": DDLTemplate.set("ALTER {object} SET UNLOGGED;", "ALTER {object} SET LOGGED;"),
    "row security": DDLTemplate.set(
        "ALTER {object} ENABLE ROW LEVEL SECURITY;", "ALTER {object} DISABLE ROW LEVEL SECURITY;"
    ),
    "row security of the owner": DDLTemplate.set(
        "ALTER {object} FORCE ROW LEVEL SECURITY;", "ALTER {object} NO FORCE ROW LEVEL SECURITY;"
    ),
    "access method": DDLTemplate.set(
        "ALTER {object} SET ACCESS METHOD {definition};", "ALTER {object} SET ACCESS METHOD heap;"
    ),
    "partition of": DDLTemplate(
        "ALTER TABLE {of} ATTACH PARTITION {name} {definition};",
        "ALTER TABLE {of} DETACH PARTITION {name};",
    ),
    "inheritance from": DDLTemplate(
        "ALTER {object} INHERIT {of};", "ALTER {object} NO INHERIT {of};"
    ),
    "replica identity": DDLTemplate.set(
        "ALTER {object} REPLICA IDENTITY {definition};", "ALTER {object} REPLICA IDENTITY DEFAULT;"
    ),
    "clustering": DDLTemplate.set(
        "ALTER {object} CLUSTER ON {definition};", "ALTER {object} SET WITHOUT CLUSTER;"
    ),
    "nullability": DDLTemplate.set(f"{COLUMN} SET NOT NULL;", f"{COLUMN} DROP NOT NULL;"),
    "collation": DDLTemplate.set(
        f"{COLUMN} TYPE {{type}} COLLATE {{definition}};", f"{COLUMN} TYPE {{type}};"
    ),
    "default": DDLTemplate.set(f"{COLUMN} SET DEFAULT {{definition}};", f"{COLUMN} DROP DEFAULT;"),
    "generation": DDLTemplate.set(RECREATE_COLUMN, f"{COLUMN} DROP EXPRESSION;"),
    "identity": DDLTemplate(
        f"{COLUMN} ADD GENERATED {{definition}};\n{AFTER_HIGHEST}",
        f"{COLUMN} DROP IDENTITY;",
        f"{COLUMN} SET GENERATED {{settings}};",
    ),
    "storage": DDLTemplate.set(
        f"{COLUMN} SET STORAGE {{definition}};", f"{COLUMN} SET STORAGE DEFAULT;"
    ),
    "compression": DDLTemplate.set(
        f"{COLUMN} SET COMPRESSION {{definition}};", f"{COLUMN} SET COMPRESSION default;"
    ),
    "statistics target": DDLTemplate.set(
        f"{COLUMN} SET STATISTICS {{definition}};", f"{COLUMN} SET STATISTICS -1;"
    ),
    "constraint": DDLTemplate(
        "ALTER DOMAIN {name} ADD CONSTRAINT {of} {definition};",
        "ALTER DOMAIN {name} DROP CONSTRAINT {of};",
    ),
    "state": DDLTemplate.set(
        "ALTER TABLE {table} {definition} {kind} {name};",
        "ALTER TABLE {table} ENABLE {kind} {name};",
    ),
    "triggers on": DDLTemplate.set(
        "ALTER TABLE {of} {definition} TRIGGER ALL;", "ALTER TABLE {of} ENABLE TRIGGER ALL;"
    ),
    "owner": DDLTemplate.set(
        "ALTER SEQUENCE {name} OWNED BY {definition};", "ALTER SEQUENCE {name} OWNED BY NONE;"
    ),
    "option": DDLTemplate.set(
        "ALTER {object} SET ({of} = {definition});", "ALTER {object} RESET ({of});"
    ),
    "comment": DDLTemplate.set("COMMENT ON {object} IS {literal};", "COMMENT ON {object} IS NULL;"),
    "validity": DDLTemplate.set(INVALID_INDEX, "REINDEX INDEX CONCURRENTLY {name};"),
    **dict.fromkeys(
        ("grant to", "maintenance grant to"),
        DDLTemplate("GRANT {privileges} TO {of};", "REVOKE {privileges} FROM {of};"),
    ),
    **dict.fromkeys(
        ("grant with grant option to", "maintenance grant with grant option to"),
        DDLTemplate(
            "GRANT {privileges} TO {of} WITH GRANT OPTION;", "REVOKE {privileges} FROM {of};"
        ),
    ),
}
# Parts with another syntax for one kind of object.
PARTS_OF_KIND = {
    ("column", "validity"): DDLTemplate.set(
        f"{COLUMN} DROP NOT NULL;\nALTER TABLE {{table}} ADD NOT NULL {{name}} NOT VALID;",
        f"{COLUMN} SET NOT NULL;",
    ),
    ("domain", "default"): DDLTemplate.set(
        "ALTER DOMAIN {name} SET DEFAULT {definition};", "ALTER DOMAIN {name} DROP DEFAULT;"
    ),
    ("domain", "nullability"): DDLTemplate.set(
        "ALTER DOMAIN {name} SET NOT NULL;", "ALTER DOMAIN {name} DROP NOT NULL;"
    ),
    ("column", "option"): DDLTemplate.set(
        f"{COLUMN} SET ({{of}} = {{definition}});", f"{COLUMN} RESET ({{of}});"
    ),
    ("constraint", "option"): DDLTemplate.set(
        "ALTER INDEX {name} SET ({of} = {definition});", "ALTER INDEX {name} RESET ({of});"
    ),
}


def write_ddl(item: Item, expected: Catalog, actual: Catalog, contents: Iterable[Item]) -> str:
    """Return the statements that change the expected definition into the actual one.

    Args:
        item: the item that differs.
        expected: the catalog with its previous definition, if any.
        actual: the catalog with its new definition, if any.
        contents: the items to create together with it.
    """
    if item not in actual:
        return _write(template_for(item.kind, item.part).drop, item, expected)
    if item in expected:
        return _write_change(item, expected, actual)
    separate = [each for each in contents if not _is_created_with_object(each)]
    # A default may use its sequence; the column can only own the sequence when it exists.
    first = [each for each in separate if each.kind == "sequence" and each.part is None]
    last = [each for each in separate if each not in first]
    return "\n".join(
        _write(template_for(each.kind, each.part).create, each, actual)
        for each in (*first, item, *last)
    )


def is_validated(item: Item, expected: Catalog, actual: Catalog) -> bool:
    """Whether a change validates a constraint, and nothing else."""
    is_constraint = item.kind == "constraint" and item.part is None
    return is_constraint and expected.get(item) == f"{actual.get(item)}{NOT_VALID}"


def _write_change(item: Item, expected: Catalog, actual: Catalog) -> str:
    template = template_for(item.kind, item.part)
    before, after = expected[item], actual[item]
    if item.part is not None and "grant" in item.part:
        old, new = (set(each.split(", ")) for each in (before, after))
        changes = ((template.drop, expected, old - new), (template.create, actual, new - old))
        return "\n".join(
            _write(pattern, item, catalog, ", ".join(sorted(privileges)))
            for pattern, catalog, privileges in changes
            if privileges
        )
    if item.kind == "enum" and item.part is None and (ddl := _change_labels(item, before, after)):
        return ddl
    if is_validated(item, expected, actual):
        return _write("ALTER TABLE {table} VALIDATE CONSTRAINT {name};", item, actual)
    if template.alter:
        return _write(template.alter, item, actual)
    return f"{_write(template.drop, item, expected)}\n{_write(template.create, item, actual)}"


def _is_created_with_object(item: Item) -> bool:
    """Whether the CREATE statement of its object or table includes the item."""
    if item.part is None:
        return item.kind in ("column", "constraint")
    if item.kind in (*ROUTINES, *TYPES):
        return item.part == "grant to PUBLIC"  # the default privilege
    return item.kind == "column" and item.part in COLUMN_CLAUSES


def _write(template: str, item: Item, catalog: Catalog, definition: str | None = None) -> str:
    """Fill in a template, by default with the definition in the catalog."""
    definition = catalog[item].rstrip(";") if definition is None else definition
    return template.format(
        table=_table(item),
        name=_name(item),
        kind=item.kind.upper(),
        object=_object(item),
        of=suffix_of(item.part),
        definition=definition,
        partitioning=f" {definition}" if definition else "",
        literal=_literal(definition),
        table_literal=_literal(quote(item.table or "")),
        name_literal=_literal(item.name),
        settings=_identity_settings(definition),
        type=catalog.get(item.without_part),
        column=_column(item.without_part, catalog) if item.kind == "column" else "",
        body=_body(item, catalog),
        privileges=_privileges(item, definition),
    )


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _identity_settings(definition: str) -> str:
    """Return the definition of an identity in the syntax of ALTER COLUMN; its position stays."""
    when = definition.partition(" AS ")[0]
    return " ".join([when, *(f"SET {each}" for each in IDENTITY_OPTION.findall(definition))])


def _name(item: Item) -> str:
    # That of a routine is already quoted, with its arguments.
    name = item.name if item.kind in ROUTINES else quote(item.name)
    is_in_schema = item.kind == "index" or item.table is None
    return f"{quote(item.schema)}.{name}" if item.schema and is_in_schema else name


def _table(item: Item) -> str:
    table = quote(item.table or "")
    return f"{quote(item.schema)}.{table}" if item.schema else table


def _object(item: Item) -> str:
    """Return the object in the syntax of COMMENT."""
    if item.kind == "column":
        return f"COLUMN {_table(item)}.{_name(item)}"
    kind = "TYPE" if item.kind == "enum" else item.kind.upper()
    name = f"{kind} {_name(item)}"
    return f"{name} ON {_table(item)}" if item.kind in ON_A_TABLE else name


def _privileges(item: Item, definition: str) -> str:
    """Return privileges with their object, as in `SELECT (name) ON TABLE companies`."""
    if item.kind == "column":
        privileges = ", ".join(f"{each} ({_name(item)})" for each in definition.split(", "))
        return f"{privileges} ON TABLE {_table(item)}"
    if item.kind in TABLES:
        kind = "TABLE"
    elif item.kind in TYPES:
        kind = "TYPE"
    else:
        kind = "FUNCTION" if item.kind == "aggregate" else item.kind.upper()
    return f"{definition} ON {kind} {_name(item)}"


def _column(item: Item, catalog: Catalog) -> str:
    """Return a column in the syntax of CREATE TABLE."""
    definitions = ((each, catalog.get(item._replace(part=each))) for each in COLUMN_CLAUSES)
    clauses = [COLUMN_CLAUSES[part].format(text) for part, text in definitions if text]
    return " ".join([quote(item.name), catalog[item], *clauses])


def _body(item: Item, catalog: Catalog) -> str:
    """Return the columns and constraints of a table."""
    contents = [
        each
        for each in catalog
        if (each.schema, each.table, each.part) == (item.schema, item.name, None)
    ]
    columns = [_column(each, catalog) for each in contents if each.kind == "column"]
    constraints = [
        f"CONSTRAINT {quote(each.name)} {catalog[each]}"
        for each in contents
        if each.kind == "constraint"
    ]
    return ", ".join([*columns, *constraints])


def _change_labels(item: Item, expected: str, actual: str) -> str:
    """Return the statements that add or rename enum labels; empty if other changes are needed."""
    before, after = string_literals(expected), string_literals(actual)
    change = f"ALTER TYPE {_name(item)}"
    if len(before) == len(after):
        pairs = zip(before, after, strict=True)
        return "\n".join(f"{change} RENAME VALUE {a} TO {b};" for a, b in pairs if a != b)
    if not before or [each for each in after if each in before] != before:
        return ""
    positions = [f"BEFORE {before[0]}", *(f"AFTER {label}" for label in after)]
    return "\n".join(
        f"{change} ADD VALUE {label} {position};"
        for label, position in zip(after, positions, strict=False)
        if label not in before
    )


def quote(name: str) -> str:
    """Quote a name if SQL requires it; a percent sign is not doubled, as no driver reads it."""
    is_valid = UNQUOTED.fullmatch(name) and name not in RESERVED_WORDS
    return name if is_valid else '"' + name.replace('"', '""') + '"'


def template_for(kind: str, part: str | None) -> DDLTemplate:
    """Return the template of a kind of object, or of a part of it."""
    if part is None:
        return OBJECTS[kind]
    name = _part_name(part)
    return PARTS_OF_KIND.get((kind, name), PARTS[name])


def suffix_of(part: str | None) -> str:
    """Return the text after the name of a part, such as the role of a grant."""
    return part[len(_part_name(part)) :].strip() if part else ""


def _part_name(part: str) -> str:
    return max((name for name in PARTS if f"{part} ".startswith(f"{name} ")), key=len)
