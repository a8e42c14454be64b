"""Run a benchmark as a command: a failure is one line and an exit code."""

import signal
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy.exc import DBAPIError

from alembic_zero_downtime.errors import EmbeddedServerError, describe_failure
from support.processes import BrokenUpgradeError

MEASURED, FAILED, INTERRUPTED = 0, 1, 130


def measure_in_folder(measure: Callable[[Path], None]) -> int:
    """Call `measure` with a temporary folder; return the exit code."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # to clean up
    try:
        with TemporaryDirectory(prefix="migration-bench-", ignore_cleanup_errors=True) as name:
            measure(Path(name))
    except DBAPIError as error:
        sys.stderr.write(f"bench: {describe_failure(error)}\n")
        return FAILED
    except (BrokenUpgradeError, EmbeddedServerError) as error:
        sys.stderr.write(f"bench: {error}\n")
        return FAILED
    except KeyboardInterrupt:
        sys.stderr.write("\nbench: interrupted\n")
        return INTERRUPTED
    return MEASURED
