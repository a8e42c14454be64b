"""How an example ends: well, refused, or with a fault."""

import re
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from alembic.util import CommandError
from sqlalchemy.exc import SAWarning


class FaultError(Exception):
    """A property does not hold.

    Attributes:
        kind: what the same fault of another example has in common with this one.
    """

    def __init__(self, kind: str, details: str = "") -> None:
        self.kind = kind
        super().__init__(details or kind)


class RefusedError(Exception):
    """Autogenerate refuses a change of the models; nothing is written."""


class InvalidModelsError(Exception):
    """SQLAlchemy cannot create the models."""


@contextmanager
def faults_of(step: str) -> Iterator[None]:
    """Turn any exception of a step into a fault."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", SAWarning)  # a user would see it
            yield
    except FaultError:
        raise
    except CommandError as error:
        raise FaultError(f"{step} fails: {outline(str(error))}", str(error)) from error
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        own = [each for each in frames if "alembic_zero_downtime" in each.filename] or frames
        place = f"{own[-1].filename.rsplit('/', 1)[1]}:{own[-1].name}"
        kind = f"{step} raises {type(error).__name__} in {place}: {outline(str(error))}"
        raise FaultError(kind, "".join(traceback.format_exception(error))) from error


def outline(message: str) -> str:
    """Return the first line of a message without names and numbers."""
    line = message.partition("\n")[0]
    line = re.sub(r"\"(?:[^\"]|\"\")*\"|'(?:[^']|'')*'", "…", line)
    return re.sub(r"\d+", "N", line)[:120]
