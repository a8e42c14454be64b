"""Run the migrations again on an empty database, which shows what they make."""

import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from alembic import context
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, MetaData, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from app.db import embedded
from app.db.migrations.drift.catalog import Catalog, read_catalog
from app.db.migrations.failure import describe_error
from app.db.migrations.online import configure
from app.db.migrations.rehearsal import upgrades
from app.errors import EmbeddedServerError
from app.quiet import quiet

# Nobody wants to read of every revision again, nor of a server that is gone in a moment.
TALKATIVE = ("alembic", "app.db")
NO_SUCH_ROLE = re.compile(r'role "(.+)" does not exist')


class Replay:
    """A database that holds what the migrations made, and nothing else.

    Attributes:
        connection: to it, in no transaction.
    """

    def __init__(self, connection: Connection, ini_file: Path) -> None:
        self.connection = connection
        self._config = Config(ini_file)
        self._scripts = ScriptDirectory.from_config(self._config)

    def migrate(self, revisions: Sequence[str]) -> Catalog:
        """Migrate further, up to these revisions; return what is there then.

        Raises:
            CommandError: A revision does not run on a database without any other rows.
        """
        while revisions:
            try:
                with self._environment(MetaData(), fn=upgrades(self._scripts, revisions)):
                    context.run_migrations()
            except Exception as error:
                self.connection.rollback()
                if not self._made_role(error):
                    raise CommandError(
                        "the migrations do not run on an empty database, so that nothing can be "
                        f"compared: {describe_error(error)}"
                    ) from error
            else:
                break
        catalog = read_catalog(self.connection)
        self.connection.rollback()
        return catalog

    def autogenerate(self, metadata: MetaData) -> list[str]:
        """Return what Alembic would write into a revision now, in its own words."""
        with self._environment(metadata):
            found = compare_metadata(context.get_context(), metadata)
        self.connection.rollback()
        return [_in_words(each) for each in found]

    @contextmanager
    def _environment(self, metadata: MetaData, **options: Any) -> Iterator[None]:
        """Set up what `env.py` sets up, without the settings, the mutex and the ledger."""
        with EnvironmentContext(self._config, self._scripts, **options):
            configure(self.connection, metadata, command=None)
            with context.begin_transaction():
                yield

    def _made_role(self, error: Exception) -> bool:
        """Make the role that a revision grants something to: roles are made by no migration."""
        is_refusal = isinstance(error, DBAPIError)
        match = NO_SUCH_ROLE.fullmatch(describe_error(error)) if is_refusal else None
        if match is None:
            return False
        role = self.connection.dialect.identifier_preparer.quote(match[1])
        with self.connection.begin():
            self.connection.exec_driver_sql(f"CREATE ROLE {role}")
        return True


@contextmanager
def replaying(ini_file: Path) -> Iterator[Replay]:
    """Start a server for the replay; yields its empty database.

    No setting is read, so that it can be no other database.

    Raises:
        EmbeddedServerError: It is not installed, or does not start.
        CommandError: The revisions cannot be loaded.
    """
    if not embedded.is_installed():
        raise EmbeddedServerError(
            "the migrations are run again on an embedded server, which is not installed here: "
            "run this where `make install` was run, with DATABASE_URL set to the database"
        )
    from app.db.embedded.disposable import disposable_server  # noqa: PLC0415 needs psutil

    with ExitStack() as stack:
        stack.enter_context(quiet(*TALKATIVE, level=logging.WARNING))
        engine = create_engine(stack.enter_context(disposable_server()), poolclass=NullPool)
        yield Replay(stack.enter_context(engine.connect()), ini_file)


def _in_words(difference: Any) -> str:
    """Return `modify default companies tickers` for one of Alembic's tuples, or a list of them."""
    verb, *rest = difference[0] if isinstance(difference, list) else difference
    names = (each if isinstance(each, str) else getattr(each, "name", None) for each in rest)
    return " ".join([verb.replace("_", " "), *filter(None, names)])
