"""Read one file and measure it: `python -m tests.evaluation.child KIND PATH`.

It prints one JSON object: the answer, the seconds of the processor without the start of the
process, and the largest memory. It imports nothing but what the product's own worker does.
"""

import importlib
import json
import re
import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from app.services.limits import Limits
from app.services.tasks import perform

_KILOBYTES = 1 if sys.platform != "darwin" else 1 / 1024  # of ru_maxrss
_READERS: dict[str, tuple[str, ...]] = {
    "pdf": ("app.pipeline.read.pdf",),
    "ixbrl": ("app.pipeline.read.ixbrl", "app.pipeline.read.package"),
    "xbrl": ("app.pipeline.read.xbrl", "app.pipeline.read.package"),
    "xbrl_json": ("app.pipeline.read.xbrl_json",),
    "companyfacts": ("app.pipeline.read.companyfacts",),
}


def main(arguments: Sequence[str]) -> None:
    """Read the file that the arguments name, and print what was read."""
    kind, path = arguments
    for module in ("app.pipeline.verify", *_READERS[kind]):  # imports are no part of reading
        importlib.import_module(module)
    started = time.process_time()
    answer = perform("read", path, None, Limits())
    seconds = time.process_time() - started
    written = {"answer": json.loads(answer.as_json()), "seconds": seconds, "memory": _peak()}
    sys.stdout.write(json.dumps(written))


def _peak() -> float:
    """Return the largest resident memory of this process in MB.

    On Linux `ru_maxrss` is that of the parent where it was larger: the kernel keeps it over `exec`.
    """
    status = Path("/proc/self/status")
    if status.exists():
        found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text(encoding="ascii"))
        if found:
            return int(found[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KILOBYTES / 1024


if __name__ == "__main__":
    main(sys.argv[1:])
