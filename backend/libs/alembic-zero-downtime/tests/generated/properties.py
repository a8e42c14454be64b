"""What must hold of the revisions that autogenerate writes for generated models.

Every written revision runs up, down and up with rows, and lints clean; it ends where SQLAlchemy
would create the models; a second run of autogenerate, and the check, find no difference; and its
SQL of `--sql` creates the same schema.
"""

import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alembic.util import CommandError
from sqlalchemy import URL, Connection, create_engine
from sqlalchemy.exc import SAWarning
from sqlalchemy.pool import NullPool

from alembic_zero_downtime.check.schema_check import check_schema
from alembic_zero_downtime.database.connection import MigrationDatabase
from alembic_zero_downtime.database.url import DatabaseURL
from alembic_zero_downtime.lint.linter import lint
from alembic_zero_downtime.migration_environment import MigrationEnvironment
from alembic_zero_downtime.schema.catalog import Item, read_catalog
from generated.draft import quoted
from generated.models import Models, Table, TableKey
from generated.outcome import FaultError, InvalidModelsError, RefusedError, faults_of, outline
from generated.project import GeneratedProject, generated_project, load
from generated.reduce import History
from generated.tables import SCHEMAS
from support.databases import new_database
from support.shell import psql

MODELLED = {
    "ban-char-field",
    "ban-create-domain-with-constraint",
    "identifier-too-long",
    "prefer-identity",
    "prefer-text-field",
    "prefer-timestamp-tz",
}
"""Rules of the lint about what the models choose, not about how a revision makes it."""
NEEDS_A_REASON = {"ban-drop-table", "ban-drop-column", "ban-drop-default"}
"""Rules that only the author of a revision can suppress (docs/migrations)."""

SYNONYMS = re.compile(r"CURRENT_TIMESTAMP|LOCALTIMESTAMP|transaction_timestamp\(\)")
"""Other names of now(): a change from one to the other needs no revision."""
CHOSEN = re.compile(r"(.*_)(check|excl|fkey|key)\d*")
"""Names of the server, with a number where several constraints would have the same, and cut."""

Definitions = Mapping[tuple[str, Item], str]
"""The catalogs of several schemas."""
Rows = dict[TableKey, list[tuple[Any, ...]]]


def check_history(server: URL, history: History) -> None:
    """Check all properties of models, and of the next ones.

    Args:
        server: the administrative database of a server.
        history: the models of one release after another.

    Raises:
        FaultError: A property does not hold.
        RefusedError: Autogenerate refuses a change.
        InvalidModelsError: SQLAlchemy itself cannot create the models.
    """
    expected = [create_with_sqlalchemy(server, each) for each in history]
    with generated_project(server) as project:
        with faults_of("upgrade to the schemas"):
            project.upgrade()
        previous: Models | None = None
        for models, definitions in zip(history, expected, strict=True):
            check_models(project, previous, models, definitions)
            previous = models
        check_offline_sql(server, project)


def check_models(
    project: GeneratedProject, previous: Models | None, models: Models, expected: Definitions
) -> None:
    """Check the revisions from the models before to these; the database is at the former."""
    project.use(models)
    paths = write_revisions(project)
    if not paths:
        actual = read_definitions(project.url)
        require_equal("autogenerate finds nothing", expected, actual, of_models=True)
        return
    try:
        check_lint(project, paths)
        check_runs(project, previous, models, expected, paths)
        check_agreement(project)
    except FaultError as fault:
        texts = [each.read_text("utf-8") for each in paths]
        raise FaultError(fault.kind, "\n\n".join([str(fault), *texts])) from fault


def check_runs(
    project: GeneratedProject,
    previous: Models | None,
    models: Models,
    expected: Definitions,
    paths: list[Path],
) -> None:
    """Check that revisions run up, down and up with rows, and end at the models."""
    before = read_definitions(project.url)
    rows = read_rows(project, previous, models)

    def require(step: str, definitions: Definitions, lost: frozenset[Item] = frozenset()) -> None:
        of_models = definitions is expected
        actual = read_definitions(project.url)
        require_equal(step, definitions, actual, lost, of_models=of_models)
        if read_rows(project, previous, models) != rows:
            raise FaultError(f"{step} changes rows", f"{rows}")

    with faults_of("upgrade"):
        project.upgrade()
    old = {each.key for each in previous.tables} if previous else set()
    add_partitions(project, [each for each in models.tables if each.key not in old])
    if previous is None:
        insert_rows(project, models)
    require("upgrade", expected)
    with faults_of("downgrade"):
        project.downgrade(f"{int(paths[0].name[:3]) - 1:03d}")
    lost = _lost_columns(previous, models) | _orphaned_keys(before, previous, models)
    require("downgrade", before, lost)
    with faults_of("second upgrade"):
        project.upgrade()
    require("second upgrade", expected)
    if previous is None:
        insert_rows(project, models)


def write_revisions(project: GeneratedProject) -> list[Path]:
    """Let autogenerate write revisions; return their files.

    Raises:
        RefusedError: It refuses in one line, and has written nothing.
    """
    before = project.revisions
    try:
        with faults_of("autogenerate"):
            paths = project.write("change the models")
    except FaultError as fault:
        if project.revisions != before:
            raise FaultError("autogenerate fails and leaves files", str(fault)) from fault
        cause = fault.__cause__
        if isinstance(cause, CommandError) and "\n" not in str(cause):
            raise RefusedError(str(cause)) from fault
        raise
    return paths


def check_lint(project: GeneratedProject, paths: list[Path]) -> None:
    """Check that the lint has no finding in revisions."""
    environment = MigrationEnvironment(project.definition, project.config())
    with faults_of("lint"):
        findings = lint(environment, everything=True).findings
    for each in findings:
        if each.path in paths and each.rule.name not in MODELLED | NEEDS_A_REASON:
            raise FaultError(f"lint: {each.rule.name}: {outline(each.message)}", each.message)


def add_partitions(project: GeneratedProject, tables: list[Table]) -> None:
    """Add a revision with the partitions of new tables, and run it."""
    if statements := [each.statement for table in tables for each in table.partitions]:
        project.add("create partitions", statements, [])
        with faults_of("upgrade to the partitions"):
            project.upgrade()


def insert_rows(project: GeneratedProject, models: Models) -> None:
    """Insert a row into each table."""
    with faults_of("insertion"), project.engine.begin() as connection:
        _insert(connection, models)


def check_agreement(project: GeneratedProject) -> None:
    """Check that neither autogenerate nor the check finds a difference."""
    with faults_of("second autogenerate"):
        paths = project.write("again")
    if paths:
        texts = "\n".join(each.read_text("utf-8") for each in paths)
        raise FaultError("second autogenerate writes a revision", texts)
    address = DatabaseURL(project.url, "the example")
    database = MigrationDatabase(address, project.definition.read_settings())
    with faults_of("check"):
        result = check_schema(project.definition, database, project.config())
    for name in ("models", "autogenerate", "database", "unknown"):
        for difference in getattr(result, name) or ():
            raise FaultError(f"check: {name}: {outline(str(difference))}", str(difference))


def check_offline_sql(server: URL, project: GeneratedProject) -> None:
    """Check that psql creates the same schema from the SQL of `--sql`."""
    with faults_of("--sql"):
        script = project.offline_sql()
    with new_database(server) as url:
        try:
            psql(url, script)
        except AssertionError as error:
            raise FaultError(f"psql: {outline(str(error))}", str(error)) from error
        require_equal("--sql", read_definitions(project.url), read_definitions(url))


def create_with_sqlalchemy(server: URL, models: Models) -> Definitions:
    """Return the definitions of the models as SQLAlchemy creates them, with a row in each table.

    Raises:
        InvalidModelsError: It cannot.
    """
    with new_database(server) as url:
        engine = create_engine(url, poolclass=NullPool)
        try:
            metadata = load(models)
            with warnings.catch_warnings(), engine.begin() as connection:
                warnings.simplefilter("ignore", SAWarning)  # of cycles of foreign keys
                for schema in SCHEMAS:
                    connection.exec_driver_sql(f"CREATE SCHEMA {quoted(schema)}")
                metadata.create_all(connection)
                for table in models.tables:
                    for partition in table.partitions:
                        connection.exec_driver_sql(partition.statement.replace("%", "%%"))
                _insert(connection, models)
        except Exception as error:
            raise InvalidModelsError(str(error)) from error
        return read_definitions(url)


def read_definitions(url: URL) -> Definitions:
    """Return the definitions of all schemas of a database."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        return {
            (schema, item): text
            for schema in ("public", *SCHEMAS)
            for item, text in read_catalog(connection, schema).items()
        }


def read_rows(project: GeneratedProject, previous: Models | None, models: Models) -> Rows:
    """Return the rows of the columns that both have, with the same type."""
    after = {each.key: each for each in models.tables}
    rows: Rows = {}
    with project.engine.connect() as connection:
        for table in previous.tables if previous else ():
            columns = {(each.name, each.type) for each in table.columns}
            kept = after[table.key].columns if table.key in after else ()
            names = ", ".join(
                f"{quoted(each.name)}::text" for each in kept if (each.name, each.type) in columns
            )
            if names:
                query = f"SELECT {names} FROM {_place(table)}"
                found = connection.exec_driver_sql(query.replace("%", "%%"))
                rows[table.key] = [tuple(row) for row in found]
    return rows


def require_equal(
    step: str,
    expected: Definitions,
    actual: Definitions,
    lost: frozenset[Item] = frozenset(),
    *,
    of_models: bool = False,
) -> None:
    """Require that a step ends with these definitions.

    Args:
        step: its name, for the fault.
        expected: the definitions.
        actual: those of the database.
        lost: the items whose values a downgrade cannot restore.
        of_models: whether they are of models: a constraint that these leave NOT VALID may be valid.

    Raises:
        FaultError: It does not.
    """
    expected, actual = _comparable(expected), _comparable(actual)
    lost = frozenset(map(_without_number, lost))
    for key in sorted({*expected, *actual}, key=repr):
        before, after = expected.get(key), actual.get(key)
        _, item = key
        if item.kind == "sequence" and before is None:
            continue  # of a default that is gone: other tables may use it
        if of_models and before is not None and before.replace(" NOT VALID", "") == after:
            continue
        if before != after and not (item in lost and after in (None, f"{before} NOT VALID")):
            kind = " ".join(filter(None, [item.part, item.kind]))
            raise FaultError(f"{step}: {kind} differs", f"{key}: {before!r} -> {after!r}")


def _comparable(definitions: Definitions) -> Definitions:
    """Return definitions without the numbers in names, which follow the order of creation."""
    found: dict[tuple[str, Item], list[str]] = {}
    for (schema, item), definition in definitions.items():
        same = found.setdefault((schema, _without_number(item)), [])
        same.append(SYNONYMS.sub("now()", definition))
    return {key: "; ".join(sorted(texts)) for key, texts in found.items()}


def _without_number(item: Item) -> Item:
    chosen = CHOSEN.fullmatch(item.name) if item.kind == "constraint" else None
    if chosen is None:
        return item
    return item._replace(name=chosen[2] if chosen[2] == "check" else chosen[1] + chosen[2])


def _lost_columns(previous: Models | None, models: Models) -> frozenset[Item]:
    """Return NOT NULL of dropped columns, whose values a downgrade cannot restore."""
    after = {each.key: {one.name for one in each.columns} for each in models.tables}
    return frozenset(
        Item("column", name, column.name, "nullability")
        for table in (previous.tables if previous else ())
        for name in (table.name, *(each.name for each in table.partitions))
        for column in table.columns
        if table.key in after and column.name not in after[table.key]
    )


def _orphaned_keys(before: Definitions, previous: Models | None, models: Models) -> frozenset[Item]:
    """Return the foreign keys to dropped tables, whose rows a downgrade cannot restore."""
    kept = {each.key for each in models.tables}
    orphaned = {
        table.name
        for table in (previous.tables if previous else ())
        if not {each.target for each in table.parts if each.target} <= kept
    }
    return frozenset(
        item
        for (_, item), text in before.items()
        if item.kind == "constraint" and item.table in orphaned and text.startswith("FOREIGN KEY")
    )


def _insert(connection: Connection, models: Models) -> None:
    """Insert a row into each table; the foreign keys refer to each other's."""
    connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
    for table in models.tables:
        given = [each for each in table.columns if each.is_given]
        names = ", ".join(quoted(each.name) for each in given)
        values = ", ".join(each.value for each in given)
        statement = (
            f"INSERT INTO {_place(table)} ({names}) OVERRIDING SYSTEM VALUE VALUES ({values})"
        )
        connection.exec_driver_sql(statement.replace("%", "%%"))


def _place(table: Table) -> str:
    return f"{quoted(table.schema)}.{quoted(table.name)}" if table.schema else quoted(table.name)
