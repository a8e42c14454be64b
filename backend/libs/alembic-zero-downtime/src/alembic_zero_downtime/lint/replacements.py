"""Functions that a revision calls with stand-ins, and what is called instead."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from alembic_zero_downtime.lint.stand_in import (
    StandIn,
    as_text,
    current_loops,
    decide,
    rows_of,
)

# Of all rows, their result is a part or one value, and not as many values.
OF_ALL_ROWS = {abs, all, any, bool, divmod, float, getattr, hasattr, hash, int, isinstance} | {
    *(issubclass, len, max, min, range, repr, round, str, sum, type),
}


def find_replacement(function: Any, arguments: tuple[Any, ...]) -> Callable[..., Any] | None:
    """Return the function that is called instead, with the same arguments; None if there is none.

    Args:
        function: that the revision calls.
        arguments: of the call.
    """
    if function is iter and len(arguments) > 1:
        return _calls
    if function is getattr and isinstance(arguments[1], StandIn):
        is_operation = str(getattr(arguments[0], "__name__", "")).startswith("alembic.")
        return _refuse_name if is_operation else None
    owner = getattr(function, "__self__", None)
    match getattr(function, "__name__", None), owner, arguments:
        case "join", str(), (parts,) if not isinstance(parts, StandIn):
            return lambda parts: function([as_text(each) for each in parts])
        case "get", dict(), (StandIn(), *_):
            return lambda _, *others: choose(owner, *others)
        case "execute_batch" | "execute_values" as name, _, (_, _, _, *_):  # of psycopg2
            return partial(_execute_many, is_one=name == "execute_values")
    return None


def _calls(function: Callable[[], Any], last: object) -> Iterator[Any]:
    """Yield the results of calls until the last, such as those of `fetchone`."""
    with current_loops().over(None, is_while=True):
        yield from iter(function, last)


def _refuse_name(operations: Any, name: StandIn, *_: Any) -> None:
    """Refuse an operation by a name that is read.

    Raises:
        LookupError: Always.
    """
    raise LookupError(f"{operations.__name__}.{name}")


def _execute_many(cursor: Any, sql: str, sets: Any, *_: Any, is_one: bool, **__: Any) -> None:
    """Execute a statement for each set of values, or once with a list of them."""
    with current_loops().over(rows_of(sets)):
        cursor.executemany(sql, [(each,) for each in sets] if is_one else sets)


def choose(choices: dict[Any, Any], *others: Any) -> Any:
    """Return a function in a dictionary that some runs call, or else a stand-in."""
    functions = [each for each in (*choices.values(), *others) if callable(each)]
    for number, function in enumerate(functions[:-1], 1):
        if decide(number):
            return function
    return functions[-1] if functions else derive([choices], is_part=False)


def derive(values: Iterable[Any], *, is_part: bool) -> StandIn:
    """Return a stand-in with the origin of the first stand-in of rows.

    Args:
        values: the arguments of a function.
        is_part: whether the result for all rows is one value.
    """
    for each in values:
        rows, is_row = each.origin if isinstance(each, StandIn) else (rows_of(each), False)
        if rows and (is_row or not is_part):
            return StandIn(rows, is_row=is_row)
    return StandIn()
