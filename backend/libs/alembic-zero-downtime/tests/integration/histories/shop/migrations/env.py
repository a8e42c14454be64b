"""Run the shop's migrations with this library, or with Alembic alone for comparison."""

from typing import Any

import shop_models
from alembic import context

from alembic_zero_downtime import Project, run


def is_of_the_shop(_: object, name: str | None, kind: str, *__: object) -> bool:
    """Leave out the tables of an importer, which has migrations of its own."""
    return kind != "table" or not (name or "").startswith("import_")


def is_of_this_database(name: str | None, kind: str, _: object) -> bool:
    """Leave out the schemas of other applications."""
    return kind != "schema" or name in (None, "archive")


tenant = context.get_x_argument(as_dictionary=True).get("tenant", "main")
options: dict[str, Any] = {
    "version_table": "shop_versions",
    "version_table_schema": "ops",
    "include_schemas": True,
    "include_name": is_of_this_database,
    "include_object": is_of_the_shop,
    "shop_tenant": tenant,
}
arguments = {"currency": context.config.get_section("shop", {})["currency"]}

if plain := context.config.attributes.get("alembic_alone"):
    context.configure(
        connection=plain,
        target_metadata=shop_models.metadata,
        transaction_per_migration=True,
        **options,
    )
    with context.begin_transaction():
        context.run_migrations(**arguments)
else:
    run(
        Project(
            metadata=shop_models.metadata,
            context_options=options,
            run_arguments=arguments,
        )
    )
