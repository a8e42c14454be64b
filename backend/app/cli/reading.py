"""Read the files of a command line, and print their statements."""

import io
import os
import shutil
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from app.cli import json_lines
from app.cli.colours import painter
from app.cli.exit_codes import Exit
from app.cli.progress import Progress
from app.cli.report import draw_answer, draw_candidates
from app.cli.text import plain, sentence
from app.services.answer import Answer, missing_statements
from app.services.limits import Limits
from app.services.reading import Request, read_files

MIN_WIDTH = 40  # columns of a terminal


@dataclass(frozen=True, slots=True)
class Options:
    """The options of the command line."""

    as_json: bool
    pages: bool
    picture: Path | None
    jobs: int
    limits: Limits


def run(files: Sequence[Path], options: Options) -> int:
    """Read the files and print each as soon as it and those before it are read.

    Returns:
        The exit code: the highest that one of the files causes.
    """
    names = [os.fspath(each) for each in files]
    requests = _requests(files, options)
    progress = Progress(names)
    printer = _Printer(options)
    code = Exit.OK
    with closing(read_files(requests, options.limits, options.jobs, progress.note)) as answers:
        for name, answer in zip(names, answers, strict=True):
            progress.erase()
            printer.print(name, answer)
            code = max(code, exit_code_of(answer, pages=options.pages))
    return code


def exit_code_of(answer: Answer, *, pages: bool) -> Exit:
    """Return the exit code that one file causes."""
    if answer.error:
        return Exit.UNREADABLE
    if pages or answer.filing is None:
        return Exit.OK
    doubtful = any(
        each.checks is None or each.checks.status == "doubtful" for each in answer.filing.statements
    )
    return Exit.DOUBTFUL if doubtful or missing_statements(answer.filing) else Exit.OK


def _requests(files: Sequence[Path], options: Options) -> list[Request]:
    """Return what to do with each file; pictures of files of one name get a number."""
    if options.pages:
        return [Request(each, "pages") for each in files]
    if options.picture is None:
        return [Request(each) for each in files]
    options.picture.mkdir(parents=True, exist_ok=True)
    seen: Counter[str] = Counter()
    requests = []
    for each in files:
        stem = each.resolve().stem or "file"
        seen[stem] += 1
        number = f"-{seen[stem]}" if seen[stem] > 1 else ""
        requests.append(Request(each, picture=options.picture / f"{stem}{number}"))
    return requests


class _Printer:
    """Prints answers to standard output, and failures also to standard error."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._paint = painter(sys.stdout)
        self._width = None
        self._is_first = True
        if sys.stdout.isatty():
            self._width = max(MIN_WIDTH, shutil.get_terminal_size().columns)
        if options.as_json and isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8")  # as JSON has to be (RFC 8259)

    def print(self, file: str, answer: Answer) -> None:
        """Print the statements of a file, or the reason that it could not be read."""
        if answer.error:
            sys.stderr.write(f"fde: {plain(file)}: {sentence(answer.error.message)}\n")
        if self._options.as_json:
            line = json_lines.pages_line if self._options.pages else json_lines.statements_line
            sys.stdout.write(line(file, answer))
        elif not answer.error:
            draw = draw_candidates if self._options.pages else draw_answer
            lines = draw(file, answer, self._width, self._paint)
            sys.stdout.write("".join(f"{each}\n" for each in ["", *lines][self._is_first :]))
            self._is_first = False
        sys.stdout.flush()
