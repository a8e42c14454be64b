"""Name the data that a change of the schema loses."""

import re
from collections.abc import Iterator

from alembic_zero_downtime.schema.catalog import Catalog, Item
from alembic_zero_downtime.schema.diff import describe

NUMBER = re.compile(r"numeric(?:\((\d+)(?:,(\d+))?\))?$")
TEXT = re.compile(r"(?:text|character varying(?:\((\d+)\))?)$")
# Each holds every value of those before it.
WHOLE_NUMBERS = ("smallint", "integer", "bigint")
UNLIMITED = 10**6


def find_losses(item: Item, before: Catalog, after: Catalog) -> Iterator[str]:
    """Yield what is lost when the definition of an item changes, if that can lose data.

    Args:
        item: the item that differs.
        before: the catalog with its previous definition, if any.
        after: the catalog with its new definition, if any.
    """
    if item not in before:
        if item.kind == "column" and item.part == "generation":
            yield f"the values of {describe(item.without_part)}"
        return
    if item not in after:
        if item.part is not None:
            return
        if item.kind == "table":
            yield f"the rows of {describe(item)}"
        elif item.kind == "column" and item._replace(part="generation") not in before:
            yield f"the values of {describe(item)}"
        elif item.kind == "sequence":
            yield f"the position of {describe(item)}"
    elif item.kind == "column" and item.part is None and not is_widening(before[item], after[item]):
        yield f"what {after[item]} cannot hold of the values of {describe(item)}"


def is_widening(before: str, after: str) -> bool:
    """Whether a column of a type holds every value of another type."""
    if before in WHOLE_NUMBERS and after in WHOLE_NUMBERS:
        return WHOLE_NUMBERS.index(before) <= WHOLE_NUMBERS.index(after)
    if before in WHOLE_NUMBERS and after == "numeric":
        return True
    if (old := TEXT.match(before)) and (new := TEXT.match(after)):
        return new[1] is None or int(old[1] or UNLIMITED) <= int(new[1])
    if (old := NUMBER.match(before)) and (new := NUMBER.match(after)):
        return new[1] is None or (old[1] is not None and _fits(old, new))
    return after == "text" or (before, after) == ("real", "double precision")


def _fits(old: re.Match[str], new: re.Match[str]) -> bool:
    old_scale, new_scale = int(old[2] or 0), int(new[2] or 0)
    return old_scale <= new_scale and int(old[1]) - old_scale <= int(new[1]) - new_scale
