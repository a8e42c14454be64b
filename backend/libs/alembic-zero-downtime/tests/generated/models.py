"""Generated models as a value, which is written as the Python source of a module of models."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal, Self

HEADER = """\
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from generated import types
"""
PartKind = Literal["check", "unique", "exclude", "foreign key", "index"]
TableKey = tuple[str | None, str]
"""The schema and the name of a table."""


@dataclass(frozen=True)
class Column:
    """A column.

    Attributes:
        name: as in the models.
        type: its source.
        value: a literal in SQL that its type and its constraints allow.
        default: the source of its server default.
        extra: the sources of further arguments, such as a CHECK of the column.
        options: further keyword arguments, each as source.
        comment: its comment.
        is_given: whether a row states its value; the server computes the others.
        uses: the columns that its generation expression refers to.
    """

    name: str
    type: str
    value: str
    nullable: bool = True
    default: str | None = None
    extra: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    comment: str | None = None
    is_given: bool = True
    uses: tuple[str, ...] = ()

    @property
    def is_key(self) -> bool:
        """Whether the primary key includes it."""
        return "primary_key=True" in self.options

    @property
    def source(self) -> str:
        """The column as Python."""
        arguments = [repr(self.name), self.type, *self.extra, f"nullable={self.nullable}"]
        if self.default is not None:
            arguments.append(f"server_default={self.default}")
        if self.comment is not None:
            arguments.append(f"comment={self.comment!r}")
        return f"sa.Column({', '.join([*arguments, *self.options])})"


@dataclass(frozen=True)
class Part:
    """A constraint or an index of a table.

    Attributes:
        kind: of which it is.
        name: its name as source; empty if the naming convention or the server gives one.
        source: as Python; an index refers to its table as `table`.
        columns: of the table, which it needs.
        target: the table that a foreign key refers to.
        referenced: the columns of the target that it refers to.
    """

    kind: PartKind
    name: str
    source: str
    columns: tuple[str, ...]
    target: TableKey | None = None
    referenced: tuple[str, ...] = ()


@dataclass(frozen=True)
class Partition:
    """A partition of a table.

    Attributes:
        name: in the schema of the table.
        statement: that creates it, in a revision of its own.
    """

    name: str
    statement: str


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        columns: in their order.
        parts: its constraints and indexes.
        options: further keyword arguments, each as source.
        partitions: of a partitioned table.
    """

    name: str
    columns: tuple[Column, ...]
    parts: tuple[Part, ...] = ()
    schema: str | None = None
    comment: str | None = None
    options: tuple[str, ...] = ()
    partitions: tuple[Partition, ...] = ()

    @property
    def key(self) -> TableKey:
        """Its schema and its name."""
        return self.schema, self.name

    @property
    def source(self) -> str:
        """The table and its indexes as Python."""
        arguments = [repr(self.name), "metadata", *(each.source for each in self.columns)]
        arguments += [each.source for each in self.parts if each.kind != "index"]
        if self.schema:
            arguments.append(f"schema={self.schema!r}")
        if self.comment is not None:
            arguments.append(f"comment={self.comment!r}")
        lines = ",\n    ".join([*arguments, *self.options])
        indexes = "".join(f"\n{each.source}" for each in self.parts if each.kind == "index")
        return f"table = sa.Table(\n    {lines},\n){indexes}"

    @property
    def keys(self) -> set[tuple[str, ...]]:
        """The columns of its primary key, and those that are unique by themselves."""
        primary = tuple(each.name for each in self.columns if each.is_key)
        return {primary} | {(each.name,) for each in self.columns if "unique=True" in each.options}

    @property
    def partition_key(self) -> list[str]:
        """The columns that every unique constraint of a partitioned table needs."""
        return [each.name for each in self.columns if each.is_key] if self.partitions else []

    def with_column(self, column: Column) -> Self:
        """Return the table with another version of a column, or with a new one."""
        if column.name not in {each.name for each in self.columns}:
            return replace(self, columns=(*self.columns, column))
        columns = (column if each.name == column.name else each for each in self.columns)
        return replace(self, columns=tuple(columns))

    def with_part(self, part: Part) -> Self:
        """Return the table with a new part, which replaces one of the same name."""
        kept = (each for each in self.parts if not part.name or each.name != part.name)
        return replace(self, parts=(*kept, part))

    def without(self, *names: str) -> Self:
        """Return the table without columns, and without the parts that need them."""
        gone = set(names)
        while more := {each.name for each in self.columns if gone & set(each.uses)} - gone:
            gone |= more
        return replace(
            self,
            columns=tuple(each for each in self.columns if each.name not in gone),
            parts=tuple(each for each in self.parts if not gone & set(each.columns)),
        )


@dataclass(frozen=True)
class Models:
    """A module of models.

    Attributes:
        tables: in their order in the module.
        shared: definitions before the tables, such as an enum of several tables, by variable.
        convention: the source of the naming convention.
    """

    tables: tuple[Table, ...]
    shared: tuple[tuple[str, str], ...] = ()
    convention: str | None = None

    @property
    def source(self) -> str:
        """The module as Python."""
        convention = f"naming_convention={self.convention}" if self.convention else ""
        body = "\n".join(each.source for each in self.tables)
        used = [f"{name} = {text}" for name, text in self.shared if name in body]
        return "\n".join([HEADER, f"metadata = sa.MetaData({convention})", *used, body, ""])

    def with_table(self, table: Table) -> Self:
        """Return the models with another version of a table, or with a new one."""
        if table.key not in {each.key for each in self.tables}:
            return replace(self, tables=(*self.tables, table))
        return self._with(table if each.key == table.key else each for each in self.tables)

    def without(self, key: TableKey) -> Self:
        """Return the models without a table."""
        return self._with(each for each in self.tables if each.key != key)

    def _with(self, tables: Iterable[Table]) -> Self:
        """Return the models with these tables, and no foreign key to what is not there."""
        tables = tuple(tables)
        keys = {each.key: each.keys for each in tables}

        def holds(part: Part) -> bool:
            return part.target is None or part.referenced in keys.get(part.target, ())

        kept = (replace(each, parts=tuple(filter(holds, each.parts))) for each in tables)
        return replace(self, tables=tuple(kept))
