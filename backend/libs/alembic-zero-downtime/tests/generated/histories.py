"""The strategy of histories: models, and the models of the next release."""

from collections.abc import Callable
from dataclasses import replace

from hypothesis import strategies as st

from generated import parts, tables
from generated.draft import Draft
from generated.models import Column, Models, Part, Table
from generated.reduce import History

MAKERS: dict[str, Callable[[Draft, Table, str | None], Part | None]] = {
    "check": parts.check,
    "unique": parts.unique,
    "exclude": parts.exclude,
    "index": parts.index,
}
Change = Callable[[Draft, Models], Models]


def _add_column(draft: Draft, models: Models) -> Models:
    table = draft.one_of(models.tables)
    column = tables.column(draft, table)
    if column.default is None and not draft.one_in(20):
        column = replace(column, nullable=True)
    return models.with_table(table.with_column(column))


def _add_computed_column(draft: Draft, models: Models) -> Models:
    table = draft.one_of(models.tables)
    column = tables.computed(draft, table)
    if column is None or ("persisted=True" in column.extra[0] and not draft.one_in(6)):
        return models
    return models.with_table(table.with_column(column))


def _drop_column(draft: Draft, models: Models) -> Models:
    table = draft.one_of(models.tables)
    columns = [each.name for each in table.columns if not each.is_key]
    return models.with_table(table.without(draft.one_of(columns))) if columns else models


def _add_table(draft: Draft, models: Models) -> Models:
    return models.with_table(tables.table(draft))


def _drop_table(draft: Draft, models: Models) -> Models:
    if len(models.tables) == 1:
        return models
    return models.without(draft.one_of(models.tables).key)


def _add_part(draft: Draft, models: Models) -> Models:
    table = draft.one_of(models.tables)
    part = MAKERS[draft.one_of(["check", "unique", "exclude", "index", "index"])](
        draft, table, None
    )
    return models.with_table(table.with_part(part)) if part else models


def _change_part(draft: Draft, models: Models) -> Models:
    """Draw other text for a CHECK, other columns for an index, …, with the same name."""
    table = draft.one_of(models.tables)
    named = [each for each in table.parts if each.name and each.kind in MAKERS]
    if not named:
        return models
    old = draft.one_of(named)
    new = MAKERS[old.kind](draft, table, old.name)
    return models.with_table(table.with_part(new)) if new else models


def _drop_part(draft: Draft, models: Models) -> Models:
    table = draft.one_of(models.tables)
    if not table.parts:
        return models
    gone = draft.one_of(table.parts)
    return models.with_table(
        replace(table, parts=tuple(each for each in table.parts if each != gone))
    )


def _add_foreign_key(draft: Draft, models: Models) -> Models:
    return tables.with_foreign_key(draft, models, is_nullable=True)


def _change_nullability(draft: Draft, models: Models) -> Models:
    def change(column: Column) -> Column:
        return replace(column, nullable=not column.nullable)

    return _change_column(draft, models, change)


def _change_default(draft: Draft, models: Models) -> Models:
    table = draft.one_of(models.tables)
    columns = draft.of_kind(table, "defaults")
    if not columns:
        return models
    column, kind = draft.one_of(columns)
    return models.with_table(
        table.with_column(replace(column, default=draft.one_of([None, *kind.defaults])))
    )


def _change_type(draft: Draft, models: Models) -> Models:
    table = draft.one_of(models.tables)
    columns = [(each, kind) for each, kind in draft.of_kind(table, "wider") if not each.extra]
    if not columns:
        return models
    column, kind = draft.one_of(columns)
    return models.with_table(table.with_column(replace(column, type=draft.one_of(kind.wider))))


def _change_comment(draft: Draft, models: Models) -> Models:
    comment = draft.one_of([None, *tables.COMMENTS])
    if draft.one_in(3):
        return models.with_table(replace(draft.one_of(models.tables), comment=comment))
    return _change_column(draft, models, lambda column: replace(column, comment=comment))


def _add_label(draft: Draft, models: Models) -> Models:
    if not draft.one_in(3):
        return models
    shared = tuple(
        (name, text.replace("'sad'", "'sad', 'glad'") if name == "shared_mood" else text)
        for name, text in models.shared
    )
    return replace(models, shared=shared)


def _change_column(draft: Draft, models: Models, change: Callable[[Column], Column]) -> Models:
    table = draft.one_of(models.tables)
    columns = [
        each for each in table.columns if not each.is_key and each.is_given and not each.extra
    ]
    if not columns:
        return models
    return models.with_table(table.with_column(change(draft.one_of(columns))))


CHANGES: tuple[Change, ...] = (
    *(_add_column, _add_column, _add_computed_column, _drop_column, _add_table, _drop_table),
    *(_add_part, _add_part, _change_part, _change_part, _drop_part, _add_foreign_key),
    *(_change_nullability, _change_default, _change_default, _change_type, _change_comment),
    _add_label,
)


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Draw models, and in most cases the models of the next release."""
    convention = draw(st.sampled_from(tables.CONVENTIONS))
    draft = Draft(draw, has_convention=convention is not None)
    first = tables.models(draft, convention)
    if draft.one_in(4):
        return (first,)
    second = first
    for change in draw(st.lists(st.sampled_from(CHANGES), min_size=1, max_size=4)):
        second = change(draft, second)
    return (first, second) if second.source != first.source else (first,)
