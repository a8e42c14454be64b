"""Strategies of constraints and indexes."""

from hypothesis import strategies as st

from generated.draft import Draft, named, quoted
from generated.kinds import Kind, escaped
from generated.models import Column, Part, Table

ACTIONS = ("CASCADE", "SET NULL", "RESTRICT", "NO ACTION", "SET DEFAULT")
DEFERRABLE = (", deferrable=True", ", deferrable=True, initially='DEFERRED'", ", deferrable=False")
NOT_VALID = "postgresql_not_valid=True"
NOT_HASHABLE = ("MONEY", "TSVECTOR", "TSQUERY")
BRIN = ("sa.Integer()", "sa.BigInteger()", "sa.Date()", "sa.DateTime(timezone=True)", "sa.Text()")


def check(draft: Draft, table: Table, name: str | None = None) -> Part | None:
    """Draw a CHECK of one or two columns that their values and first defaults satisfy.

    Args:
        draft: what is drawn so far.
        table: the table of the columns.
        name: of the constraint, as source; a new one if it is None.
    """
    choices = [
        (each.name, condition)
        for each, kind in draft.of_kind(table, "checks")
        if each.default in {None, *kind.defaults[:1]}
        for condition in kind.checks
    ]
    if not choices:
        return None
    chosen = draft.some_of(choices, 2)
    condition = " OR ".join(text.format(c=quoted(column)) for column, text in chosen)
    name = draft.part_name(is_needed=draft.has_convention) if name is None else name
    options = draft.options(NOT_VALID, one_in=6)
    source = f"sa.CheckConstraint({escaped(condition)!r}{named(name)}{options})"
    return Part("check", name, source, tuple(column for column, _ in chosen))


def unique(draft: Draft, table: Table, name: str | None = None) -> Part | None:
    """Draw a unique constraint."""
    columns = [each.name for each, _ in draft.of_kind(table, "is_sortable")]
    if not columns:
        return None
    chosen = draft.some_of(columns, 3)
    chosen += [each for each in table.partition_key if each not in chosen]
    options = draft.options("postgresql_nulls_not_distinct=True", one_in=4)
    needed = list(chosen)
    if draft.one_in(4):
        options += f", postgresql_include=[{table.columns[0].name!r}]"
        needed.append(table.columns[0].name)
    if draft.one_in(4):
        options += draft.one_of(DEFERRABLE)
    name = draft.part_name() if name is None else name
    arguments = ", ".join(map(repr, chosen))
    source = f"sa.UniqueConstraint({arguments}{named(name)}{options})"
    return Part("unique", name, source, tuple(needed))


def exclude(draft: Draft, table: Table, name: str | None = None) -> Part | None:
    """Draw an EXCLUDE constraint."""
    ranges = [
        (each.name, kind) for each, kind in draft.of_kind(table, "gist") if "RANGE" in kind.type
    ]
    if not ranges or table.partitions:
        return None
    column, kind = draft.one_of(ranges)
    operator_class = "multirange_ops" if "MULTI" in kind.type else "range_ops"
    options = draft.options(
        f"where=sa.text({escaped(f'NOT isempty({quoted(column)})')!r})",
        f"ops={{{column!r}: {operator_class!r}}}",
        "deferrable=True",
    )
    name = draft.part_name(is_needed=True) if name is None else name
    element = f"(sa.column({column!r}), '&&')"
    source = f"postgresql.ExcludeConstraint({element}{named(name)}{options})"
    return Part("exclude", name, source, (column,))


def foreign_key(
    draft: Draft, table: Table, target: Table, *, is_nullable: bool
) -> tuple[tuple[Column, ...], Part]:
    """Draw a foreign key, and the columns that it adds to its table."""
    keys = [each for each in target.columns if each.is_key]
    unique = [
        each
        for each, kind in draft.of_kind(target, "is_sortable")
        if "unique=True" in each.options and (kind.is_text or kind.is_number) and not each.extra
    ]
    if unique and draft.one_in(2):
        keys = [draft.one_of(unique)]
    columns: list[Column] = []
    for each in keys:
        name = draft.column_name(table, 50)
        columns.append(Column(name, each.type, each.value, nullable=is_nullable))
        table = table.with_column(columns[-1])
    options = ""
    actions = ACTIONS if is_nullable else ("CASCADE", "RESTRICT", "NO ACTION")
    if draft.one_in(3):
        options += f", ondelete={draft.one_of(actions)!r}"
    if draft.one_in(5):
        options += f", onupdate={draft.one_of(actions)!r}"
    if draft.one_in(5):
        options += draft.one_of(DEFERRABLE)
    options += draft.options("match='FULL'", "use_alter=True", one_in=8)
    if not (table.partitions or target.partitions):
        options += draft.options(NOT_VALID, one_in=6)
    name = draft.part_name(is_needed="use_alter" in options)
    place = f"{target.schema}.{target.name}" if target.schema else target.name
    names = [each.name for each in columns]
    targets = [f"{place}.{each.name}" for each in keys]
    source = f"sa.ForeignKeyConstraint({names!r}, {targets!r}{named(name)}{options})"
    referenced = tuple(each.name for each in keys)
    return tuple(columns), Part("foreign key", name, source, tuple(names), target.key, referenced)


def index(draft: Draft, table: Table, name: str | None = None) -> Part | None:
    """Draw an index: plain, on expressions, partial, or of another access method."""
    name = draft.part_name(is_needed=True) if name is None else name
    for method in draft.draw(st.permutations(["gin", "gist", "btree", "btree", "other"])):
        part = {"gin": _gin, "gist": _gist, "btree": _btree, "other": _other}[method](
            draft, table, name
        )
        if part:
            return part
    return None


def _gin(draft: Draft, table: Table, name: str) -> Part | None:
    columns = draft.of_kind(table, "gin")
    if not columns:
        return None
    column, kind = draft.one_of(columns)
    ops = draft.one_of(kind.gin)
    options = f", postgresql_ops={{{column.name!r}: {ops!r}}}" if ops else ""
    options += draft.options("postgresql_with={'fastupdate': 'off'}", one_in=4)
    return _index(
        name, [f"table.c[{column.name!r}]"], f", postgresql_using='gin'{options}", [column]
    )


def _gist(draft: Draft, table: Table, name: str) -> Part | None:
    columns = draft.of_kind(table, "gist")
    if not columns:
        return None
    column, _ = draft.one_of(columns)
    return _index(name, [f"table.c[{column.name!r}]"], ", postgresql_using='gist'", [column])


def _other(draft: Draft, table: Table, name: str) -> Part | None:
    columns = draft.of_kind(table, "is_sortable")
    if not columns:
        return None
    column, kind = draft.one_of(columns)
    if kind.type in BRIN:
        options = ", postgresql_using='brin'"
        options += draft.options("postgresql_with={'pages_per_range': 16}", one_in=2)
    elif any(each in kind.type for each in NOT_HASHABLE):
        return None
    else:
        options = ", postgresql_using='hash'"
    return _index(name, [f"table.c[{column.name!r}]"], options, [column])


def _btree(draft: Draft, table: Table, name: str) -> Part | None:
    columns = draft.of_kind(table, "is_sortable")
    if not columns:
        return None
    chosen = draft.some_of(columns, 3)
    needed = [column for column, _ in chosen]
    keys = [_key(draft, column.name, kind) for column, kind in chosen]
    options = ""
    if draft.one_in(5) and not table.partitions:
        options += ", unique=True" + draft.options("postgresql_nulls_not_distinct=True")
    if draft.one_in(4):
        options += f", postgresql_include=[{table.columns[0].name!r}]"
        needed.append(table.columns[0])
    options += draft.options("postgresql_with={'fillfactor': 70}", one_in=6)
    if draft.one_in(3):
        column, condition = draft.one_of(_conditions(chosen))
        needed.append(column)
        condition = escaped(condition.format(c=quoted(column.name)))
        options += f", postgresql_where=sa.text({condition!r})"
    first, kind = chosen[0]
    if keys[0] == f"table.c[{first.name!r}]" and kind.is_text and draft.one_in(6):
        options += f", postgresql_ops={{{first.name!r}: 'text_pattern_ops'}}"
    return _index(name, keys, options, needed)


def _conditions(columns: list[tuple[Column, Kind]]) -> list[tuple[Column, str]]:
    """Return the immutable conditions on columns."""
    return [
        (column, condition)
        for column, kind in columns
        for condition in (
            "{c} IS NOT NULL",
            *(kind.checks if kind.is_text or kind.is_number else ()),
        )
    ]


def _key(draft: Draft, name: str, kind: Kind) -> str:
    """Draw a key of an index on a column: the column, or an expression."""
    column = f"table.c[{name!r}]"
    expressions = []
    if kind.is_text:
        expressions += [f"upper({quoted(name)}) DESC", f"coalesce({quoted(name)}, 'a:b 5%')"]
    if kind.is_number:
        expressions += [f"({quoted(name)} + 1)", f"abs({quoted(name)}) DESC NULLS LAST"]
    choices = [*[column] * 4, f"{column}.desc()", f"{column}.desc().nulls_last()"]
    choices += [f"sa.text({escaped(each)!r})" for each in expressions]
    choices += [f"sa.func.lower({column})"] if kind.is_text else []
    return draft.one_of(choices)


def _index(name: str, keys: list[str], options: str, needed: list[Column]) -> Part:
    source = f"sa.Index({name}, {', '.join(keys)}{options})"
    return Part("index", name, source, tuple(each.name for each in needed))
