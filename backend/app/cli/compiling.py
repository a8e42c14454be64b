"""Compile companies, several at a time in processes of their own, and say what changed."""

import multiprocessing
import os
import signal
import sys
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import dataclass
from typing import Final

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from alembic_zero_downtime import DatabaseURL
from alembic_zero_downtime.errors import describe_failure
from app.cli.database import fail, with_sessions
from app.cli.exit_codes import Exit
from app.cli.progress import ERASE
from app.cli.text import plain
from app.db import base
from app.limit_settings import number_of_jobs
from app.pipeline.json_text import json_line
from app.pipeline.statement import StatementName
from app.services.companies import find_company
from app.services.compiling import Effect, companies_to_compile, recompile
from app.services.errors import NotFoundError, UnavailableError

_FEW: Final = 8
"""So many companies are compiled before another process has started."""
_INTERRUPTS: Final = frozenset({signal.SIGINT, signal.SIGTERM})
_DIGITS: Final = 12
"""Digits of a digest that are printed."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What compiling did to a company.

    Attributes:
        changes: Statement, effect, and the digest afterwards.
        left_out: Statements that were read and cannot be compiled, with why.
        failure: Why it was not compiled.
        is_database: The database cannot be used, and the next company will fail as well.
    """

    company: str
    changes: tuple[tuple[StatementName, Effect, str | None], ...] = ()
    left_out: tuple[tuple[StatementName, str], ...] = ()
    failure: str | None = None
    is_database: bool = False


def run_one(reference: str, *, as_json: bool) -> int:
    """Compile one company; return the exit code."""

    def work(sessions: sessionmaker[Session]) -> int:
        with sessions.begin() as session:
            company_id = find_company(session, reference).id
        outcome = _compile(sessions, company_id)
        sys.stdout.writelines(_lines(outcome, as_json=as_json, is_full=True))
        return Exit.OK

    return with_sessions(work)


def run_all(jobs: int | None, *, as_json: bool) -> int:
    """Compile all companies; return the exit code."""

    def work(sessions: sessionmaker[Session]) -> int:
        with sessions.begin() as session:
            ids = companies_to_compile(session)
        number = min(number_of_jobs(jobs), len(ids))
        is_alone = number <= 1 or len(ids) <= _FEW
        with closing(_here(sessions, ids) if is_alone else _in_processes(ids, number)) as outcomes:
            return _show_all(outcomes, len(ids), as_json=as_json)

    return with_sessions(work)


def _compile(sessions: sessionmaker[Session], company_id: int) -> Outcome:
    """Compile one company in one transaction."""
    done = recompile(sessions, company_id)
    return Outcome(done.company, done.changes, done.left_out)


def _guarded(sessions: sessionmaker[Session], company_id: int) -> Outcome:
    """Compile one company of many; a failure is part of the outcome, and ends no other one."""
    name = f"company id:{company_id}"
    try:
        return _compile(sessions, company_id)
    except NotFoundError:
        return Outcome(name)  # it was removed meanwhile
    except UnavailableError as error:
        return Outcome(name, failure=str(error), is_database=True)
    except DBAPIError as error:
        text = DatabaseURL(base.engine.url, "").scrub(describe_failure(error))
        return Outcome(name, failure=text, is_database=True)
    except Exception as error:  # noqa: BLE001 a fault of this program must not stop the others
        return Outcome(name, failure=f"{type(error).__name__}: {error}; please report this")


def _here(sessions: sessionmaker[Session], ids: Sequence[int]) -> Generator[Outcome]:
    """Yield the outcomes of one company after the other."""
    for each in ids:
        yield _guarded(sessions, each)


def _in_processes(ids: Sequence[int], jobs: int) -> Generator[Outcome]:
    """Yield the outcomes as they come; closing the iterator ends the processes."""
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(jobs, context, initializer=_start_worker, initargs=(os.getpid(),))
    try:
        # Processes start with the first task: until they ignore it, an interrupt waits for them.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _INTERRUPTS)
        try:
            running = [pool.submit(_work, each) for each in ids]
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        for done in as_completed(running):
            yield done.result()
    except BrokenProcessPool:
        # The pool sends SIGTERM to the others, which ignore it, and waits for them: one that needs
        # a lock of the dead one would wait for ever.
        for each in multiprocessing.active_children():
            each.kill()
        message = "a process that compiled companies was ended: run it again, what is done stays"
        yield Outcome("fde compile", failure=message, is_database=True)
    finally:
        # What runs ends with its transaction, in a moment; the rest is not begun.
        pool.shutdown(wait=True, cancel_futures=True)


def _start_worker(parent: int) -> None:
    """Leave Ctrl-C and SIGTERM to the parent, and end with it."""
    for each in _INTERRUPTS:
        signal.signal(each, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _INTERRUPTS)
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415

        ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG
    if os.getppid() != parent:
        os._exit(0)


def _work(company_id: int) -> Outcome:
    return _guarded(base.SessionLocal, company_id)


def _show_all(outcomes: Iterable[Outcome], number: int, *, as_json: bool) -> int:
    """Print what changed, and a summary; return the exit code."""
    code: int = Exit.OK
    counts: dict[str, int] = {}
    is_terminal = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
    for done, outcome in enumerate(outcomes, 1):
        if is_terminal:
            sys.stderr.write(ERASE)
        if outcome.failure is not None:
            code = max(code, fail(f"{outcome.company}: {outcome.failure}"))
            if outcome.is_database:
                return code
        for _, effect, _ in outcome.changes:
            counts[effect] = counts.get(effect, 0) + 1
        sys.stdout.writelines(_lines(outcome, as_json=as_json, is_full=False))
        if is_terminal:
            sys.stderr.write(f"compiling: {done} of {number}")
            sys.stderr.flush()
    if is_terminal:
        sys.stderr.write(ERASE)
    if not as_json:
        companies = "1 company" if number == 1 else f"{number:,} companies"
        parts = [
            f"{counts[effect]:,} {effect}"
            for effect in ("new", "changed", "same", "removed")
            if effect in counts
        ]
        sys.stdout.write(f"{companies}: statements {', '.join(parts) or 'none'}\n")
    return code


def _lines(outcome: Outcome, *, as_json: bool, is_full: bool) -> Iterator[str]:
    """Yield what is printed of a company: with `is_full` also what did not change."""
    if as_json:
        statements = [
            {"statement": name, "effect": effect, "digest": digest}
            for name, effect, digest in outcome.changes
        ]
        left_out = [{"statement": name, "reason": why} for name, why in outcome.left_out]
        written = {
            "company": outcome.company,
            "statements": statements,
            "left_out": left_out,
            "error": outcome.failure,
        }
        yield json_line(written)
        return
    for name, effect, digest in outcome.changes:
        if effect == "absent" or (effect == "same" and not is_full):
            continue
        behind = f" {digest[:_DIGITS]}" if digest else ""
        words = {"same": "as it was", "absent": "nothing"}.get(effect, effect)
        yield f"{plain(outcome.company)}: {name.replace('_', ' ')} {words}{behind}\n"
    for name, why in outcome.left_out:
        words = f"{name.replace('_', ' ')} is not compiled: {why}"
        yield f"{plain(outcome.company)}: {plain(words)}\n"
    if is_full and all(effect == "absent" for _, effect, _ in outcome.changes):
        yield f"{plain(outcome.company)}: nothing to compile\n"
