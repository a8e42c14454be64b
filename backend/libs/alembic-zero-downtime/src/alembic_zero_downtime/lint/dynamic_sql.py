"""Find the SQL that a DO block executes (PostgreSQL manual, "Executing Dynamic Commands")."""

from collections.abc import Iterator

from alembic_zero_downtime.sql import Statement, split_statements, string_literals

# PL/pgSQL's EXECUTE; neither the privilege nor the function of a trigger.
EXECUTE = r"(?<![.\w$])EXECUTE\b(?! ON\b| (?:FUNCTION|PROCEDURE) [\w$.]+ ?\()"
EXECUTE_LITERAL = rf"{EXECUTE} ?(?P<literal>''(?: '')*|\$\$)(?= ?(?:INTO\b|LOOP\b|USING\b|$))"


def statements_in_do_block(statement: Statement) -> Iterator[Statement]:
    """Yield the statements that a DO block runs, also those in the literals that it executes."""
    if not statement.matches(r"^DO\b"):
        return
    for body in statement.bodies:
        for inner in split_statements(body):
            yield inner
            for literal in _executed_literals(inner):
                for executed in split_statements(literal):
                    yield executed
                    yield from statements_in_do_block(executed)


def builds_sql(statement: Statement) -> bool:
    """Whether a statement of a DO block executes an expression that is not a plain literal."""
    return len(list(statement.find_all(EXECUTE))) > len(list(_executed_literals(statement)))


def _executed_literals(statement: Statement) -> Iterator[str]:
    """Yield the text of each plain literal that is executed; E'…' is not a plain one."""
    strings = string_literals(statement.text)
    for match in statement.find_all(EXECUTE_LITERAL):
        before = statement.words[: match.start("literal")]
        if match["literal"] == "$$":
            yield statement.bodies[before.count("$$")]
            continue
        first = before.count("''")
        parts = strings[first : first + match["literal"].count("''")]
        if all(part.startswith("'") for part in parts):
            yield "".join(part[1:-1].replace("''", "'") for part in parts)
