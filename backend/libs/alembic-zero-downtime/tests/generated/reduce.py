"""Reduce a history of models to a small one with the same fault."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

from generated.models import Models, Part, Table, TableKey

History = tuple[Models, ...]
"""The models of one release after another."""
Change = Callable[[Models], Models]
PLAINER: tuple[dict[str, Any], ...] = (
    {"default": None},
    {"extra": ()},
    {"comment": None},
    {"nullable": True},
    {"options": ()},
)
"""Fields of a column that may not matter."""


def reduce(history: History, has_fault: Callable[[History], bool], tries: int) -> History:
    """Return the history without what the fault does not need.

    Args:
        history: with a fault.
        has_fault: whether another one has the same.
        tries: how often it is called at most.
    """
    left = tries
    is_smaller = True
    while is_smaller:
        is_smaller = False
        for smaller in _smaller(history):
            if left == 0:
                return history
            left -= 1
            if has_fault(smaller):
                history, is_smaller = smaller, True
                break
    return history


def _smaller(history: History) -> Iterator[History]:
    if len(history) > 1:
        yield history[1:]
        yield history[:-1]
    for change in _changes(history):
        smaller = tuple(change(each) for each in history)
        if smaller != history and all(each.tables for each in smaller):
            yield smaller


def _changes(history: History) -> Iterator[Change]:
    """Yield what can be left out of all models, large things first."""
    tables = {table.key: table for models in history for table in models.tables}
    for key in tables:
        yield partial(_without_table, key)
    yield _without_convention
    for key in tables:
        versions = [each for models in history for each in models.tables if each.key == key]
        for part in dict.fromkeys(part for each in versions for part in each.parts):
            yield partial(_in_table, key, partial(_without_part, part))
        names = dict.fromkeys(column.name for each in versions for column in each.columns)
        for name in names:
            yield partial(_in_table, key, partial(_without_column, name))
        for name, fields in product(names, PLAINER):
            yield partial(_in_table, key, partial(_with_plain_column, name, fields))
        yield partial(_in_table, key, partial(replace, comment=None))
        yield partial(_in_table, key, partial(replace, options=(), partitions=()))


def _without_convention(models: Models) -> Models:
    return replace(models, convention=None)


def _without_table(key: TableKey, models: Models) -> Models:
    return models.without(key)


def _in_table(key: TableKey, change: Callable[[Table], Table], models: Models) -> Models:
    table = next((each for each in models.tables if each.key == key), None)
    return models if table is None else models.with_table(change(table))


def _without_part(part: Part, table: Table) -> Table:
    return replace(table, parts=tuple(each for each in table.parts if each != part))


def _without_column(name: str, table: Table) -> Table:
    return table.without(name)


def _with_plain_column(name: str, fields: dict[str, Any], table: Table) -> Table:
    column = next((each for each in table.columns if each.name == name), None)
    return table if column is None else table.with_column(replace(column, **fields))
