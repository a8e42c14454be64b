"""Corrections on a command line: what they change, before and after."""

import getpass
import os
import pwd
import sys
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from sqlalchemy.orm import Session, sessionmaker

from app.cli.answers import note_homonyms, print_json, print_lines, terminal_width, with_lines
from app.cli.colours import Paint, painter
from app.cli.database import with_sessions
from app.cli.exit_codes import Exit
from app.cli.origin_report import (
    READABLE,
    describe_correction,
    describe_filing,
    in_figures,
    in_labels,
    unit_in_words,
)
from app.cli.text import plain, wrap
from app.services.companies import find_company
from app.services.corrections import Listed, list_corrections
from app.services.errors import RefusedError
from app.services.fix_form import Fixed
from app.services.fixing import correct, withdraw, withdraw_number
from app.services.origin_words import difference_of
from app.services.transactions import in_transaction
from app.services.values import write_value
from app.services.why import Question

_OUTCOMES: Final = {
    "corrected": "corrected",
    "unchanged": "unchanged: this correction is in force already",
    "withdrawn": "withdrawn: the figure is again as it was read",
}


def correct_figure(
    question: Question, value: Decimal, *, because: str, by: str | None, as_json: bool
) -> int:
    """Set a figure, and print what that changed; return the exit code."""

    def work(sessions: sessionmaker[Session]) -> int:
        person = by if by is not None else _user()
        fixed, found = in_transaction(
            sessions,
            lambda session: correct(session, question, value=value, because=because, by=person),
        )
        note_homonyms(found)
        return _show(fixed, as_json=as_json)

    return with_lines(work)


def withdraw_figure(question: Question, *, as_json: bool) -> int:
    """Take a correction back, and print what that changed; return the exit code."""

    def work(sessions: sessionmaker[Session]) -> int:
        fixed, found = in_transaction(sessions, lambda session: withdraw(session, question))
        note_homonyms(found)
        return _show(fixed, as_json=as_json)

    return with_lines(work)


def withdraw_by_number(company: str, number: int, *, as_json: bool) -> int:
    """Take the correction of a number back; return the exit code."""

    def work(sessions: sessionmaker[Session]) -> int:
        label, end = in_transaction(sessions, lambda session: _withdrawn(session, company, number))
        if as_json:
            print_json({"outcome": "withdrawn", "correction": number})
        else:
            print_lines([f"correction {number} withdrawn: {plain(label)}, {end}"])
        return Exit.OK

    return with_sessions(work)


def show_list(company: str, *, every: bool, as_json: bool) -> int:
    """Print the corrections; return the exit code, which says if one has lost its cell."""

    def work(sessions: sessionmaker[Session]) -> int:
        with sessions.begin() as session:
            found = find_company(session, company)
            name, listed = found.name, list_corrections(session, found.id, withdrawn=every)
        if as_json:
            print_json({"corrections": [each.model_dump(mode="json") for each in listed]})
        else:
            print_lines(_draw_list(name, listed, painter(sys.stdout)))
        return Exit.DOUBTFUL if any(each.state == "lost" for each in listed) else Exit.OK

    return with_sessions(work)


def _withdrawn(session: Session, company: str, number: int) -> tuple[str, str]:
    correction, _ = withdraw_number(session, find_company(session, company), number)
    return correction.label, correction.period_end.isoformat()


def _user() -> str:
    """Return the name of the operating system's user.

    Raises:
        RefusedError: The system does not know it, as in a container with any user id.
    """
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        pass
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        message = "the system does not say who you are: say it with --by"
        raise RefusedError("no_user", message) from None


def _show(fixed: Fixed, *, as_json: bool) -> int:
    if as_json:
        print_json(fixed.model_dump(mode="json"))
    else:
        print_lines(draw_fixed(fixed, terminal_width(), painter(sys.stdout)))
    return Exit.OK


def draw_fixed(fixed: Fixed, width: int | None, paint: Paint) -> Iterator[str]:
    """Yield the lines that say what a correction changed."""
    place = " > ".join(plain(each) for each in [*fixed.section, fixed.label or "(no label)"])
    name = fixed.statement.replace("_", " ")
    title = f"{plain(fixed.company)} · {name} · {place} · {plain(fixed.period_label)}"
    number = f"correction {fixed.correction}"
    if fixed.replaced is not None:
        number += f", in place of {fixed.replaced}"
    lines = [f"{_OUTCOMES[fixed.outcome]} ({number})"]
    if fixed.outcome != "unchanged":
        unit = unit_in_words(fixed.unit, fixed.scale)
        lines.append(f"{write_value(fixed.before)} → {write_value(fixed.after)} {unit}")
    if fixed.corrected is not None:
        lines.append(describe_correction(fixed.corrected))
    lines.append(f"in {' · '.join(describe_filing(fixed.filing))}")
    space = width or READABLE
    yield from (paint(line, "bold") for line in wrap(title, space))
    for text in lines:
        yield from wrap(text, space)
    for proofs, words, colour in (
        (fixed.holds_now, "holds now", "green"),
        (fixed.differs_now, "still holds", "yellow"),
        (fixed.holds_no_longer, "holds no longer", "red"),
    ):
        for each in proofs:
            text = f"{words}: {in_figures(each)} · {difference_of(each)} · {in_labels(each)}"
            yield from (paint(line, colour) for line in wrap(text, space))
    before, after = fixed.sums_before, fixed.sums_after
    yield (
        f"{plain(fixed.period_label)}: {before.verified_in_period} of "
        f"{before.checkable_in_period} figures proved before, {after.verified_in_period} of "
        f"{after.checkable_in_period} now"
    )
    yield (
        f"all years: {before.verified} of {before.checkable} before, "
        f"{after.verified} of {after.checkable} now"
    )


def _draw_list(company: str, listed: list[Listed], paint: Paint) -> Iterator[str]:
    if not listed:
        yield f"no figure of {plain(company)} is corrected"
    for each in listed:
        place = " > ".join(plain(part) for part in [*each.section, each.label or "(no label)"])
        name = each.statement.replace("_", " ")
        yield paint(f"{each.id}  {name} · {place} · {each.period_end}", "bold")
        yield f"   {write_value(each.was)} → {write_value(each.value)} · {plain(each.because)}"
        file = plain(each.file or each.sha256[:12])
        yield f"   {plain(each.by)}, {each.at:%Y-%m-%d} · {file}"
        if each.state == "withdrawn" and each.withdrawn_at:
            yield f"   withdrawn {each.withdrawn_at:%Y-%m-%d}"
        if each.state == "lost":
            reason = (
                "the file was removed" if each.document is None else "it finds no cell any more"
            )
            yield paint(f"   not in force: {reason}; fde fix --withdraw --id {each.id}", "red")
