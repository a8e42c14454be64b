"""Make every fault of docs/database/faults.md for real; test_faults.py compares them with it.

Up to its `yield` a producer makes the fault and hands over what the command said. Behind it, it
does what the page advises to do before the same command is given again.
"""

from tests.faults import disagreement, ending, failing, server, surroundings, waiting

__all__ = ["disagreement", "ending", "failing", "server", "surroundings", "waiting"]
