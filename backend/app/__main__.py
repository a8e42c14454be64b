"""The command line `fde`: `python -m app`."""

import sys

from alembic_zero_downtime.interrupts import exit_on_interrupt
from app.pipeline.cycles import collect_cycles_rarely

PROGRAM = "fde"


def main() -> int:
    """Run a command; return the exit code."""
    exit_on_interrupt(PROGRAM)  # before the other imports
    collect_cycles_rarely()
    from app.cli.main import run  # noqa: PLC0415

    return run()


if __name__ == "__main__":
    sys.exit(main())
