"""Progress of several files, in one line of a terminal."""

import os
import shutil
import sys
from collections.abc import Sequence
from typing import Final

from app.cli.text import plain, shorten

ERASE: Final = "\r\x1b[K"


class Progress:
    """Shows which file is being read, if there are several and standard error is a terminal."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        is_terminal = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._is_shown = is_terminal and len(names) > 1
        self._started = 0

    def note(self, number: int) -> None:
        """Show that a file is being read."""
        self._started += 1
        if self._is_shown:
            width = shutil.get_terminal_size().columns
            text = f"reading {number + 1} of {len(self._names)}: {plain(self._names[number])}"
            sys.stderr.write(f"{ERASE}{shorten(text, width - 1)}")
            sys.stderr.flush()

    def erase(self) -> None:
        """Make room for output; the line comes back with the next file."""
        if self._is_shown:
            sys.stderr.write(ERASE)
            sys.stderr.flush()
