"""The functions that a rewritten revision calls, to go on where it fails, and to branch.

See `alembic_zero_downtime.lint.instrument`, which writes the calls.
"""

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from importlib import import_module
from traceback import walk_tb
from typing import Any

from sqlalchemy import Column, Connection, Executable

from alembic_zero_downtime.lint.failure import Cause, Failure
from alembic_zero_downtime.lint.replacements import OF_ALL_ROWS, choose, derive, find_replacement
from alembic_zero_downtime.lint.row_reads import UNKNOWN
from alembic_zero_downtime.lint.stand_in import (
    EndlessLoopError,
    Loaded,
    Missing,
    StandIn,
    as_text,
    current_loops,
    decide,
    is_unknown,
    row_of,
    rows_of,
)
from alembic_zero_downtime.lint.unknown_types import with_types

Shape = tuple[Any, ...]
"""The targets of an unpacking: for each, its own shape, or None."""

MOST_HANDLERS = 8
STATEMENT = re.compile(
    r"\s*(?:ALTER|CLUSTER|COPY|CREATE|DELETE|DO|DROP|GRANT|INSERT|LOCK|MERGE|REFRESH|REINDEX|TRUNCATE"
    r"|UPDATE|VACUUM|WITH)\s\S",
    re.IGNORECASE,
)
IS_RAISED = "__is_raised__"

# Their result depends on the value: of a stand-in, it is one.
OF_UNKNOWN_RESULT = {
    *(abs, all, any, bool, dict, divmod, enumerate, float, frozenset, getattr, hasattr),
    *(hash, int, isinstance, issubclass, iter, len, list, max, min, range, repr, reversed),
    *(round, set, sorted, str, sum, tuple, type, zip),
}


class HandlerEntryError(Exception):
    """Lets a run enter an `except` clause; it stands in for the error of the database."""

    def __getattr__(self, name: str) -> StandIn:
        """Return an attribute of the error."""
        if name.startswith("_"):
            raise AttributeError(name)
        return StandIn()


ENTRIES = [type(f"HandlerEntryError{n}", (HandlerEntryError,), {}) for n in range(MOST_HANDLERS)]


class UnseenCallError(Exception):
    """A revision calls a function that cannot be imported."""


class Entered:
    """A context manager whose errors do not keep a revision from its block."""

    def __init__(self, resumption: "Resumption", manager: Any, line: int, is_tried: int) -> None:
        self._resumption = resumption
        self._manager = manager
        self._place = line, is_tried
        self._is_open = False

    def __enter__(self) -> Any:
        """Enter it; return a stand-in if that fails."""
        return self._resumption.value(self._enter, *self._place)

    def __exit__(self, *error: object) -> Any:
        """Leave it, if it was entered."""
        if not self._is_open:
            return None
        return self._resumption.value(lambda: self._manager.__exit__(*error), *self._place)

    def _enter(self) -> Any:
        entered = self._manager.__enter__()
        self._is_open = True
        return entered


class Resumption:
    """Evaluates the expressions of a rewritten revision.

    Args:
        path: the file of the revision.
        record: called with a statement, and its values, that a stand-in is called with.

    Attributes:
        failures: the errors after which the revision went on.
    """

    def __init__(self, path: str, record: Callable[[Any, Any], object]) -> None:
        self._path = path
        self._record = record
        self.failures: list[Failure] = []

    def value(self, evaluate: Callable[[], Any], line: int, is_tried: int) -> Any:
        """Evaluate an expression of a statement; if it fails, return a stand-in.

        Args:
            evaluate: the expression.
            line: its line.
            is_tried: whether the revision itself catches errors.
        """
        loops = current_loops()
        place = loops.depth
        try:
            return evaluate()
        except Exception as error:
            loops.leave(place)  # the error keeps the generators of comprehensions
            is_caused = _is_caused_by_stand_in(error)
            if _ends_function(error) or (is_tried and not is_caused):
                raise
            self._add_failure(line, error, is_caused=is_caused)
            return StandIn()

    def _add_failure(self, line: int, error: Exception, *, is_caused: bool) -> None:
        cause = Cause.STAND_IN if is_caused else Cause.REVISION
        self.failures.append(Failure(line, error, cause))

    def entered(self, evaluate: Callable[[], Any], line: int, is_tried: int) -> "Entered":
        """Evaluate the context manager of a `with` statement."""
        return Entered(self, self.value(evaluate, line, is_tried), line, is_tried)

    def failed(self, line: int, error: Exception) -> StandIn:
        """Return the stand-in for a class whose definition fails."""
        self._add_failure(line, error, is_caused=_is_caused_by_stand_in(error))
        return StandIn()

    def missing(self, line: int, error: Exception, name: str) -> StandIn:
        """Return the stand-in for a module, or a name, that cannot be imported."""
        if error not in [each.error for each in self.failures]:
            self.failures.append(Failure(line, error, Cause.IMPORT))
        return Missing(name)

    def call(self, function: Any, /, *arguments: Any, **keywords: Any) -> Any:
        """Call a function; a result that depends on a stand-in is a stand-in."""
        if function is Column or str(getattr(function, "__module__", "")).startswith("alembic."):
            arguments, keywords = with_types(function, arguments, keywords)
        values = [*arguments, *keywords.values()]
        if isinstance(function, StandIn) and arguments and _is_statement(arguments[0]):
            self._record(*arguments[:2])
            return StandIn()
        if isinstance(function, Missing) or any(isinstance(each, Missing) for each in values):
            return self._call_missing(function, arguments, keywords)
        if function is os.getenv or getattr(function, "__self__", None) is os.environ:
            return StandIn()
        function = find_replacement(function, arguments) or function
        if not any(map(is_unknown, values)):
            return function(*arguments, **keywords)
        if _is_builtin(function) and (
            function is len or any(isinstance(each, StandIn) for each in values)
        ):
            return derive(values, is_part=function in OF_ALL_ROWS)
        return self._call_with_stand_in(function, arguments, keywords)

    def _call_missing(self, function: Any, arguments: Any, keywords: Any) -> Any:
        """Record a call of a function, or with an argument, that cannot be imported."""
        values = [*arguments, *keywords.values()]
        connection = next((each for each in values if isinstance(each, Connection)), None)
        if str(function).endswith("Session") and connection is not None:
            return import_module("sqlalchemy.orm").Session(connection)
        missing = [each for each in (function, *values) if isinstance(each, Missing)]
        try:
            if not isinstance(function, StandIn):
                return function(*arguments, **keywords)
        except Exception as error:
            if _ends_function(error):
                raise
        name = str(missing[0])
        if not name.rpartition(".")[2][:1].isupper():  # a class, such as a type, has no effect
            self._add_unseen_call(self._find_line(), name)
        return Missing(name)

    def _add_unseen_call(self, line: int, name: str) -> None:
        """Record a call of a function that cannot be imported, once for each line."""
        known = (each for each in self.failures if isinstance(each.error, UnseenCallError))
        if line not in [each.line for each in known]:
            self.failures.append(Failure(line, UnseenCallError(name), Cause.IMPORT))

    def _call_with_stand_in(self, function: Any, arguments: Any, keywords: Any) -> Any:
        """Call a function with the stand-ins, or else with their texts."""
        texts = [as_text(each) for each in arguments]
        texts_by_name = {name: as_text(each) for name, each in keywords.items()}
        module = str(getattr(function, "__module__", None) or "builtins").partition(".")[0]
        if isinstance(next(iter(arguments), None), Loaded) and function.__name__ == "delete":
            return arguments[0].delete()
        if module == "alembic":  # names are part of the SQL that it writes
            rows = next(filter(None, map(rows_of, (*arguments, *keywords.values()))), None)
            with current_loops().over(rows):
                return function(*texts, **texts_by_name)
        is_pure = module == "sqlalchemy" or module in sys.stdlib_module_names
        try:
            return function(*arguments, **keywords)
        except Exception as error:
            if _ends_function(error) or not is_pure:
                raise
        try:
            return function(*texts, **texts_by_name)
        except Exception as error:
            if _ends_function(error):
                raise
            return derive([*arguments, *keywords.values()], is_part=False)

    def item(self, container: Any, key: Any) -> Any:
        """Return `container[key]`; a part of a list with stand-ins may have elements or none."""
        if container is os.environ:
            return StandIn()
        try:
            found = container[key]
        except Exception:
            if isinstance(container, dict) and isinstance(key, StandIn):
                return choose(container)
            if is_unknown(container) or is_unknown(key):
                return derive([container], is_part=False)
            raise
        is_open = isinstance(key, slice) and isinstance(found, list | tuple) and not found
        return container if is_open and is_unknown(container) and decide() else found

    slice_of = slice

    def contains(self, container: Any, element: Any) -> Any:
        """Return `element in container`."""
        if container is os.environ:
            return StandIn()
        if isinstance(container, str):
            is_open = UNKNOWN in container or isinstance(element, StandIn)
            return StandIn() if is_open else element in container
        if isinstance(container, StandIn) or isinstance(element, StandIn):
            return StandIn()
        if is_unknown(container):
            known = [each for each in container if not isinstance(each, StandIn)]
            return element in known or StandIn()
        return element in container

    def lacks(self, container: Any, element: Any) -> Any:
        """Return `element not in container`."""
        found = self.contains(container, element)
        return StandIn() if isinstance(found, StandIn) else not found

    def same(self, one: Any, other: Any) -> Any:
        """Return `one is other`."""
        return StandIn() if isinstance(one, StandIn) or isinstance(other, StandIn) else one is other

    def differs(self, one: Any, other: Any) -> Any:
        """Return `one is not other`."""
        found = self.same(one, other)
        return StandIn() if isinstance(found, StandIn) else not found

    def unpack(self, value: Any, shape: Shape) -> Any:
        """Return a value that can be unpacked to targets of this shape."""
        if isinstance(value, StandIn):
            parts = [(value[0], each) for each in shape]
            return tuple(self.unpack(part, each) if each else part for part, each in parts)
        missing = len(shape) - len(value) if isinstance(value, list) and is_unknown(value) else 0
        if missing > 0:  # a list of another length, also for `first, *rest = …`
            return self.unpack([*value, *value[-1:] * missing], shape)
        if any(shape) and isinstance(value, list | tuple) and len(value) == len(shape):
            pairs = zip(value, shape, strict=True)
            return tuple(self.unpack(part, each) if each else part for part, each in pairs)
        return value

    def each(self, values: Iterable[Any], shape: Shape) -> Iterator[Any]:
        """Yield values that can be unpacked to targets of this shape."""
        for value in values:
            with current_loops().over(row_of(value)):
                yield self.unpack(value, shape) if shape else value

    def repeating(self) -> AbstractContextManager[None]:
        """Return the context of a `while` loop."""
        return current_loops().over(None, is_while=True)

    def enter(self, number: int) -> None:
        """Let some runs enter the `except` clause with this number.

        Raises:
            HandlerEntryError: This run enters it.
        """
        if not decide():
            raise ENTRIES[number]

    def chooses(self, subject: Any) -> bool:
        """Let some runs enter a `case` with a stand-in."""
        return isinstance(subject, StandIn) and decide()

    def caught(self, errors: Any, number: int) -> Any:
        """Return the errors of an `except` clause, and the one that lets a run enter it."""
        listed = errors if isinstance(errors, tuple) else (errors,)
        known = [Exception if isinstance(each, StandIn) else each for each in listed]
        return (*known, ENTRIES[number])

    def raised(self, error: Any) -> Any:
        """Return an error, marked as one that the revision itself raises."""
        if isinstance(error, StandIn):
            error = RuntimeError(str(error))
        raised = error() if isinstance(error, type) else error
        setattr(raised, IS_RAISED, True)
        return raised

    def _find_line(self) -> int:
        frame = sys._getframe(1)  # noqa: SLF001 the only way to see the callers
        while frame.f_back and frame.f_code.co_filename != self._path:
            frame = frame.f_back
        return frame.f_lineno


def _is_builtin(function: Any) -> bool:
    try:
        return function in OF_UNKNOWN_RESULT or (
            getattr(function, "__name__", None) == "get"
            and isinstance(getattr(function, "__self__", None), dict)
        )
    except TypeError:  # not hashable
        return False


def _is_statement(value: Any) -> bool:
    """Whether a value is an SQL statement."""
    return isinstance(value, Executable) or (
        isinstance(value, str) and bool(STATEMENT.match(value))
    )


def _ends_function(error: Exception) -> bool:
    """Whether an error ends the function that raises it, rather than only a statement."""
    ends = isinstance(error, HandlerEntryError | EndlessLoopError)
    return ends or hasattr(error, IS_RAISED)


def _is_caused_by_stand_in(error: Exception) -> bool:
    """Whether a call that led to an error works on a stand-in."""
    return UNKNOWN in str(error) or any(
        is_unknown(value)
        for frame, _ in walk_tb(error.__traceback__)
        for name, value in frame.f_locals.items()
        if name != "self"
    )
