"""The exit codes of `fde`."""

from enum import IntEnum


class Exit(IntEnum):
    """The exit codes; of several reasons the highest counts."""

    OK = 0
    DOUBTFUL = 1
    USAGE = 2
    UNREADABLE = 3
    INTERRUPTED = 130
    CLOSED_PIPE = 141
    TERMINATED = 143


EXPLANATION = """\b
Exit codes; of several the highest:
  0    every file was read, with all three statements, and none is doubtful
  1    a statement is doubtful, or was not found
  2    wrong arguments
  3    a file could not be read or has no statement, or the output failed
  130  interrupted by Ctrl-C
  141  the reader of the output closed the pipe, as head does
  143  interrupted by SIGTERM
"""
