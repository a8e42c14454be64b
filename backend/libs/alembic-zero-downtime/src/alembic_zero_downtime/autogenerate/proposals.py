"""Propose the operations that change the database into the models.

They follow from the definitions that the server prints of both (`schema/comparison.py`), in place
of Alembic's comparison: that compares a CHECK by its name, a default by running it, and names that
the server cuts as they are written.
"""

import logging
from collections.abc import Iterator
from typing import Any

from alembic.operations import ops
from alembic.operations.ops import MigrateOperation
from alembic.runtime.migration import MigrationContext
from sqlalchemy import (
    CheckConstraint,
    Constraint,
    ForeignKeyConstraint,
    Index,
    MetaData,
    Table,
    UniqueConstraint,
)
from sqlalchemy.schema import ColumnCollectionConstraint
from sqlalchemy.sql.elements import conv

from alembic_zero_downtime.autogenerate.change import (
    WRITE_MANUALLY,
    CannotWriteError,
    Stage,
    StatementsOp,
)
from alembic_zero_downtime.autogenerate.checks import (
    checks_of_columns,
    condition_of,
    has_text,
    without_check,
)
from alembic_zero_downtime.autogenerate.rewriter import BRIEF_LOCK, SCAN, ConstraintOp
from alembic_zero_downtime.autogenerate.types import refuse_change
from alembic_zero_downtime.errors import MigrationError
from alembic_zero_downtime.schema.catalog import Item
from alembic_zero_downtime.schema.comparison import ModelComparison, compare_models
from alembic_zero_downtime.schema.ddl import is_validated, write_ddl
from alembic_zero_downtime.schema.diff import describe
from alembic_zero_downtime.schema.metadata import TableKey
from alembic_zero_downtime.schema.names import server_name
from alembic_zero_downtime.schema.reflection import (
    find_column,
    find_constraint,
    find_index,
    sorted_tables,
)
from alembic_zero_downtime.sql import identifiers_in_parentheses

log = logging.getLogger(__name__)
UNNAMED: dict[str, type[ColumnCollectionConstraint]] = {
    "CHECK": CheckConstraint,
    "FOREIGN KEY": ForeignKeyConstraint,
    "UNIQUE": UniqueConstraint,
}


def propose_operations(comparison: ModelComparison, metadata: MetaData) -> list[MigrateOperation]:
    """Return the operations, as Alembic's autogenerate would propose them.

    Raises:
        CannotWriteError: No operation makes a change.
    """
    proposals = _Proposals(comparison, metadata)
    return [
        *proposals.created_tables(),
        *proposals.changed_tables(),
        *proposals.dropped_tables(),
    ]


def log_differences(comparison: ModelComparison) -> None:
    """Log a line for each difference, in Alembic's words."""
    for each in comparison.differences():
        verb = "changed"
        if each.item.part is None and None in (each.expected, each.actual):
            verb = "added" if each.expected is None else "removed"
        log.info("Detected %s %s", verb, describe(each.item, "'"))


def list_differences(context: MigrationContext, metadata: MetaData) -> list[MigrateOperation]:
    """Return an operation for each difference, for `alembic check`, which lists them.

    Raises:
        MigrationError: There is none, but a model could not be compared.
    """
    comparison = compare_models(context, metadata)
    if comparison.left_out and not comparison.differing:
        raise MigrationError("; ".join(comparison.left_out))
    try:
        return propose_operations(comparison, metadata)
    except CannotWriteError:
        return [ops.ExecuteSQLOp(each.sql) for each in comparison.differences()]


def key_columns(definition: str, word: str) -> list[str] | None:
    """Return the columns of a key, from its definition as the server prints it.

    Args:
        definition: of a constraint.
        word: with which it begins, such as `UNIQUE`; None is returned for another kind.
    """
    return identifiers_in_parentheses(definition) if definition.startswith(word) else None


class _Proposals:
    """Makes operations from the items that differ, table by table."""

    def __init__(self, comparison: ModelComparison, metadata: MetaData) -> None:
        self._comparison = comparison
        self._metadata = metadata
        self._models = comparison.models
        self._database = comparison.database
        self._items: dict[TableKey, list[Item]] = {}
        for item in comparison.differing:
            if item.kind in ("enum", "domain"):
                self._require_new(item)
            else:
                self._items.setdefault((item.schema, item.table or item.name), []).append(item)

    def created_tables(self) -> Iterator[MigrateOperation]:
        """Yield the operations that create tables, in the order in which they depend."""
        created = {key for key in self._items if _table_item(key) not in self._database}
        left_out = self._models.not_created
        for table in sorted_tables(self._metadata):
            key = next((k for k in created if self._models.tables.get(k) is table), None)
            if key is None:
                continue
            create = ops.CreateTableOp.from_table(table)
            create.columns = [each for each in create.columns if each not in left_out]
            yield create
            indexes = {
                server_name(each): each for each in _sorted_indexes(table) if each not in left_out
            }
            operations = [ops.CreateIndexOp.from_index(each) for each in indexes.values()]
            if operations:
                yield ops.ModifyTableOps(table.name, operations, schema=table.schema)

    def changed_tables(self) -> Iterator[MigrateOperation]:
        """Yield the operations on tables that exist, and remain."""
        for key, items in self._items.items():
            item = _table_item(key)
            if item in self._database and item in self._models.catalog:
                operations = list(self._changes_of(key, items))
                yield ops.ModifyTableOps(key[1], operations, schema=key[0])

    def dropped_tables(self) -> Iterator[MigrateOperation]:
        """Yield the operations that drop tables, those with foreign keys first."""
        dropped = {}
        for key in self._items:
            if _table_item(key) not in self._models.catalog:
                table = self._comparison.reflection.table(key)
                if table is not None:
                    dropped[table] = key
        for table in reversed(self._comparison.reflection.sorted_tables()):
            if table in dropped:
                schema, name = dropped[table]
                if self._is_partitioned(dropped[table]):
                    raise CannotWriteError(
                        f"{name} is partitioned: dropping it drops its partitions, and no downgrade"
                        " knows those of each database",
                        'Write it manually: alembic revision -m "…", with a downgrade that executes'
                        " CREATE TABLE … PARTITION BY, and CREATE TABLE … PARTITION OF for each",
                        WRITE_MANUALLY,
                    )
                for each in table.foreign_key_constraints:
                    item = Item("constraint", name, str(server_name(each)), None, schema)
                    if item not in self._database:  # to a partition: the server derives it
                        table.constraints.discard(each)
                indexes = [ops.DropIndexOp.from_index(each) for each in _sorted_indexes(table)]
                if indexes:
                    yield ops.ModifyTableOps(name, indexes, schema=schema)
                yield ops.DropTableOp.from_table(table)

    def _changes_of(self, key: TableKey, items: list[Item]) -> Iterator[MigrateOperation]:
        model = self._models.tables[key]
        table = self._comparison.reflection.table(key)
        assert table is not None  # noqa: S101 the catalog has it
        columns: dict[str, list[Item]] = {}
        for item in items:
            if item.kind == "column":
                columns.setdefault(item.name, []).append(item)
        added, dropped = [], []
        for name, parts in columns.items():
            item = Item("column", key[1], name, None, key[0])
            if item not in self._database:
                column: Any = without_check(find_column(model, name))
                added.append(ops.AddColumnOp(model.name, column, schema=model.schema))
            elif item not in self._models.catalog:
                column = find_column(table, name)
                dropped.append(ops.DropColumnOp.from_column_and_tablename(key[0], key[1], column))
            else:
                yield from self._change_column(model, table, parts)
        yield from added
        for item in items:
            if item.kind in ("index", "constraint"):
                yield from self._change_part(item, model, table)
            elif item.kind == "table":
                yield self._change_comment(model, table)
        yield from dropped

    def _change_column(
        self, model: Table, table: Table, items: list[Item]
    ) -> Iterator[MigrateOperation]:
        """Yield the operations on a column; an identity column cannot allow NULL."""
        identity = [each for each in items if each.part == "identity"]
        if any(each.part == "default" for each in items):
            identity = []  # the sequence of a SERIAL, for example
        dropped = [each for each in identity if each not in self._models.catalog]
        others = [each for each in items if each not in identity]
        yield from (self._change_by_statements(each, Stage.EXPAND) for each in dropped)
        if others:
            yield self._alter_column(model, table, others)
        for each in identity:
            if each not in dropped:
                yield self._change_by_statements(each, Stage.CONSTRAINT)

    def _change_by_statements(self, item: Item, stage: Stage) -> StatementsOp:
        description = f"Changes the {describe(item)}: {BRIEF_LOCK.format(item.table)}."
        is_alone = stage is Stage.RELAX  # like each drop of a constraint
        return StatementsOp(*self._statements(item), stage, description, is_alone=is_alone)

    def _validate(self, item: Item) -> StatementsOp:
        description = f"Validates the {describe(item)}: {SCAN.format(item.table)}."
        return StatementsOp(
            *(*self._statements(item), Stage.CONSTRAINT, description), is_alone=True
        )

    def _statements(self, item: Item) -> tuple[str, str]:
        """Return those that change an item, and those that revert them."""
        new, old = self._models.catalog, self._database
        return write_ddl(item, old, new, ()), write_ddl(item, new, old, ())

    def _alter_column(self, model: Table, table: Table, items: list[Item]) -> MigrateOperation:
        new, old = (find_column(each, items[0].name) for each in (model, table))
        assert new is not None  # noqa: S101 the catalogs have it
        assert old is not None  # noqa: S101
        operation = ops.AlterColumnOp(
            table.name,
            old.name,
            schema=table.schema,
            existing_type=old.type,
            existing_nullable=old.nullable,
            existing_server_default=old.server_default or False,
        )
        for item in items:
            match item.part:
                case None | "collation":
                    operation.modify_type = new.type
                case "nullability":
                    operation.modify_nullable = item not in self._models.catalog
                case "comment":
                    operation.modify_comment = new.comment
                    operation.existing_comment = old.comment
                case _:
                    if new.server_default is None and item in self._models.catalog:
                        raise self._cannot_write(item)  # the sequence of a SERIAL
                    operation.modify_server_default = new.server_default
                    operation.existing_server_default = old.server_default
        return operation

    def _change_part(self, item: Item, model: Table, table: Table) -> Iterator[MigrateOperation]:
        """Yield the operations that drop and create an index or a constraint."""
        is_dropped = item not in self._models.catalog
        if is_dropped and self._database[item].startswith("EXCLUDE"):
            yield self._change_by_statements(item, Stage.RELAX)
            return
        if is_validated(item, self._database, self._models.catalog):
            yield self._validate(item)
            return
        drop = self._drop(item, table) if item in self._database else None
        create = self._create(item, model) if item in self._models.catalog else None
        is_dropped = item not in self._database or drop is not None
        is_created = item not in self._models.catalog or create is not None
        if not (is_dropped and is_created):
            raise self._cannot_write(item)
        if isinstance(drop, ops.DropConstraintOp) and not isinstance(drop.reverse(), ConstraintOp):
            raise self._cannot_write(item)
        yield from (each for each in (drop, create) if each is not None)

    def _drop(self, item: Item, table: Table) -> MigrateOperation | None:
        if item.kind == "index":
            if self._is_partitioned((item.schema, str(item.table))):
                raise CannotWriteError(
                    f"{item.table} is partitioned, and PostgreSQL cannot drop its index {item.name}"
                    " concurrently",
                    'Write it manually: alembic revision -m "…", with op.drop_index and a'
                    " lock_timeout, since it blocks reads and writes of all partitions",
                    WRITE_MANUALLY,
                )
            index = find_index(table, item.name)
            return ops.DropIndexOp.from_index(index) if index is not None else None
        constraint = find_constraint(table, item.name)
        if constraint is None:
            return None
        constraint.name = conv(item.name)  # the naming convention is already applied
        return ops.DropConstraintOp.from_constraint(constraint)

    def _create(self, item: Item, model: Table) -> MigrateOperation | None:
        """Return the operation that creates an index or a constraint; None if there is none."""
        if item.kind == "index":
            index = find_index(model, item.name)
            if index is None:
                return None
            create = ops.CreateIndexOp.from_index(index)
            create.index_name = _as_kept(create.index_name, item)
            return create
        for unnamed, check in checks_of_columns(model):
            if (server_name(check) or unnamed) == item.name:
                return ops.CreateCheckConstraintOp(
                    conv(item.name), model.name, condition_of(check), schema=model.schema
                )
        constraint = find_constraint(model, item.name)
        if constraint is None:
            constraint = self._unnamed(item, model)
        if constraint is None:
            return None
        operation = ops.AddConstraintOp.from_constraint(constraint)
        if isinstance(constraint, CheckConstraint):
            operation.condition = condition_of(constraint)  # type: ignore[attr-defined]
        if not isinstance(operation, ConstraintOp):
            return None
        operation.constraint_name = _as_kept(operation.constraint_name, item)
        return operation

    def _unnamed(self, item: Item, model: Table) -> Constraint | None:
        """Return the constraint without a name to which the server gives this one."""
        definition = self._models.catalog[item]
        word = next((word for word in UNNAMED if definition.startswith(word)), "")
        columns = key_columns(definition, word)
        kind = UNNAMED.get(word)
        found = [
            each
            for each in model.constraints
            if kind is not None
            and isinstance(each, kind)
            and server_name(each) is None
            and (kind is CheckConstraint or _column_names(each) == columns)
        ]
        if len(found) > 1:  # CHECKs, whose columns a text does not tell
            found = [each for each in found if has_text(each, definition)]
        return found[0] if len(found) == 1 else None

    def _is_partitioned(self, key: TableKey) -> bool:
        return self._database[_table_item(key)].startswith("PARTITION BY")

    def _require_new(self, item: Item) -> None:
        """Refuse a change of a type that exists; a new one is created (`types.py`)."""
        if item.without_part in self._database:
            raise refuse_change(item, self._models.catalog.get(item), self._database.get(item))

    def _cannot_write(self, item: Item) -> CannotWriteError:
        new, old = self._models.catalog.get(item), self._database.get(item)
        return CannotWriteError(
            f"the {describe(item)} is {new or 'missing'} in the models and "
            f"{old or 'missing'} in the database, and autogenerate cannot write this change",
            'Write it manually: alembic revision -m "…", then run this again for the rest',
            WRITE_MANUALLY,
        )

    def _change_comment(self, model: Table, table: Table) -> MigrateOperation:
        if model.comment is None:
            return ops.DropTableCommentOp(
                table.name, existing_comment=table.comment, schema=table.schema
            )
        return ops.CreateTableCommentOp(
            table.name, model.comment, existing_comment=table.comment, schema=table.schema
        )


def _table_item(key: TableKey) -> Item:
    return Item("table", None, key[1], None, key[0])


def _as_kept(name: Any, item: Item) -> Any:
    """Return the name of a constraint or an index, as the server keeps it."""
    return name if name == item.name else conv(item.name)


def _sorted_indexes(table: Table) -> list[Index]:
    return sorted(table.indexes, key=lambda each: str(each.name))


def _column_names(constraint: ColumnCollectionConstraint) -> list[str | None]:
    return [server_name(column) for column in constraint.columns]
