"""Print what is proved of companies, and what needs a person."""

import sys
from collections.abc import Iterator
from typing import Final

from sqlalchemy.orm import Session, sessionmaker

from app.cli.database import with_sessions
from app.cli.exit_codes import Exit
from app.cli.text import plain
from app.db.models import Company
from app.pipeline.json_text import json_line
from app.services.checking import Checked, CheckedCompany, check_company
from app.services.companies import find_company
from app.services.compiling import companies_to_compile

_SHOWN: Final = 10
"""Unproved figures, and issues, that are printed of a statement; JSON has all."""


def run(reference: str | None, *, as_json: bool) -> int:
    """Check a company, or all; return the exit code."""

    def work(sessions: sessionmaker[Session]) -> int:
        with sessions.begin() as session:
            if reference is None:
                ids = list(companies_to_compile(session))
            else:
                ids = [find_company(session, reference).id]
        failing = 0
        for company_id in ids:
            with sessions.begin() as session:
                company = session.get(Company, company_id)
                checked = check_company(session, company) if company else None
            if checked is None:
                continue  # it was removed meanwhile
            failing += checked.needs_a_person
            lines = [json_line(checked.as_json())] if as_json else _lines(checked)
            sys.stdout.writelines(lines)
        if reference is None and not as_json:
            companies = "1 company" if len(ids) == 1 else f"{len(ids):,} companies"
            result = f"{failing:,} of {companies} need a person" if failing else "all is well"
            sys.stdout.write(f"{result} ({companies})\n" if not failing else f"{result}\n")
        return Exit.DOUBTFUL if failing else Exit.OK

    return with_sessions(work)


def _lines(checked: CheckedCompany) -> Iterator[str]:
    """Yield the lines of a company."""
    yield f"{plain(checked.name)}\n"
    for statement in checked.statements:
        yield from (f"  {plain(line)}\n" for line in _of_statement(statement))
    for file in checked.unusable:
        yield f"  a reading of {plain(file)} is of another form: fde reread\n"


def _of_statement(checked: Checked) -> Iterator[str]:
    """Yield the lines of a statement, without an indent and line ends."""
    name = checked.statement.replace("_", " ")
    if not checked.is_compiled:
        reason = "nothing of what was read can be compiled" if checked.issues else "in no document"
        yield f"{name}: {'only doubtful readings' if checked.left_out else reason}"
    else:
        first, last = checked.years[-1], checked.years[0]
        years = first if first == last else f"{first} to {last}"
        yield f"{name}: {checked.proved} of {checked.checkable} figures proved, {years}"
    yield from (f"  {line}" for line in _faults(checked))


def _faults(checked: Checked) -> Iterator[str]:
    """Yield what needs a person."""
    if checked.is_stale:
        yield "out of date: fde compile"
    if checked.missing_years:
        years = ", ".join(f"FY{each}" for each in checked.missing_years)
        yield f"no report for {years}"
    yield from (f"doubtful, left out: {each}" for each in checked.left_out)
    yield from (f"doubtful, accepted: {each}" for each in checked.accepted)
    yield from (f"correction without a cell: {each}" for each in checked.lost)
    yield from _first(f"{message} [{code}]" for code, message in checked.issues)
    yield from _first(f"not proved: {label!r} {period}" for label, period in checked.unproved)


def _first(lines: Iterator[str]) -> Iterator[str]:
    """Yield the first of many lines, and how many there are more."""
    every = list(lines)
    yield from every[:_SHOWN]
    if len(every) > _SHOWN:
        yield f"and {len(every) - _SHOWN} more: --json"
