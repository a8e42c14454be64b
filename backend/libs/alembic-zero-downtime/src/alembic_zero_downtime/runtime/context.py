"""Configure Alembic's context with the project's options and this library's."""

from functools import partial
from typing import Any

from alembic import context
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, MetaData

from alembic_zero_downtime.errors import MigrationError
from alembic_zero_downtime.project import Project
from alembic_zero_downtime.revisions.numbering import prepare_revision

# Without the second, autogenerate does not compare CHECK constraints.
AUTOGENERATE_PLUGINS = ["alembic.autogenerate.*", "alembic.ext.checkconstraint_byname"]


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
    options: dict[str, Any] = {
        "compare_server_default": True,
        "autogenerate_plugins": AUTOGENERATE_PLUGINS,
        **project.context_options,
        "include_name": project.includes_name,
        "process_revision_directives": partial(prepare_revision, project),
    }
    context.configure(
        connection=connection,
        target_metadata=metadata,
        transaction_per_migration=True,
        **options,
    )
    return context.get_context()
