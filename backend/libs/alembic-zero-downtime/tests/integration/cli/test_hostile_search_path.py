"""No command that only looks at a database calls its functions and operators.

Those of this test have the names and the types of the server's own, or types that match a call even
better. If one is called, it leaves a file; the role of the tests is a superuser.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from support.databases import execute
from support.hostile import hostile
from support.project import ProjectCopy
from support.shell import Done

# Slow: it starts or resets servers and databases of its own.
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("shadow_server")]
Manage = Callable[..., Done]
# The name and the arguments.
FUNCTIONS = [
    *("pg_get_viewdef(oid)", "pg_get_viewdef(oid, boolean)", "pg_get_viewdef(regclass)"),
    *("pg_get_constraintdef(oid)", "pg_get_indexdef(oid, int, boolean)", "pg_get_expr(text, oid)"),
    *("pg_get_expr(pg_node_tree, oid)", "pg_get_functiondef(oid)"),
    "pg_get_triggerdef(oid, boolean)",
    *("format_type(oid, int)", "format(text, name)", "format(text, text)", "btrim(text, text)"),
    *("concat_ws(text, text, text)", "concat_ws(text, text, text, text)", "quote_ident(text)"),
    *("quote_ident(name)", "current_schema()", "current_schemas(boolean)", "version()"),
    *("current_database()", "current_setting(text)", "set_config(text, text, boolean)"),
    *("pg_relation_filenode(oid)", "pg_relation_size(oid)", "pg_table_size(oid)"),
    *("pg_total_relation_size(oid)", "pg_database_size(name)", "pg_backend_pid()"),
    *("pg_table_is_visible(oid)", "to_regclass(text)", "acldefault(text, oid)"),
    *("pg_has_role(text, text)", "clock_timestamp()"),
]
# An operator, and the types of its arguments.
OPERATORS = [
    *("= (name, name)", "= (name, text)", "= (text, text)", "= (oid, regclass)"),
    *("= (regclass, oid)", "= (oid, regnamespace)", '= ("char", text)', "= (oid, oid)"),
    *("<> (name, name)", "<> (name, text)", '<> ("char", text)', "!~ (name, name)"),
    *("!~ (name, text)", ">= (oid, int)", "> (smallint, int)", "|| (text, regclass)"),
    *("|| (regnamespace, text)", "|| (text, name)", "* (bigint, bigint)", "/ (int, int)"),
]


def write_function(signature: str, returns: str, number: int) -> str:
    """Return the statement that creates a function of the schema `public`, which attacks."""
    return (
        f"CREATE FUNCTION public.{signature} RETURNS {returns} LANGUAGE sql AS"
        f" $$ SELECT hostile.attack('{number}')::text::{returns} $$"
    )


@pytest.fixture(params=["public, pg_catalog", '"$user", public'])
def target(request: pytest.FixtureRequest, migrated: Engine) -> Iterator[tuple[Engine, Path]]:
    """Return a database with this search path, and the folder that the attacks write into."""
    with hostile(migrated, objects="") as folder:
        statements = ["SET LOCAL search_path = pg_catalog"]
        for number, function in enumerate(FUNCTIONS):
            statements.append(write_function(function, "text", number))
        for number, each in enumerate(OPERATORS, start=len(FUNCTIONS)):
            operator, left, right = re.split(r" \(|, |\)$", each)[:3]
            name = f"operator_{number}"
            statements.append(write_function(f"{name}({left}, {right})", "boolean", number))
            statements.append(
                f"CREATE OPERATOR public.{operator}"
                f" (LEFTARG = {left}, RIGHTARG = {right}, FUNCTION = public.{name})"
            )
        execute(migrated, ";".join(statements))
        execute(migrated, "CREATE VIEW public.looked AS SELECT 1 AS n")
        path = request.param
        execute(migrated, f"ALTER DATABASE {migrated.url.database} SET search_path = {path}")
        migrated.dispose()
        yield migrated, folder
        execute(migrated, f"ALTER DATABASE {migrated.url.database} RESET search_path")


@pytest.mark.parametrize("command", ["check", "plan", "info"])
def test_command_calls_no_function_of_the_database(
    command: str, target: tuple[Engine, Path], project: ProjectCopy, manage: Manage
) -> None:
    engine, folder = target
    for file in folder.iterdir():  # of the statements of the test itself
        file.unlink()
    project.add('op.execute("ALTER TABLE companies ADD COLUMN probe int")')
    done = manage(engine.url, command, ini=project.ini)
    assert "alembic-zero-downtime: cannot" not in done.stderr
    assert done.stdout
    numbered = [*FUNCTIONS, *OPERATORS]
    called = {numbered[int(file.name.rpartition("-")[2])] for file in folder.iterdir()}
    assert called == set()
