"""Reproduce every fault of docs/migrations/troubleshooting.md.

A producer reproduces the fault and yields the output of the command. Then it follows the advice of
the page, up to the repetition of the command.
"""

from support.faults import (
    differing,
    failing,
    interrupting,
    resetting,
    server,
    surroundings,
    waiting,
)

__all__ = [
    "differing",
    "failing",
    "interrupting",
    "resetting",
    "server",
    "surroundings",
    "waiting",
]
