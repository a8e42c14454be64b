"""Time `--help` of this library's command line against `alembic --help`, without a database.

Both are processes that run alternately, since machines are noisy: the median ratio counts.
"""

import statistics
import subprocess
import sys
import time
from pathlib import Path

PAIRS = 15
LIMIT = 0.5


def main() -> int:
    """Measure and print the ratio; the arguments are the Python program to measure."""
    program = sys.argv[1:] or ["-m", "alembic_zero_downtime"]
    commands = [
        [sys.executable, *program, "--help"],
        [str(Path(sys.executable).parent / "alembic"), "--help"],
    ]
    for command in commands:
        seconds(command)  # writes the bytecode
    pairs = [[seconds(command) for command in commands] for _ in range(PAIRS)]
    ratio = statistics.median(own / plain for own, plain in pairs)
    print(f"--help         median {ratio:.3f} of alembic --help, {PAIRS} pairs (at most {LIMIT})")
    return int(ratio > LIMIT)


def seconds(command: list[str]) -> float:
    """Return the seconds of one run."""
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main())
