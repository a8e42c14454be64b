"""Copies of the two histories that were written without this library, each with a database."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import URL, Engine, create_engine, text
from sqlalchemy.pool import NullPool

from support.shell import TESTS, as_text

FOLDER = TESTS / "integration" / "histories"
SCHEMAS = text("""
    SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
""")
OBJECTS = text("""
    SELECT table_schema || '.' || table_name, column_name, data_type, is_nullable, column_default
      FROM information_schema.columns
     WHERE table_schema = ANY (:schemas) AND table_name NOT LIKE 'migration\\_%'
    UNION ALL
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), NULL, NULL
      FROM pg_constraint
     WHERE connamespace::regnamespace::text = ANY (:schemas)
       AND conrelid::regclass::text NOT LIKE 'migration\\_%'
    UNION ALL
    SELECT tablename, indexname, indexdef, NULL, NULL FROM pg_indexes
     WHERE schemaname = ANY (:schemas) AND tablename NOT LIKE 'migration\\_%'
    UNION ALL
    SELECT enumtypid::regtype::text, enumlabel, enumsortorder::text, NULL, NULL FROM pg_enum
""")
TABLES = text("""
    SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
     WHERE schemaname = ANY (:schemas) AND tablename NOT LIKE 'migration\\_%'
""")

Contents = tuple[list[str], dict[str, list[str]]]
"""The objects of a database, and the rows of each table, without those of this library."""


@dataclass(frozen=True)
class History:
    """A copy of a history.

    Attributes:
        ini: its alembic.ini, which names the database.
        url: the database.
    """

    ini: Path
    url: URL

    @property
    def config(self) -> Config:
        return Config(self.ini)

    @property
    def files(self) -> set[Path]:
        """The revisions."""
        found = (self.ini.parent / "migrations").rglob("*.py")
        return {path for path in found if path.name != "env.py"}

    @contextmanager
    def engine(self) -> Iterator[Engine]:
        engine = create_engine(self.url, poolclass=NullPool)
        try:
            yield engine
        finally:
            engine.dispose()

    def upgrade_with_alembic_alone(self) -> None:
        """Upgrade to all heads without this library."""
        config = self.config
        with self.engine() as engine, engine.connect() as connection:
            config.attributes["alembic_alone"] = connection
            command.upgrade(config, "heads")

    def execute(self, statement: str) -> None:
        """Execute a statement in its own transaction."""
        with self.engine() as engine, engine.begin() as connection:
            connection.exec_driver_sql(statement)

    def contents(self) -> Contents:
        with self.engine() as engine, engine.connect() as connection:
            schemas = {"schemas": list(connection.scalars(SCHEMAS))}
            objects = sorted(str(tuple(row)) for row in connection.execute(OBJECTS, schemas))
            tables = sorted(connection.scalars(TABLES, schemas))
            rows = {
                name: sorted(connection.scalars(text(f"SELECT t::text FROM {name} AS t")))
                for name in tables
            }
            return objects, rows


def copy_history(name: str, folder: Path, url: URL) -> History:
    """Copy a history and let its alembic.ini name the database."""
    shutil.copytree(FOLDER / name, folder, ignore=shutil.ignore_patterns("__pycache__"))
    ini = folder / "alembic.ini"
    address = as_text(url).replace("%", "%%")
    lines = ini.read_text(encoding="utf-8")
    ini.write_text(
        lines.replace("[alembic]\n", f"[alembic]\nsqlalchemy.url = {address}\n"), encoding="utf-8"
    )
    return History(ini, url)
