"""How each kind of thing in a catalog comes in, goes and is changed, as templates of SQL."""

from typing import NamedTuple, Self

COLUMN = "ALTER TABLE {table} ALTER COLUMN {name}"
ANEW = "ALTER TABLE {table} DROP COLUMN {name};\nALTER TABLE {table} ADD COLUMN {column};"
UNFINISHED = "-- {name} is what a CREATE INDEX CONCURRENTLY leaves that did not come to its end"


class Way(NamedTuple):
    """How a thing comes in and how it goes; and how it is changed, if not by going and coming."""

    make: str
    undo: str
    change: str | None = None

    @classmethod
    def set(cls, make: str, undo: str) -> Self:
        """Return the way of what is set, whether or not it was set before."""
        return cls(make, undo, make)


OBJECTS = {
    "table": Way("CREATE TABLE {name} ({body}){partitioning};", "DROP TABLE {name};"),
    "foreign table": Way(
        "CREATE FOREIGN TABLE {name} ({body}) {definition};", "DROP FOREIGN TABLE {name};"
    ),
    "view": Way.set("CREATE OR REPLACE VIEW {name} AS {definition};", "DROP VIEW {name};"),
    "materialized view": Way(
        "CREATE MATERIALIZED VIEW {name} AS {definition};", "DROP MATERIALIZED VIEW {name};"
    ),
    "column": Way(
        "ALTER TABLE {table} ADD COLUMN {column};",
        "ALTER TABLE {table} DROP COLUMN {name};",
        f"{COLUMN} TYPE {{definition}};",
    ),
    "constraint": Way(
        "ALTER TABLE {table} ADD CONSTRAINT {name} {definition};",
        "ALTER TABLE {table} DROP CONSTRAINT {name};",
    ),
    "index": Way("{definition};", "DROP INDEX {name};"),
    "trigger": Way("{definition};", "DROP TRIGGER {name} ON {table};"),
    "rule": Way("{definition};", "DROP RULE {name} ON {table};"),
    "policy": Way(
        "CREATE POLICY {name} ON {table} {definition};", "DROP POLICY {name} ON {table};"
    ),
    "statistics": Way("CREATE STATISTICS {name} {definition};", "DROP STATISTICS {name};"),
    "sequence": Way(
        "CREATE SEQUENCE {name} {definition};",
        "DROP SEQUENCE {name};",
        "ALTER SEQUENCE {name} {definition};",
    ),
    "function": Way.set("CREATE OR REPLACE FUNCTION {definition};", "DROP FUNCTION {name};"),
    "procedure": Way.set("CREATE OR REPLACE PROCEDURE {definition};", "DROP PROCEDURE {name};"),
    "aggregate": Way("CREATE AGGREGATE {name} ({definition});", "DROP AGGREGATE {name};"),
    "enum": Way("CREATE TYPE {name} AS ENUM ({definition});", "DROP TYPE {name};"),
    "domain": Way("CREATE DOMAIN {name} AS {definition};", "DROP DOMAIN {name};"),
    "type": Way("CREATE TYPE {name} AS {definition};", "DROP TYPE {name};"),
}
PARTS = {
    "persistence": Way.set("ALTER {object} SET UNLOGGED;", "ALTER {object} SET LOGGED;"),
    "row security": Way.set(
        "ALTER {object} ENABLE ROW LEVEL SECURITY;", "ALTER {object} DISABLE ROW LEVEL SECURITY;"
    ),
    "row security of the owner": Way.set(
        "ALTER {object} FORCE ROW LEVEL SECURITY;", "ALTER {object} NO FORCE ROW LEVEL SECURITY;"
    ),
    "access method": Way.set(
        "ALTER {object} SET ACCESS METHOD {definition};", "ALTER {object} SET ACCESS METHOD heap;"
    ),
    "partition of": Way(
        "ALTER TABLE {of} ATTACH PARTITION {name} {definition};",
        "ALTER TABLE {of} DETACH PARTITION {name};",
    ),
    "inheritance from": Way("ALTER {object} INHERIT {of};", "ALTER {object} NO INHERIT {of};"),
    "replica identity": Way.set(
        "ALTER {object} REPLICA IDENTITY {definition};", "ALTER {object} REPLICA IDENTITY DEFAULT;"
    ),
    "clustering": Way.set(
        "ALTER {object} CLUSTER ON {definition};", "ALTER {object} SET WITHOUT CLUSTER;"
    ),
    "nullability": Way.set(f"{COLUMN} SET NOT NULL;", f"{COLUMN} DROP NOT NULL;"),
    "collation": Way.set(
        f"{COLUMN} TYPE {{type}} COLLATE {{definition}};", f"{COLUMN} TYPE {{type}};"
    ),
    "default": Way.set(f"{COLUMN} SET DEFAULT {{definition}};", f"{COLUMN} DROP DEFAULT;"),
    "generation": Way.set(ANEW, f"{COLUMN} DROP EXPRESSION;"),
    "identity": Way(f"{COLUMN} ADD GENERATED {{definition}};", f"{COLUMN} DROP IDENTITY;"),
    "storage": Way.set(f"{COLUMN} SET STORAGE {{definition}};", f"{COLUMN} SET STORAGE DEFAULT;"),
    "compression": Way.set(
        f"{COLUMN} SET COMPRESSION {{definition}};", f"{COLUMN} SET COMPRESSION default;"
    ),
    "statistics target": Way.set(
        f"{COLUMN} SET STATISTICS {{definition}};", f"{COLUMN} SET STATISTICS -1;"
    ),
    "constraint": Way(
        "ALTER DOMAIN {name} ADD CONSTRAINT {of} {definition};",
        "ALTER DOMAIN {name} DROP CONSTRAINT {of};",
    ),
    "state": Way.set(
        "ALTER TABLE {table} {definition} {kind} {name};",
        "ALTER TABLE {table} ENABLE {kind} {name};",
    ),
    "triggers on": Way.set(
        "ALTER TABLE {of} {definition} TRIGGER ALL;", "ALTER TABLE {of} ENABLE TRIGGER ALL;"
    ),
    "owner": Way.set(
        "ALTER SEQUENCE {name} OWNED BY {definition};", "ALTER SEQUENCE {name} OWNED BY NONE;"
    ),
    "option": Way.set("ALTER {object} SET ({of} = {definition});", "ALTER {object} RESET ({of});"),
    "comment": Way.set("COMMENT ON {object} IS {literal};", "COMMENT ON {object} IS NULL;"),
    "validity": Way.set(UNFINISHED, "REINDEX INDEX CONCURRENTLY {name};"),
    **dict.fromkeys(
        ("grant to", "maintenance grant to"),
        Way("GRANT {privileges} TO {of};", "REVOKE {privileges} FROM {of};"),
    ),
    **dict.fromkeys(
        ("grant with grant option to", "maintenance grant with grant option to"),
        Way("GRANT {privileges} TO {of} WITH GRANT OPTION;", "REVOKE {privileges} FROM {of};"),
    ),
}
# What a kind calls otherwise than the others, or reaches through another object.
PARTS_OF_KIND = {
    ("column", "validity"): Way.set(
        f"{COLUMN} DROP NOT NULL;\nALTER TABLE {{table}} ADD NOT NULL {{name}} NOT VALID;",
        f"{COLUMN} SET NOT NULL;",
    ),
    ("domain", "default"): Way.set(
        "ALTER DOMAIN {name} SET DEFAULT {definition};", "ALTER DOMAIN {name} DROP DEFAULT;"
    ),
    ("domain", "nullability"): Way.set(
        "ALTER DOMAIN {name} SET NOT NULL;", "ALTER DOMAIN {name} DROP NOT NULL;"
    ),
    ("column", "option"): Way.set(
        f"{COLUMN} SET ({{of}} = {{definition}});", f"{COLUMN} RESET ({{of}});"
    ),
    ("constraint", "option"): Way.set(
        "ALTER INDEX {name} SET ({of} = {definition});", "ALTER INDEX {name} RESET ({of});"
    ),
}


def way_of(kind: str, part: str | None) -> Way:
    """Return how such a thing, or such a part of it, comes, goes and changes."""
    if part is None:
        return OBJECTS[kind]
    name = _name_of(part)
    return PARTS_OF_KIND.get((kind, name), PARTS[name])


def what_follows(part: str | None) -> str:
    """Return what a part has behind its name, such as the role of a grant."""
    return part[len(_name_of(part)) :].strip() if part else ""


def _name_of(part: str) -> str:
    return max((name for name in PARTS if f"{part} ".startswith(f"{name} ")), key=len)
