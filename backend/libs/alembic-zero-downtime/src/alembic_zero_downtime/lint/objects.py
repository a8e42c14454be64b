"""Find the statements of a revision on columns, views, types and others that no release uses.

A column or an object that the revision creates is not in use yet, also under another name. A view
that is dropped and created again in one transaction is there for every other session.
"""

from collections.abc import Iterator, Sequence
from re import Match

from alembic_zero_downtime.lint.offline_sql import RenderedStatement, StatementKey
from alembic_zero_downtime.sql import ALTER_TABLE, IF, Statement

# Objects without rows: one of the same name takes the place of another.
REPLACEABLE = {"AGGREGATE", "DOMAIN", "FUNCTION", "PROCEDURE", "TYPE", "VIEW"}
KINDS = "|".join(sorted(REPLACEABLE | {"EXTENSION", "SCHEMA", "SEQUENCE"}))
OPTIONS = r"(?:OR REPLACE |TEMP(?:ORARY)? |RECURSIVE |UNLOGGED )*"
NO_COLUMN = r"(?!CONSTRAINT\b|CHECK\b|EXCLUDE\b|FOREIGN\b|GENERATED\b|PRIMARY\b|UNIQUE\b|VALUE\b)"
NAME = r"(?P<name>[\w$.]+)"
ARGUMENTS = r"(?: ?\([^()]*(?:\([^()]*\)[^()]*)*\))?"

ADDS_COLUMN = (
    rf"\bADD (?:COLUMN {IF}|(?!COLUMN\b){IF}{NO_COLUMN})"
    r"(?P<name>[\w$]+)(?P<options>[^,(]*(?:\([^()]*\)[^,(]*)*)"
)
RENAMES_COLUMN = r"\bRENAME (?!CONSTRAINT\b|TO\b)(?:COLUMN )?(?P<name>[\w$]+) TO (?P<new>[\w$]+)"
DROPS_COLUMN = (
    r"\bDROP (?!CONSTRAINT\b|DEFAULT\b|EXPRESSION\b|IDENTITY\b|NOT NULL\b)(?:COLUMN )?"
    rf"{IF}(?P<name>[\w$]+)"
)
ALTERS_COLUMN = r"\bALTER (?!TABLE\b)(?:COLUMN )?(?P<name>[\w$]+) (?P<action>\w+ \w+)"
DROPS_TABLE = rf"^DROP TABLE {IF}(?P<names>[\w$.]+(?:, ?[\w$.]+)*)"
CREATES = rf"^CREATE {OPTIONS}(?P<kind>{KINDS}) {IF}{NAME}"
DROPS = (
    rf"^DROP (?P<kind>{KINDS}) {IF}(?P<names>[\w$.]+{ARGUMENTS}(?:, ?[\w$.]+{ARGUMENTS})*)"
    r"(?P<cascade> CASCADE)?$"
)
ALTERS = rf"^ALTER (?P<kind>{KINDS}) {IF}{NAME}{ARGUMENTS}(?: RENAME TO (?P<new>[\w$]+))?"

Object = tuple[str, str]
"""The kind of an object, and its name without the schema."""


def find_lifetime_of_names(statements: Sequence[RenderedStatement]) -> Iterator[StatementKey]:
    """Yield the statements on columns and objects that no release uses.

    Args:
        statements: of one path, in their order.
    """
    yield from _on_new_columns(statements)
    yield from _on_new_objects(statements)


def _on_new_columns(statements: Sequence[RenderedStatement]) -> Iterator[StatementKey]:
    new: dict[tuple[str, str], bool] = {}  # whether the column is NOT NULL
    for rendered in statements:
        statement = rendered.statement
        table = statement.qualified_table
        if not table or not statement.matches(ALTER_TABLE):
            continue
        used = [(table, match["name"].lower(), match) for match in _used_columns(statement)]
        if used and all(
            (table, name) in new and not (new[table, name] and _drops_default(match))
            for table, name, match in used
        ):
            yield rendered.key
        for _, name, match in used:
            if (table, name) in new and "new" in match.groupdict():
                new[table, match["new"].lower()] = new.pop((table, name))
        for match in statement.find_all(ADDS_COLUMN):
            new[table, match["name"].lower()] = "NOT NULL" in match["options"].upper()


def _used_columns(statement: Statement) -> Iterator[Match[str]]:
    for pattern in (RENAMES_COLUMN, DROPS_COLUMN, ALTERS_COLUMN):
        yield from statement.find_all(pattern)


def _drops_default(match: Match[str]) -> bool:
    """Whether the INSERTs of a release fail, if the column is NOT NULL."""
    return match.groupdict().get("action", "").upper() == "DROP DEFAULT"


def _on_new_objects(statements: Sequence[RenderedStatement]) -> Iterator[StatementKey]:
    new: set[Object] = set()
    for number, rendered in enumerate(statements):
        statement = rendered.statement
        later = statements[number + 1 :]
        if match := statement.find(CREATES):
            new.add(_object(match, match["name"]))
        elif match := statement.find(DROPS):
            dropped = [_object(match, name) for name in _names(match["names"])]
            others = [*statements[:number], *later]
            if all(
                each in new
                or (not match["cascade"] and _is_replaced(each, rendered, later))
                or (not match["cascade"] and _goes_with_table(each, others))
                for each in dropped
            ):
                yield rendered.key
            new.difference_update(dropped)
        elif match := statement.find(ALTERS):
            altered = _object(match, match["name"])
            is_replaced = bool(match["new"]) and _is_replaced(altered, rendered, later)
            if altered in new or is_replaced:
                yield rendered.key
            # Under its new name no release knows it, and a replaceable object has no rows to lose.
            if match["new"] and (altered in new or altered[0] in REPLACEABLE):
                new.discard(altered)
                new.add(_object(match, match["new"]))


def _goes_with_table(gone: Object, others: Sequence[RenderedStatement]) -> bool:
    """Whether a release misses the table of an object, or its column, and not only that.

    PostgreSQL drops a type without CASCADE only if no other table uses it.
    """
    drops = (each.statement.find(DROPS_TABLE) for each in others)
    tables = [
        name.strip().rpartition(".")[2].lower()
        for match in drops
        if match
        for name in match["names"].split(",")
    ]
    match gone:
        case ("TYPE" | "DOMAIN", _):
            return bool(tables) or any(
                each.statement.matches(ALTER_TABLE) and each.statement.matches(DROPS_COLUMN)
                for each in others
            )
        case ("SEQUENCE", name):
            return any(name.startswith(f"{table}_") for table in tables)
        case _:
            return False


def _is_replaced(gone: Object, by: RenderedStatement, later: Sequence[RenderedStatement]) -> bool:
    """Whether an object of the same name appears in the same transaction."""
    if gone[0] not in REPLACEABLE or by.autocommit_block is not None:
        return False
    return any(
        gone in _appearing(each.statement) for each in later if each.autocommit_block is None
    )


def _appearing(statement: Statement) -> Iterator[Object]:
    if match := statement.find(CREATES):
        yield _object(match, match["name"])
    if (match := statement.find(ALTERS)) and match["new"]:
        yield _object(match, match["new"])


def _object(match: Match[str], name: str) -> Object:
    return match["kind"].upper(), name.rpartition(".")[2].lower()


def _names(names: str) -> Iterator[str]:
    """Yield the names in a list of objects, without the arguments of functions."""
    depth, name = 0, ""
    for character in f"{names},":
        depth += (character == "(") - (character == ")")
        if character == "," and not depth:
            yield name.partition("(")[0].strip()
            name = ""
        else:
            name += character
