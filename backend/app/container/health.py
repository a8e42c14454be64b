"""The health command of the image: healthy while it migrates, and while the server answers 200.

    python -m app.container.health [--wait] http://127.0.0.1:8000/healthz

While nothing listens, a process of `alembic` means that a migration runs; it may take hours. A
server that listens and does not answer is unhealthy. Exits with 0 if healthy, with 1 if not.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

TIMEOUT = 3.0  # seconds
INTERVAL = 1.0  # seconds, with --wait


def main(arguments: Sequence[str] | None = None) -> int:
    """Print one line and return the exit code."""
    parser = argparse.ArgumentParser(prog="health", description=__doc__.partition("\n")[0])
    parser.add_argument("url", help="the address that the server must answer with 200")
    parser.add_argument(
        "--wait", action="store_true", help="while a migration runs, wait for its end"
    )
    options = parser.parse_args(arguments)
    while True:
        try:
            status, body = _get(options.url)
        except ConnectionRefusedError:
            if not is_migrating():
                return _report(f"nothing listens at {options.url}, and no migration runs", 1)
            if not options.wait:
                return _report("migrating", 0)
            time.sleep(INTERVAL)
        except (OSError, HTTPException) as error:
            return _report(f"no answer from {options.url}: {error or type(error).__name__}", 1)
        else:
            return _report(body, 0 if status == 200 else 1)  # noqa: PLR2004 OK


def is_migrating() -> bool:
    """Whether `alembic` or `python -m alembic` runs in this container.

    Source: proc_pid_cmdline(5); the arguments end with NUL, and a zombie has none.
    """
    return any(_runs_alembic(path) for path in Path("/proc").glob("[0-9]*/cmdline"))


def _runs_alembic(path: Path) -> bool:
    try:
        words = path.read_bytes().split(b"\0")
    except OSError:  # the process has ended
        return False
    return any(word.rpartition(b"/")[2] == b"alembic" for word in words)


def _get(url: str) -> tuple[int, str]:
    """Return status and body of the answer; no proxy is used."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=TIMEOUT)
    try:
        connection.request("GET", parts.path or "/")
        response = connection.getresponse()
        return response.status, response.read().decode(errors="replace")
    finally:
        connection.close()


def _report(line: str, code: int) -> int:
    sys.stdout.write(f"{line}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
