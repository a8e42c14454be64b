"""A stand-in for a value that only a database knows, such as a row that a revision reads.

A stand-in has every attribute, can be called, indexed and iterated, and takes part in expressions;
the result is a stand-in again. Where Python needs a bool, such as in a condition, `Decisions`
chooses it, so that several runs see every branch.
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from alembic_zero_downtime.lint.row_reads import UNKNOWN, RowLoops, Rows

LIBRARIES = ("sqlalchemy", "alembic", "alembic_zero_downtime")
OWN = __name__.rpartition(".")[0]
# Attributes of a row; the last is one of a result, which SQLAlchemy reads.
UNDERSCORED = {"_asdict", "_fields", "_mapping", "_tuple", "_attributes"}
# Methods of a result that return one row, or a part of it.
OF_ONE_ROW = {
    *("first", "one", "one_or_none", "get", "scalar", "scalar_one"),
    *("scalar_one_or_none", "count", "rowcount", "keys"),
}
FETCHES = {"fetchone", "fetchmany"}
MOST_DECISIONS = 5_000
MOST_STAND_INS = 10_000

Place = tuple[tuple[str, int, int], ...]
"""Where a condition is evaluated: file, line and instruction of each call that leads to it."""


class EndlessLoopError(BaseException):
    """A loop over stand-ins does not end; a revision that catches errors does not catch it."""


class Decisions:
    """Chooses the outcomes of conditions on stand-ins during one run of a function.

    A condition that is met again, as in a loop, has the opposite outcome each time, so that loops
    end.

    Args:
        forced: the first outcomes at places.
        otherwise: the first outcome at other places.
        most: the stand-ins that the run may make.

    Attributes:
        first: the first outcome at each place, in the order of the run.
        is_used: whether a stand-in was made.
        loops: the loops over rows that the run is in.
    """

    def __init__(
        self,
        forced: Mapping[Place, bool] | None = None,
        *,
        otherwise: bool = True,
        most: int = MOST_STAND_INS,
    ) -> None:
        self._left = self._most = most
        self._forced = forced or {}
        self._otherwise = otherwise
        self._visits: Counter[Place] = Counter()
        self.first: dict[Place, bool] = {}
        self.is_used = False
        self.loops = RowLoops()

    def add(self) -> None:
        """Count a stand-in: code such as `row is None` asks for no outcome, and may not end.

        Raises:
            EndlessLoopError: There have been too many.
        """
        self.is_used = True
        self._left -= 1
        if self._left < 0:
            raise EndlessLoopError(f"a loop did not end after {self._most} values")

    def decide(self, place: Place) -> bool:
        """Return the outcome of a condition.

        Raises:
            EndlessLoopError: There have been too many.
        """
        self.is_used = True
        visits = self._visits[place]
        self._visits[place] += 1
        if self._visits.total() > MOST_DECISIONS:
            raise EndlessLoopError(f"a loop did not end after {MOST_DECISIONS} conditions")
        first = self.first.setdefault(place, self._forced.get(place, self._otherwise))
        return first if visits % 2 == 0 else not first


_running: list[Decisions] = []


@contextmanager
def deciding(decisions: Decisions) -> Iterator[None]:
    """Let `decisions` choose the outcomes until the block ends."""
    _running.append(decisions)
    try:
        yield
    finally:
        _running.pop()


def decide(number: int = 0) -> bool:
    """Return the outcome of the condition that the caller evaluates.

    A library does not branch: to it, a stand-in is true and has one element.

    Args:
        number: of the condition, if the place has several.
    """
    if not _running:
        return True
    place, is_library = _find_place()
    place += (("", number, 0),) if number else ()
    return is_library or _running[-1].decide(place)


def current_loops() -> RowLoops:
    """Return the loops over rows that the current run is in."""
    return _running[-1].loops if _running else RowLoops()


def is_called_by_revision() -> bool:
    """Whether the function that calls this one is called by a revision, and not by a library."""
    return not _find_place()[1]


def _find_place() -> tuple[Place, bool]:
    """Return the place of the current condition, and whether a library evaluates it."""
    calls = list[tuple[str, int, int]]()
    is_library: bool | None = None
    frame: Any = sys._getframe(1)  # noqa: SLF001 the only way to see the callers
    while frame:
        module = str(frame.f_globals.get("__name__", ""))
        if not module.startswith(OWN):
            if is_library is None:
                is_library = module.partition(".")[0] in LIBRARIES
            calls.append((frame.f_code.co_filename, frame.f_lineno, frame.f_lasti))
        elif module == f"{OWN}.exploration":
            break
        frame = frame.f_back
    return tuple(dict.fromkeys(calls)), bool(is_library)  # a recursion ends as a loop does


class StandIn:
    """A value that only a database knows.

    Args:
        rows: those of a query that it is derived from, if there may be many.
        is_row: whether it is derived from one of the rows, and not from all.

    Attributes:
        origin: these arguments.
    """

    origin: tuple[Rows | None, bool]

    def __init__(self, rows: Rows | None = None, *, is_row: bool = False) -> None:
        object.__setattr__(self, "origin", (rows, is_row))
        if _running:
            _running[-1].add()

    def derive(self) -> "StandIn":
        """Return a stand-in with the same origin."""
        rows, is_row = self.origin
        return StandIn(rows, is_row=is_row)

    def __getattr__(self, name: str) -> Any:
        """Return an attribute; a private one would be one of Python's protocols."""
        if name.startswith("_") and name not in UNDERSCORED:
            raise AttributeError(name)
        _, is_row = self.origin
        if is_row:
            return self.derive()
        if name in FETCHES:
            return partial(self._fetch, is_one=name == "fetchone")
        return StandIn() if name in OF_ONE_ROW else self.derive()

    def _fetch(self, *_: object, is_one: bool, **__: object) -> "StandIn":
        """Return the next row, or some rows; a `while` loop may fetch all of them."""
        rows, _is_row = self.origin
        current_loops().read(rows)
        return StandIn() if is_one else StandIn(rows)

    def __getitem__(self, key: object) -> "StandIn":
        """Return a part of a row, a slice of rows, or one of them."""
        _, is_row = self.origin
        return self.derive() if is_row or isinstance(key, slice) else StandIn()

    def __iter__(self) -> Iterator["StandIn"]:
        """Yield one element, or none."""
        rows, is_row = self.origin
        if decide():
            with current_loops().over(None if is_row else rows):
                yield StandIn(rows, is_row=True)

    def __next__(self) -> "StandIn":
        """Return the next element, or end."""
        if not decide():
            raise StopIteration
        rows, _ = self.origin
        return StandIn(current_loops().read(rows), is_row=True)

    def __bool__(self) -> bool:
        """Whether it is true in this run."""
        return decide()

    def __contains__(self, element: object) -> bool:
        """Whether it contains an element in this run."""
        return decide()

    def __len__(self) -> int:
        """Return its length in this run."""
        return int(decide())

    def __hash__(self) -> int:
        """Return its identity."""
        return id(self)

    def __add__(self, other: object) -> Any:
        """Return its text with a text after it, or a stand-in."""
        return UNKNOWN + other if isinstance(other, str) else _combine(self, other)

    def __radd__(self, other: object) -> Any:
        """Return a text with its text after it, or a stand-in."""
        return other + UNKNOWN if isinstance(other, str) else _combine(self, other)


class Missing(StandIn):
    """A module that cannot be imported, or a name in it."""

    def __init__(self, name: str) -> None:
        super().__init__()
        object.__setattr__(self, "_name", name)

    def __getattr__(self, name: str) -> StandIn:
        """Return a name of the module."""
        if name.startswith("_"):
            raise AttributeError(name)
        return Missing(f"{self!s}.{name}")

    def __str__(self) -> str:
        """Return its name."""
        return str(object.__getattribute__(self, "_name"))

    def __mro_entries__(self, bases: object) -> tuple[type, ...]:
        """Let a class derive from it: from nothing."""
        return ()


class Loaded(StandIn):
    """The result of a session's query, or an object in it: a session writes what is changed."""

    _table: str
    _record: Callable[[str], object]

    def __init__(
        self,
        table: str,
        record: Callable[[str], object],
        rows: Rows | None = None,
        *,
        is_row: bool = False,
    ) -> None:
        super().__init__(rows, is_row=is_row)
        object.__setattr__(self, "_table", table)
        object.__setattr__(self, "_record", record)

    def derive(self, *_: object, **__: object) -> "Loaded":
        """Return a result or an object with the same origin."""
        rows, is_row = self.origin
        return Loaded(self._table, self._record, rows, is_row=is_row)

    __call__ = __getitem__ = __enter__ = derive

    def __getattr__(self, name: str) -> StandIn:
        """Return an object of the result, or a method that returns one."""
        if name.startswith("_") and name not in UNDERSCORED:
            raise AttributeError(name)
        _, is_row = self.origin
        is_one = name in OF_ONE_ROW and not is_row
        return Loaded(self._table, self._record) if is_one else self.derive()

    def __iter__(self) -> Iterator[StandIn]:
        """Yield an object, or none."""
        rows, is_row = self.origin
        if decide():
            with current_loops().over(None if is_row else rows):
                yield Loaded(self._table, self._record, rows, is_row=True)

    def __setattr__(self, name: str, value: object) -> None:
        """Record the statement that a session writes for a changed attribute."""
        self._record(f"UPDATE {self._table} SET {name} = {UNKNOWN} WHERE id = {UNKNOWN}")  # noqa: S608 never run

    def delete(self) -> "Loaded":
        """Record the statement that a session writes for a deleted object."""
        self._record(f"DELETE FROM {self._table} WHERE id = {UNKNOWN}")  # noqa: S608 as above
        return self


def _define(names: Iterable[str], answer: Callable[..., object]) -> None:
    for name in names:
        setattr(StandIn, f"__{name}__", answer)


def _combine(one: StandIn, other: object) -> StandIn:
    """Return the result of an operator, with the origin of a value that has rows."""
    if isinstance(other, StandIn) and one.origin[0] is None:
        return other.derive()
    return one.derive()


_ARITHMETIC = ("sub", "mul", "truediv", "floordiv", "mod", "divmod", "pow", "and", "or", "xor")
_define(_ARITHMETIC, _combine)
_define((f"r{each}" for each in _ARITHMETIC), _combine)
_define(("eq", "ne", "lt", "le", "gt", "ge"), lambda *_: StandIn())
_define(("neg", "pos", "abs", "invert", "round"), lambda self, *_: self.derive())
_define(("call", "enter"), lambda self, *_, **__: self.derive())
_define(("setattr", "setitem", "delitem", "exit"), lambda *_: None)
_define(("int", "index"), lambda _: 1)
_define(("float",), lambda _: 1.0)
_define(("repr", "str", "format"), lambda *_: UNKNOWN)


def is_unknown(value: object, depth: int = 3) -> bool:
    """Whether a value is a stand-in, or a list, tuple, set or dict with one in it."""
    if isinstance(value, StandIn) or not depth:
        return isinstance(value, StandIn)
    if isinstance(value, dict):
        return any(is_unknown(each, depth - 1) for pair in value.items() for each in pair)
    if isinstance(value, list | tuple | set | frozenset):
        return any(is_unknown(each, depth - 1) for each in value)
    return False


def row_of(value: object) -> Rows | None:
    """Return the rows of a query if a value is derived from one of them, or contains one."""
    match value:
        case StandIn(origin=(rows, True)):
            return rows
        case dict():
            parts: Iterable[object] = value.values()
        case list() | tuple():
            parts = value
        case _:
            return None
    found = (each.origin for each in parts if isinstance(each, StandIn))
    return next((rows for rows, is_row in found if is_row and rows), None)


def rows_of(value: object) -> Rows | None:
    """Return the rows of a query if a value is all of them, or a list derived from them."""
    match value:
        case StandIn(origin=(rows, False)):
            return rows
        case list() | tuple():
            return next(filter(None, map(row_of, value)), None)
    return None


def as_text(value: Any) -> Any:
    """Return a value with each stand-in in it replaced by its text."""
    if isinstance(value, StandIn):
        return UNKNOWN
    if type(value) in {list, tuple, set, frozenset}:
        return type(value)(as_text(each) for each in value)
    if type(value) is dict:
        return {as_text(key): as_text(each) for key, each in value.items()}
    return value
