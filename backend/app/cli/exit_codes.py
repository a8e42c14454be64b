"""The exit codes of `fde`."""

from enum import IntEnum


class Exit(IntEnum):
    """The exit codes; of several reasons the highest counts."""

    OK = 0
    DOUBTFUL = 1
    USAGE = 2
    UNREADABLE = 3
    DATABASE = 4
    INTERRUPTED = 130
    CLOSED_PIPE = 141
    TERMINATED = 143


EXPLANATION = """\b
Exit codes; of several the highest:
  0    all is done, with all three statements, and none is doubtful
  1    a statement is doubtful, or was not found; a figure is not proved
  2    wrong arguments; no such company, line or year, or several
  3    a file is unreadable, has no statement or is refused; the output failed
  4    the database or the storage of files cannot be used
  130  interrupted by Ctrl-C
  141  the reader of the output closed the pipe, as head does
  143  interrupted by SIGTERM
"""
