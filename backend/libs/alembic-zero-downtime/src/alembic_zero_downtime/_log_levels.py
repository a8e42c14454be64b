"""Set log levels temporarily: the output of a temporary server is suppressed."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def log_level(*names: str, level: int) -> Iterator[None]:
    """Set the level of the named loggers for the block."""
    loggers = [logging.getLogger(name) for name in names]
    previous = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(level)
    try:
        yield
    finally:
        for logger, previous_level in zip(loggers, previous, strict=True):
            logger.setLevel(previous_level)
