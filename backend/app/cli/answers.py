"""Answer for figures of compiled statements on a command line."""

import io
import shutil
import sys
from collections.abc import Callable, Iterable
from typing import Any, Final, Literal

from sqlalchemy.orm import Session, sessionmaker

from app.cli.colours import painter
from app.cli.database import exit_code_of, fail, with_sessions
from app.cli.exit_codes import Exit
from app.cli.origin_report import draw_origin
from app.cli.text import plain
from app.pipeline.json_text import json_line
from app.services.lines import Candidate, Found, NoSuchLineError
from app.services.why import Question, why

MIN_WIDTH: Final = 40  # columns of a terminal


def show_why(question: Question, view: Literal["latest", "original"], *, as_json: bool) -> int:
    """Print where a figure comes from; return the exit code."""

    def work(sessions: sessionmaker[Session]) -> int:
        with sessions.begin() as session:
            origin, found = why(session, question, view)
        note_homonyms(found)
        if as_json:
            print_json(origin.model_dump(mode="json"))
        else:
            print_lines(draw_origin(origin, terminal_width(), painter(sys.stdout)))
        return Exit.OK

    return with_lines(work)


def with_lines(work: Callable[[sessionmaker[Session]], int]) -> int:
    """Do work with sessions; where no line fits, or several do, list those that may be meant."""

    def listing(sessions: sessionmaker[Session]) -> int:
        try:
            return work(sessions)
        except NoSuchLineError as error:
            code = fail(str(error), exit_code_of(error))
            sys.stderr.writelines(f"  {_shown(each)}\n" for each in error.candidates)
            return code

    return with_sessions(listing)


def note_homonyms(found: Found) -> None:
    """Say that a word was taken for an id, where it is also the label of other lines."""
    if found.homonyms:
        sys.stderr.write(f"fde: {plain(found.row.id)} is taken as an id; the same label has\n")
        sys.stderr.writelines(f"  {_shown(each)}\n" for each in found.homonyms)


def _shown(candidate: Candidate) -> str:
    label = " > ".join(plain(each) for each in [*candidate.section, candidate.label])
    return f"{plain(candidate.id)}  {label}"


def print_lines(lines: Iterable[str]) -> None:
    """Print lines to standard output."""
    sys.stdout.writelines(f"{each}\n" for each in lines)


def print_json(value: dict[str, Any]) -> None:
    """Print a JSON object in one line that is safe to print, in UTF-8 (RFC 8259)."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    sys.stdout.write(json_line(value))


def terminal_width() -> int | None:
    """Return the columns of the terminal, or None in a pipe."""
    if not sys.stdout.isatty():
        return None
    return max(MIN_WIDTH, shutil.get_terminal_size().columns)
