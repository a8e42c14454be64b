"""The settings that limit the reading of files: whole numbers in the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from app.errors import SettingsError

SECONDS: Final = 120
MEGABYTES_OF_MEMORY: Final = 2048
MEGABYTES_OF_FILE: Final = 512
_MOST_JOBS: Final = 4
"""Processes at a time by default, on a machine with as many processors."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A setting: a whole number in the environment.

    Attributes:
        default: None if it depends on the machine; `otherwise` says how.
    """

    name: str
    least: int
    most: int | None
    default: int | None
    otherwise: str = ""

    def read(self, environment: Mapping[str, str] = os.environ) -> int | None:
        """Return the value in force.

        Raises:
            SettingsError: It is no whole number within the bounds.
        """
        text = environment.get(self.name, "").strip()
        if not text:
            return self.default
        is_number = text.isascii() and text.isdecimal()
        if not is_number or not self.least <= int(text[:12]) <= (self.most or 2**31):
            bounds = f"from {self.least}" + (f" to {self.most}" if self.most else " on")
            raise SettingsError(f"{self.name}: it has to be a whole number {bounds}")
        return int(text)


TIMEOUT: Final = Limit("FDE_TIMEOUT", 1, 86_400, SECONDS)
MEMORY: Final = Limit("FDE_MEMORY", 256, None, MEGABYTES_OF_MEMORY)
MAX_SIZE: Final = Limit("FDE_MAX_SIZE", 1, None, MEGABYTES_OF_FILE)
JOBS: Final = Limit("FDE_JOBS", 1, 64, None, f"one for each processor, up to {_MOST_JOBS}")
LIMITS: Final = (TIMEOUT, MEMORY, MAX_SIZE, JOBS)


def number_of_jobs(jobs: int | None = None) -> int:
    """Return how many processes work at a time: as asked, or one for each processor, up to 4."""
    return jobs or min(_MOST_JOBS, os.cpu_count() or 1)
