"""Add files to a company, and print what became of each."""

import json
import os
import shlex
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any, Final

from sqlalchemy.orm import Session, sessionmaker

from app.cli.colours import painter
from app.cli.database import with_sessions
from app.cli.exit_codes import Exit
from app.cli.progress import Progress
from app.cli.text import plain, sentence
from app.db.models import Company, CompiledStatement
from app.pipeline.json_text import safe_json
from app.services.adding import Adding, Options
from app.services.companies import reference_of
from app.services.errors import NotFoundError
from app.services.kept_filing import Kept, Outcome
from app.services.kept_words import describe
from app.storage import open_storage

WORDS: Final[dict[Outcome, str]] = {
    "added": "added",
    "read_again": "read again",
    "already_there": "already there",
    "refused": "refused",
    "unreadable": "not read",
    "left_out": "left out",
}
COLOURS: Final = {"added": "green", "read_again": "green", "already_there": "dim"}
FAILED: Final = frozenset({"refused", "unreadable"})
STATEMENTS: Final = 3


def run(reference: str, files: Sequence[str], options: Options, *, as_json: bool) -> int:
    """Add the files; return the exit code: the highest that one of them causes."""

    def work(sessions: sessionmaker[Session]) -> int:
        adding = Adding(sessions, open_storage(), reference, options)
        printer = _Printer(is_quiet=as_json)
        try:
            with closing(adding.run(files, printer.watch)) as results:
                for each in results:
                    printer.print(each)
        except KeyboardInterrupt:
            printer.explain_interruption()
            raise
        except NotFoundError as error:
            if error.code == "no_such_company" and os.path.exists(reference):  # noqa: PTH110 any text
                message = f"{reference!r} is a file: name the company before it"
                raise NotFoundError("no_company", f"{message}: fde add COMPANY FILE...") from None
            raise
        compiled = adding.compile()
        for statement, why in adding.left_out:
            name = statement.replace("_", " ")
            sys.stderr.write(f"fde: the {name} is not compiled: {plain(why)}\n")
        if as_json:
            sys.stdout.write(_as_json(sessions, adding, printer.results, compiled))
        else:
            printer.summarise(sessions, adding, compiled)
        codes = [exit_code_of(each) for each in printer.results]
        return max([*codes, Exit.DOUBTFUL if adding.left_out else Exit.OK])

    return with_sessions(work)


def exit_code_of(kept: Kept) -> Exit:
    """Return the exit code that one file causes."""
    if kept.outcome in FAILED:
        return Exit.UNREADABLE
    if kept.outcome == "left_out":
        return Exit.OK
    is_doubtful = any(status == "doubtful" for _, status in kept.statements)
    found = {name for name, _ in kept.statements}
    is_unclear = (is_doubtful and not kept.accepted) or len(found) < STATEMENTS
    return Exit.DOUBTFUL if is_unclear else Exit.OK


class _Printer:
    """Prints a line for each file: to standard output, or to standard error if it is not kept."""

    def __init__(self, *, is_quiet: bool) -> None:
        self._is_quiet = is_quiet
        self._paint = painter(sys.stdout)
        self._progress = Progress([])
        self.results: list[Kept] = []

    def watch(self, names: Sequence[str]) -> Callable[[int], None]:
        """Return a function that shows which file is being read."""
        self._progress = Progress(names)
        return self._progress.note

    def print(self, kept: Kept) -> None:
        """Print what became of a file."""
        self.results.append(kept)
        self._progress.erase()
        word = WORDS[kept.outcome]
        if kept.message:
            reason = sentence(kept.message) if kept.outcome == "unreadable" else plain(kept.message)
            sys.stderr.write(f"fde: {plain(kept.file)}: {word}: {reason}\n")
        elif not self._is_quiet:
            word = self._paint(word, COLOURS.get(kept.outcome, "yellow"))
            sys.stdout.write(f"{plain(kept.file)}: {word}: {describe(kept)}\n")
        for each in kept.notes:
            sys.stderr.write(f"fde: {plain(kept.file)}: {plain(each)}\n")
        sys.stdout.flush()

    def explain_interruption(self) -> None:
        """Say what is kept, and how to go on."""
        self._progress.erase()
        kept = sum(each.document is not None for each in self.results)
        sys.stderr.write(
            f"fde: files kept: {kept}; nothing is compiled yet: the same command finishes\n"
        )

    def summarise(
        self,
        sessions: sessionmaker[Session],
        adding: Adding,
        compiled: Sequence[CompiledStatement],
    ) -> None:
        """Print how many files were added, what is compiled, and what to do next."""
        self._progress.erase()
        if adding.company_id is None:
            return
        with sessions.begin() as session:
            company = session.get_one(Company, adding.company_id)
            name, reference = company.name, reference_of(session, company, by_name=True)
        counts = Counter(WORDS[each.outcome] for each in self.results)
        parts = [f"{number} {word}" for word, number in counts.items()]
        years = _years_of(compiled)
        if years:
            parts.append(f"compiled {years[0]}" + (f" to {years[-1]}" if len(years) > 1 else ""))
        made = " (new)" if adding.is_new else ""
        sys.stdout.write(f"{self._paint(plain(name), 'bold')}{made}: {', '.join(parts)}\n")
        if years:
            sys.stdout.write(f"next: fde statements {shlex.quote(plain(reference))}\n")


def _years_of(compiled: Sequence[CompiledStatement]) -> list[str]:
    """Return the labels of all compiled periods, the oldest first."""
    periods = {
        (each.get("end") or "", each["label"])
        for statement in compiled
        for each in statement.data["periods"]
    }
    return [label for _, label in sorted(periods)]


def _as_json(
    sessions: sessionmaker[Session],
    adding: Adding,
    results: Sequence[Kept],
    compiled: Sequence[CompiledStatement],
) -> str:
    """Return the outcome as one JSON object in one line that is safe to print."""
    company: dict[str, Any] | None = None
    if adding.company_id is not None:
        with sessions.begin() as session:
            row = session.get_one(Company, adding.company_id)
            company = {
                "id": row.id,
                "name": row.name,
                "ticker": row.primary_ticker,
                "cik": row.cik,
                "lei": row.lei,
                "is_new": adding.is_new,
            }
    files = [
        {
            "file": each.file,
            "outcome": each.outcome,
            "code": each.code,
            "message": each.message,
            "notes": list(each.notes),
            "document": each.document,
            "fiscal_year": each.fiscal_year,
            "form": each.form,
            "statements": [
                {"statement": name, "status": status} for name, status in each.statements
            ],
        }
        for each in results
    ]
    value = {
        "company": company,
        "files": files,
        "compiled": [
            {
                "statement": each.statement_type,
                "periods": [period["key"] for period in each.data["periods"]],
                "digest": each.digest,
            }
            for each in compiled
        ],
        "left_out": [{"statement": statement, "reason": why} for statement, why in adding.left_out],
    }
    return safe_json(json.dumps(value, ensure_ascii=False, separators=(",", ":"))) + "\n"
