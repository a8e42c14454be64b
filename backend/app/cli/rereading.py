"""Read stored files again, and print what that changes."""

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from sqlalchemy.orm import Session, sessionmaker

from app.cli.answers import print_json, print_lines
from app.cli.colours import Paint, painter
from app.cli.database import with_sessions
from app.cli.exit_codes import Exit
from app.cli.progress import Progress
from app.cli.text import plain, sentence
from app.pipeline.wording import scale_name
from app.services.reading_changes import FigureChange
from app.services.rereading import Options, Read, Reread, reread
from app.services.values import write_value
from app.storage import open_storage

SHOWN: Final = 20
"""Changed figures of a file that are listed; all of them with --json."""


def run(company: str | None, options: Options, *, as_json: bool) -> int:
    """Read files again; return the exit code: the highest that one of them causes."""

    def work(sessions: sessionmaker[Session]) -> int:
        progress = Progress([])

        def watch(names: Sequence[str]) -> Callable[[int], None]:
            nonlocal progress
            progress = Progress(names)
            return progress.note

        code, paint = Exit.OK, painter(sys.stdout)
        for each in reread(sessions, open_storage(), company, options, watch):
            progress.erase()
            for read in each.read:
                if read.code:
                    reason = sentence(read.message or read.code)
                    sys.stderr.write(f"fde: {plain(read.file)}: not read again: {reason}\n")
            if as_json:
                print_json(_as_json(each))
            else:
                print_lines(_draw(each, paint))
            sys.stdout.flush()
            code = max(code, exit_code_of(each))
        return code

    return with_sessions(work)


def exit_code_of(company: Reread) -> Exit:
    """Return the exit code that one company causes."""
    if any(each.code for each in company.read):
        return Exit.UNREADABLE
    less = any(each.changes and each.changes.is_less for each in company.read)
    return Exit.DOUBTFUL if less or company.lost else Exit.OK


def _draw(company: Reread, paint: Paint) -> Iterator[str]:
    """Yield what became of the documents of a company."""
    documents = f"{company.current} document{'s' * (company.current != 1)}"
    if company.current or not company.read:
        text = f"{plain(company.name)}: {documents} read by the present readers already"
        yield text if company.current else f"{plain(company.name)}: nothing to read again"
    for each in company.read:
        yield from _draw_read(each, paint)
    for lost in company.lost:
        place = " > ".join(plain(part) for part in [*lost.section, lost.label])
        text = f"correction {lost.id} finds its cell no more: {place}, {lost.period_end}"
        yield paint(f"! {text}: fde fix --list", "red")


def _draw_read(read: Read, paint: Paint) -> Iterator[str]:
    """Yield what the new reading of a file changes."""
    changes = read.changes
    if changes is None:
        return
    new, changed, gone = (changes.count(kind) for kind in ("new", "changed", "gone"))
    yield (
        f"{plain(read.file)} (document {read.document}): {plain(read.before)}, now "
        f"{plain(read.after)} · {changes.same} figures as before, {new} new, {changed} changed, "
        f"{gone} gone"
    )
    for statement, accession in changes.lost:
        name = statement.replace("_", " ") + (f" of {plain(accession)}" if accession else "")
        yield paint(f"! the {name} is not found any more: its older reading stays in use", "red")
    for other, reader in read.elsewhere:
        yield f"the {other.replace('_', ' ')} that {plain(reader)} has read elsewhere stays in use"
    # What is gone, and what changed, comes before what is new.
    listed = sorted(changes.figures, key=lambda each: ("gone", "changed", "new").index(each.kind))
    for each in listed[:SHOWN]:
        yield paint(f"  {_change(each)}", "red" if each.kind == "gone" else "yellow")
    if len(listed) > SHOWN:
        yield f"  and {len(listed) - SHOWN} more (--json lists them)"


def _change(change: FigureChange) -> str:
    place = " > ".join(plain(part) for part in [*change.section, change.label or "(no label)"])
    name = f"{change.statement.replace('_', ' ')} · {place} · {plain(change.period)}"
    before = _figure(change.before, change.before_scale)
    after = _figure(change.after, change.after_scale)
    if change.kind == "new":
        return f"new: {name}: {after}"
    return f"gone: {name}: {before}" if change.kind == "gone" else f"{name}: {before} → {after}"


def _figure(value: Any, scale: int | None) -> str:
    unit = "(scale not known)" if scale is None else scale_name(scale)
    return f"{write_value(value)} {unit}".rstrip()


def _as_json(company: Reread) -> dict[str, Any]:
    return {
        "company": company.name,
        "current": company.current,
        "documents": [
            {
                "document": each.document,
                "file": each.file,
                "before": each.before,
                "after": each.after,
                "code": each.code,
                "message": each.message,
                "same": each.changes.same if each.changes else None,
                "changes": [one.model_dump(mode="json") for one in each.changes.figures]
                if each.changes
                else [],
                "lost_statements": [
                    {"statement": name, "accession": accession}
                    for name, accession in (each.changes.lost if each.changes else [])
                ],
                "elsewhere": [
                    {"statement": name, "reader": reader} for name, reader in each.elsewhere
                ],
            }
            for each in company.read
        ],
        "lost_corrections": [each.model_dump(mode="json") for each in company.lost],
    }
