"""Run the clinic's migrations with this library, or with Alembic alone for comparison."""

import clinic_models
from alembic import context

from alembic_zero_downtime import Project, run

metadata = clinic_models.Base.metadata
if plain := context.config.attributes.get("alembic_alone"):
    context.configure(connection=plain, target_metadata=metadata, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    run(Project(metadata=metadata, legacy_until="2f6d90b7c1e5"))
