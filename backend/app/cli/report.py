"""A file as a person reads it: its kind and company, its statements, their proof and issues."""

from collections.abc import Iterator
from typing import Final

from app.cli.colours import Paint
from app.cli.figures import draw_figures
from app.cli.text import plain, sentence, wrap
from app.pipeline.show.marks import UNPROVED, UNREADABLE
from app.pipeline.statement import Checks, Issue, Statement
from app.pipeline.wording import KINDS, framework_name, unit_name
from app.services.answer import Answer

STATUS_COLOURS: Final = {"verified": "green", "partly": "yellow", "doubtful": "red"}
HARD_CHECKS: Final = (
    *("balance", "cash", "closing_cash", "net_income", "scale", "lines", "identity"),
)
MARKED: Final = frozenset({"not_proved", "unreadable_figure"})
"""Codes of the issues that a mark beside the figure shows."""
MAX_ISSUES: Final = 12
INDENT: Final = "  "
READABLE: Final = 100  # columns of prose in a pipe


def draw_answer(file: str, answer: Answer, width: int | None, paint: Paint) -> Iterator[str]:
    """Yield the lines for a file that was read.

    Args:
        file: Its path, as given.
        answer: Of its reader.
        width: Columns of the terminal, or None in a pipe.
        paint: Colours a text.
    """
    statements = answer.filing.statements if answer.filing else []
    yield paint(plain(file), "bold")
    known = {each.framework for each in statements if each.framework}
    years = [
        each.fiscal_year
        for one in statements
        for each in one.periods
        if each.fiscal_year is not None
    ]
    parts = [
        KINDS[answer.kind] if answer.kind else "unknown kind",
        plain(answer.company.name or "company not known"),
        *(framework_name(each) for each in sorted(known)),
        *([f"fiscal year {max(years)}"] if years else []),
    ]
    yield from _prose(" · ".join(parts), width)
    for statement in statements:
        yield ""
        yield from draw_statement(statement, width, paint)
    if answer.issues:
        yield ""
        yield from _draw_issues(answer.issues, width, paint)
    for picture in answer.pictures:
        yield f"drawn: {plain(picture)}"


def draw_statement(statement: Statement, width: int | None, paint: Paint) -> Iterator[str]:
    """Yield the lines of a statement: its title, figures, proof and issues."""
    name = statement.statement.replace("_", " ")
    yield from (
        paint(line, "bold") for line in _prose(plain(statement.title or name.capitalize()), width)
    )
    pages = ", ".join(str(each) for each in statement.source.pages)
    parts = [
        name,
        unit_name(statement.currency, statement.scale),
        statement.scope or "scope not known",
        *([f"page{'s' if len(statement.source.pages) > 1 else ''} {pages}"] if pages else []),
        *([f"filing {plain(statement.source.accession)}"] if statement.source.accession else []),
    ]
    yield from _prose(" · ".join(parts), width)
    yield ""
    yield from draw_figures(statement, width, paint)
    yield ""
    yield from _draw_proof(statement, width, paint)
    issues = [each for each in statement.issues if each.code not in MARKED]
    yield from _draw_issues(issues, width, paint)


def _draw_proof(statement: Statement, width: int | None, paint: Paint) -> Iterator[str]:
    """Yield how much is proved, the hard checks, and the meaning of the marks in the statement."""
    checks = statement.checks
    if checks is None:
        yield paint("not proved", "red")
        return
    status = paint(checks.status, STATUS_COLOURS[checks.status])
    first, *others = _prose(f"{checks.status}: {_proof_of(checks)}", width)
    yield first.replace(checks.status, status, 1)
    yield from others
    cells = [(row, cell) for row, _, cell in statement.cells()]
    if any(
        cell.v is not None and not cell.by and row.kind in {"line", "total"} for row, cell in cells
    ):
        yield f"{UNPROVED} in no sum that holds"
    if any(cell.v is None for _, cell in cells):
        yield f"{UNREADABLE} a figure stands there, and cannot be read"
    if statement.skipped:
        number = len(statement.skipped)
        lines = f"{number} other lines with figures are" if number > 1 else "1 other line is"
        yield f"{lines} left out, with a reason (--json)"


def _proof_of(checks: Checks) -> str:
    """Return the extent of the proof, in words."""
    parts = [f"{checks.verified} of {checks.checkable} figures proved by sums"]
    if others := checks.cells - checks.checkable:
        parts.append(f"{others} not checkable")
    if checks.failed:
        parts.append(f"{checks.failed} failed")
    for name in HARD_CHECKS:
        result = getattr(checks, name)
        if result != "not_applicable":
            parts.append(f"{name.replace('_', ' ')} {result}")
    return " · ".join(parts)


def _draw_issues(issues: list[Issue], width: int | None, paint: Paint) -> Iterator[str]:
    """Yield the issues, the first ones in full."""
    for issue in issues[:MAX_ISSUES]:
        place = f" (page {issue.page})" if issue.page else ""
        first, *others = _prose(f"! {sentence(issue.message)}{place}", width)
        yield paint(first, "yellow")
        yield from (paint(INDENT + line, "yellow") for line in others)
    if len(issues) > MAX_ISSUES:
        yield paint(f"! {len(issues) - MAX_ISSUES} more issues (--json lists them)", "yellow")


def _prose(text: str, width: int | None) -> list[str]:
    return wrap(text, (width or READABLE) - len(INDENT))


def draw_candidates(file: str, answer: Answer, width: int | None, paint: Paint) -> Iterator[str]:
    """Yield why each page of a PDF that may hold a statement was taken or not."""
    yield paint(plain(file), "bold")
    if not answer.candidates:
        yield "No page looks like a statement"
    for each in answer.candidates:
        verdict = paint("taken", "green") if each.taken else "not taken"
        name = (each.statement or "no statement").replace("_", " ")
        yield f"page {each.page} · {name} · {verdict} · score {each.score:.2f}"
        for reason in each.reasons:
            yield from (INDENT + line for line in _prose(plain(reason), width))
