"""Answers that are made once and sent often: those that were asked for last, within bounds.

What is kept is found by a key that has all that the answer depends on, such as a digest of its
data: it is right for as long as the process lives.
"""

from collections import OrderedDict
from collections.abc import Hashable, Iterator, Sized
from typing import Final, Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Kept = TypeVar("Kept", bound=Sized)

MOST: Final = 100
MOST_BYTES: Final = 4_000_000
"""Of all; one that is bigger than a tenth is not kept."""


class Renderings(Generic[Key, Kept]):
    """A bounded cache; the event loop alone uses it."""

    def __init__(self, most: int = MOST, most_bytes: int = MOST_BYTES) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._kept: OrderedDict[Key, Kept] = OrderedDict()
        self._bytes = 0

    def __iter__(self) -> Iterator[Key]:
        """Return the keys, the first that is forgotten first."""
        return iter(self._kept)

    def get(self, key: Key) -> Kept | None:
        """Return what is kept; it is then the last that is forgotten."""
        if key not in self._kept:
            return None
        self._kept.move_to_end(key)
        return self._kept[key]

    def keep(self, key: Key, content: Kept) -> None:
        """Keep an answer, and forget the oldest ones until there is room."""
        if len(content) > self._most_bytes // 10:
            return
        self._bytes += len(content)
        if (before := self._kept.pop(key, None)) is not None:
            self._bytes -= len(before)
        self._kept[key] = content
        while len(self._kept) > self._most or self._bytes > self._most_bytes:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= len(oldest)
