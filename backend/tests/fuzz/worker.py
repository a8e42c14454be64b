"""A process that reads one input after another: `python -m tests.fuzz.worker MEGABYTES`.

Each input is a line `READER LENGTH` and as many bytes; each answer is one line of JSON. Native
code may take the process down: its parent notices.
"""

import faulthandler
import json
import resource
import sys
import time
import traceback
from typing import Any

from app.pipeline.errors import ReadError
from tests.fuzz.readers import read

_MEGABYTE = 1024 * 1024
_FRAMES = 4  # of a traceback that are kept


def main() -> None:
    """Answer until standard input ends."""
    memory = int(sys.argv[1]) * _MEGABYTE
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    faulthandler.enable()
    answers, sys.stdout = sys.stdout, sys.stderr
    while line := sys.stdin.buffer.readline():
        reader, length = line.split()
        data = sys.stdin.buffer.read(int(length))
        started = time.perf_counter()
        answer = _answer(reader.decode(), data)
        answer["seconds"] = time.perf_counter() - started
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _answer(reader: str, data: bytes) -> dict[str, Any]:
    try:
        read_statements = read(reader, data)
    except ReadError as error:
        message = str(error)
        odd = "\n" in message or not message.strip()
        return {"refused": error.code, "fault": f"message of {error.code}" if odd else None}
    except Exception as error:  # noqa: BLE001 that is what is looked for
        frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
        places = " < ".join(f"{each.name}:{each.lineno}" for each in reversed(frames))
        last = [each for each in frames if "/app/" in each.filename][-1:]
        file = last[0].filename.rpartition("/app/")[2] if last else ""
        return {"fault": f"{type(error).__name__}: {str(error)[:200]}", "at": f"{file} {places}"}
    return {"statements": [each.as_dict() for each in read_statements]}


if __name__ == "__main__":
    main()
