"""Say what goes with a document, ask, and remove it."""

import sys
from collections.abc import Iterator
from dataclasses import asdict

from sqlalchemy.orm import Session, sessionmaker

from app.cli.database import fail, with_sessions
from app.cli.exit_codes import Exit
from app.cli.text import plain
from app.pipeline.json_text import json_line
from app.services.removing import Removal, plan_removal, remove
from app.storage import open_storage

SURE = frozenset({"y", "yes"})


def run(reference: str, *, is_sure: bool, as_json: bool) -> int:
    """Remove a document; return the exit code."""

    def work(sessions: sessionmaker[Session]) -> int:
        storage = open_storage()
        planned = plan_removal(sessions, reference)
        if not is_sure:
            sys.stderr.writelines(f"{line}\n" for line in _describe(planned))
            if not _is_confirmed():
                return fail("nothing was removed: answer y, or give --yes", Exit.USAGE)
        removed = remove(sessions, storage, planned)
        if as_json:
            written = asdict(planned)
            name = written.pop("company_name")
            written |= {
                "company": {"id": planned.company, "name": name},
                "file_deleted": removed.is_file_deleted,
                "problem": removed.problem,
            }
            sys.stdout.write(json_line(written))
        else:
            file = ", and its file" if removed.is_file_deleted else ""
            sys.stdout.write(f"removed document {planned.document}{file}\n")
        if removed.problem:
            problem = f"{removed.problem}; its file is left over, and fde doctor lists it"
            return fail(problem, Exit.DATABASE)
        return Exit.OK

    return with_sessions(work)


def _describe(planned: Removal) -> Iterator[str]:
    """Yield what is removed."""
    form = f" {planned.form}" if planned.form else ""
    name = planned.file_name or "without a name"
    yield plain(
        f"document {planned.document} of {planned.company_name}: FY{planned.fiscal_year}{form}, "
        f"{name}"
    )
    yield f"with it go {_count(planned.extractions, 'statement')} that were read in it"
    if planned.corrections:
        yield f"            {_count(planned.corrections, 'correction')} of its figures"
    if planned.years:
        years = ", ".join(str(each) for each in planned.years)
        yield f"            the fiscal years {years}, which no other document states"
    if planned.amended_by:
        ids = ", ".join(str(each) for each in planned.amended_by)
        yield f"it is amended by document {ids}, which stays"
    if planned.others:
        yield f"its file stays: {_count(planned.others, 'other document')} has it"


def _is_confirmed() -> bool:
    """Ask on a terminal; elsewhere nothing is confirmed."""
    if not (sys.stdin and sys.stdin.isatty()):
        return False
    sys.stderr.write("Remove it? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in SURE


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
