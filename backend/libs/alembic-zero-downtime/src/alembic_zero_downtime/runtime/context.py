"""Configure Alembic's context for the command that runs on the database itself."""

from functools import partial

from alembic import context
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, MetaData

from alembic_zero_downtime.errors import MigrationError
from alembic_zero_downtime.migration_environment import configure_arguments
from alembic_zero_downtime.project import Project
from alembic_zero_downtime.revisions.numbering import prepare_revision


def configure(connection: Connection, project: Project, metadata: MetaData) -> MigrationContext:
    """Return Alembic's migration context for a connection.

    Args:
        connection: not in a transaction, unless it is borrowed from the calling program.
        project: the project.
        metadata: the metadata that autogenerate compares the database with.

    Raises:
        MigrationError: The connection is in a transaction, which Alembic would never commit, but
            report success.
    """
    is_borrowed = connection.get_execution_options().get("is_borrowed")
    if connection.in_transaction() and not is_borrowed:
        raise MigrationError(
            "the connection is already in a transaction that Alembic did not begin"
        )
    arguments = configure_arguments(project, as_sql=False)
    arguments["process_revision_directives"] = partial(prepare_revision, project)
    context.configure(connection=connection, target_metadata=metadata, **arguments)
    return context.get_context()
