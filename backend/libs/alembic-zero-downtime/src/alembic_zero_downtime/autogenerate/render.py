"""Render online operations and comments as Python (Alembic's `renderers`)."""

from alembic.autogenerate import renderers
from alembic.autogenerate.api import AutogenContext
from alembic.operations import ops

from alembic_zero_downtime.autogenerate.change import Comment
from alembic_zero_downtime.operations.column import AddColumnOnlineOp
from alembic_zero_downtime.operations.constraint import (
    CreateCheckConstraintOnlineOp,
    CreateForeignKeyOnlineOp,
    CreateUniqueConstraintOnlineOp,
)
from alembic_zero_downtime.operations.index import CreateIndexOnlineOp, DropIndexOnlineOp
from alembic_zero_downtime.operations.not_null import SetNotNullOnlineOp

# Each is rendered like the operation that it derives from, under its own name.
BASES: dict[type[ops.MigrateOperation], tuple[type[ops.MigrateOperation], str]] = {
    CreateIndexOnlineOp: (ops.CreateIndexOp, "create_index"),
    DropIndexOnlineOp: (ops.DropIndexOp, "drop_index"),
    CreateForeignKeyOnlineOp: (ops.CreateForeignKeyOp, "create_foreign_key"),
    CreateCheckConstraintOnlineOp: (ops.CreateCheckConstraintOp, "create_check_constraint"),
    CreateUniqueConstraintOnlineOp: (ops.CreateUniqueConstraintOp, "create_unique_constraint"),
    AddColumnOnlineOp: (ops.AddColumnOp, "add_column"),
}


def _render_as_base(context: AutogenContext, operation: ops.MigrateOperation) -> str:
    base, name = BASES[type(operation)]
    (text,) = _lines(renderers.dispatch(base)(context, operation))
    text = text.replace(f"{name}(", f"{name}_online(", 1)
    options = ""
    if getattr(operation, "replace", False):
        options = ", replace=True"
    elif getattr(operation, "key", ("id",)) != ("id",):
        options = f", key={operation.key!r}"  # type: ignore[attr-defined]
    return f"{text.rstrip()[:-1]}{options})"


def _lines(rendered: str | list[str]) -> list[str]:
    return rendered if isinstance(rendered, list) else [rendered]


for _operation in BASES:
    renderers.dispatch_for(_operation)(_render_as_base)


@renderers.dispatch_for(SetNotNullOnlineOp)
def _render_set_not_null(_: AutogenContext, operation: SetNotNullOnlineOp) -> str:
    schema = f", schema={operation.schema!r}" if operation.schema else ""
    return f"op.set_not_null_online({operation.table_name!r}, {operation.column_name!r}{schema})"


@renderers.dispatch_for(Comment)
def _render_comment(_: AutogenContext, comment: Comment) -> str:
    return f"# {comment.text}"


# In place of Alembic's, which write an apostrophe in a name as it is.
@renderers.dispatch_for(ops.CreateTableCommentOp, replace=True)
def _render_table_comment(_: AutogenContext, operation: ops.CreateTableCommentOp) -> str:
    return _call("create_table_comment", operation, repr(operation.comment))


@renderers.dispatch_for(ops.DropTableCommentOp, replace=True)
def _render_no_table_comment(_: AutogenContext, operation: ops.DropTableCommentOp) -> str:
    return _call("drop_table_comment", operation)


def _call(
    name: str, operation: ops.CreateTableCommentOp | ops.DropTableCommentOp, *arguments: str
) -> str:
    options = {"existing_comment": operation.existing_comment, "schema": operation.schema}
    given = [f"{option}={str(each)!r}" for option, each in options.items() if each is not None]
    return f"op.{name}({', '.join([repr(str(operation.table_name)), *arguments, *given])})"
