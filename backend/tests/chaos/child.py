"""An `fde` command in a process forked from one that has imported all, and has read the files.

So a kill hits the work on the database and the storage, and not the start of Python.
"""

import json
import multiprocessing
import os
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from multiprocessing.context import ForkServerContext
from pathlib import Path

from app.cli import main
from app.services import adding
from app.services.answer import Answer
from app.services.given_files import digest_of
from app.services.limits import Limits
from app.services.reading import Request, read_files

PRELOADED = [
    *("app.cli.adding", "app.services.compiling", "sqlalchemy.dialects.postgresql.psycopg2"),
    *("psycopg2.extras", "config", "tests.chaos.child"),
]


def forking() -> ForkServerContext:
    """Return where processes come from."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return context


def write_answers(reports: Path, answers: Path) -> None:
    """Read all reports, and write what their readers say."""
    paths = sorted(reports.iterdir())
    read = read_files([Request(each) for each in paths], Limits(), 2)
    written = {
        digest_of(path): json.loads(answer.as_json())
        for path, answer in zip(paths, read, strict=True)
    }
    answers.write_text(json.dumps(written), encoding="utf-8")


def run_fde(
    arguments: Sequence[str], environment: Mapping[str, str], log: Path, answers: Path
) -> None:
    """Run the command line; reading a file gives the answer that was written."""
    with log.open("w", encoding="utf-8") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    os.environ.clear()
    os.environ.update(environment)
    known = json.loads(answers.read_text(encoding="utf-8"))

    def read(
        requests: Sequence[Request], _: Limits, __: int, note: Callable[[int], None], *_stop: object
    ) -> Generator[Answer]:
        for number, each in enumerate(requests):
            note(number)
            yield Answer.model_validate(known[digest_of(each.path)])

    vars(adding)["read_files"] = read
    code = main.run(arguments)
    sys.stdout.flush()
    os._exit(code)
