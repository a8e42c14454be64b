"""Write online operations and remarks as Python (Alembic's `renderers`)."""

from alembic.autogenerate import renderers
from alembic.autogenerate.api import AutogenContext
from alembic.operations import ops

from app.db.migrations.autogenerate.change import Remark
from app.db.migrations.operations.column import AddColumnOnlineOp
from app.db.migrations.operations.constraint import (
    CreateCheckConstraintOnlineOp,
    CreateForeignKeyOnlineOp,
    CreateUniqueConstraintOnlineOp,
)
from app.db.migrations.operations.index import CreateIndexOnlineOp, DropIndexOnlineOp
from app.db.migrations.operations.not_null import SetNotNullOnlineOp

# Each is written like the operation it derives from, under its own name.
TWINS: dict[type[ops.MigrateOperation], tuple[type[ops.MigrateOperation], str]] = {
    CreateIndexOnlineOp: (ops.CreateIndexOp, "create_index"),
    DropIndexOnlineOp: (ops.DropIndexOp, "drop_index"),
    CreateForeignKeyOnlineOp: (ops.CreateForeignKeyOp, "create_foreign_key"),
    CreateCheckConstraintOnlineOp: (ops.CreateCheckConstraintOp, "create_check_constraint"),
    CreateUniqueConstraintOnlineOp: (ops.CreateUniqueConstraintOp, "create_unique_constraint"),
    AddColumnOnlineOp: (ops.AddColumnOp, "add_column"),
}


def _render_like_twin(context: AutogenContext, operation: ops.MigrateOperation) -> str:
    twin, name = TWINS[type(operation)]
    (text,) = _lines(renderers.dispatch(twin)(context, operation))
    text = text.replace(f"{name}(", f"{name}_online(", 1)
    more = ""
    if getattr(operation, "replace", False):
        more = ", replace=True"
    elif getattr(operation, "key", ("id",)) != ("id",):
        more = f", key={operation.key!r}"  # type: ignore[attr-defined]
    return f"{text.rstrip()[:-1]}{more})"


def _lines(rendered: str | list[str]) -> list[str]:
    return rendered if isinstance(rendered, list) else [rendered]


for _operation in TWINS:
    renderers.dispatch_for(_operation)(_render_like_twin)


@renderers.dispatch_for(SetNotNullOnlineOp)
def _render_set_not_null(_: AutogenContext, operation: SetNotNullOnlineOp) -> str:
    schema = f", schema={operation.schema!r}" if operation.schema else ""
    return f"op.set_not_null_online({operation.table_name!r}, {operation.column_name!r}{schema})"


@renderers.dispatch_for(Remark)
def _render_remark(_: AutogenContext, remark: Remark) -> str:
    return f"# {remark.text}"
