"""Correct a figure of a compiled statement, or withdraw a correction, and compile again."""

from datetime import date
from decimal import Decimal
from typing import Final, Literal

from sqlalchemy import func
from sqlalchemy.orm import Session

from app.db.models import Company, Correction
from app.pipeline.compile.correction_key import key_of
from app.pipeline.compile.units import power_of
from app.pipeline.compiled import Compiled, CompiledCell, CompiledRow
from app.pipeline.statement import Statement
from app.services.compiled_changes import CompiledChange, compile_and_compare
from app.services.compiling import compile_company
from app.services.corrections import kept_corrections
from app.services.errors import NotFoundError, RefusedError
from app.services.fix_form import Fixed, Sums
from app.services.fix_target import Target, active_correction, fingerprint, lock_and_find
from app.services.kept import load_kept
from app.services.lines import Found
from app.services.origin import EXACT, filing_of, proof_of, scale_of
from app.services.origin_form import Proof
from app.services.statements import load_compiled
from app.services.transactions import lock_company
from app.services.why import Meant, Question

MAX_REASON: Final = 2000  # characters
MAX_NAME: Final = 200


def correct(  # noqa: PLR0913 the parts of a correction
    session: Session,
    question: Question,
    *,
    value: Decimal,
    because: str,
    by: str,
    seen: str | None = None,
) -> tuple[Fixed, Found]:
    """Set a person's figure for a printed cell, and compile again in the same transaction.

    Args:
        session: Its transaction is the caller's to commit.
        question: The figure.
        value: In the scale of the row, with the printed sign.
        because: Why.
        by: Who says so.
        seen: The fingerprint of the figure that the person has seen, if a page showed it.

    Raises:
        NotFoundError: There is no such line or year.
        RefusedError: No filing prints it, the correction would change nothing, or the figure is
            not the one that was seen.
    """
    because, by = _text(because, "reason", MAX_REASON), _text(by, "name", MAX_NAME)
    target = lock_and_find(session, question)
    meant, line = target.meant, target.line
    scale = scale_of(meant.compiled, line)
    if scale is None:
        raise RefusedError(
            "scale_not_known",
            f"the scale of {line.label!r} is not known, and a figure without it has no value",
        )
    scale += power_of(line.unit)  # the filing that prints it may state pounds, and not pence
    old = active_correction(session, target)
    before = line.cells.get(meant.period.key)
    if old is None and before is not None and before.v == value:
        raise RefusedError(
            "nothing_to_correct", f"{line.label!r} is {value:,f} already in {meant.period.label}"
        )
    stated = -value if value and before is not None and before.turned else value
    if old is not None and _is_same(old, stated, scale, because, by):
        return _compared(session, target, meant.compiled, old, "unchanged"), meant.found
    _check_seen(meant, seen)
    new = _replace(session, target, old, (stated, scale, because, by))
    after = _compile(session, target)
    cell = _cell_of(after, target)
    if cell is None or cell[1].corrected is None or cell[1].v != value:
        raise RefusedError(
            "not_shown",
            f"the correction would not show: {line.label!r} of {meant.period.label} is taken from "
            "another filing once this one is corrected",
        )
    fixed = _compared(session, target, after, new, "corrected")
    fixed.replaced = old.id if old is not None else None
    return fixed, meant.found


def _check_seen(meant: Meant, seen: str | None) -> None:
    if seen is not None and seen != fingerprint(meant):
        raise RefusedError(
            "changed_since",
            f"{meant.found.row.label!r} of {meant.period.label} has changed since it was shown: "
            "look again",
        )


def _replace(
    session: Session,
    target: Target,
    old: Correction | None,
    said: tuple[Decimal, int, str, str],
) -> Correction:
    """Keep a correction instead of the active one of its cell."""
    if old is not None:
        old.withdrawn_at = func.now()
        session.flush()  # a cell has one active correction at most
    value, scale, because, by = said
    meant = target.meant
    section, label, occurrence = key_of(target.statement, target.row)
    new = Correction(
        company_id=meant.company.id,
        document_sha256=meant.compiled.inputs[target.number].sha256,
        statement_type=meant.compiled.statement,
        period_end=_end_of(target.statement, target.key),
        section=list(section),
        label=label,
        axes=target.row.axes,
        occurrence=occurrence,
        concept=target.row.concept,
        value=value,
        scale=scale,
        reason=because,
        created_by=by,
    )
    session.add(new)
    session.flush()
    return new


def withdraw(session: Session, question: Question) -> tuple[Fixed, Found]:
    """Take the correction of a figure back, and compile again in the same transaction.

    Raises:
        NotFoundError: There is no such line or year, or it is not corrected.
    """
    target = lock_and_find(session, question)
    old = active_correction(session, target)
    if old is None:
        meant = target.meant
        raise NotFoundError(
            "not_corrected", f"{target.line.label!r} of {meant.period.label} is not corrected"
        )
    old.withdrawn_at = func.now()
    session.flush()
    after = _compile(session, target)
    return _compared(session, target, after, old, "withdrawn"), target.meant.found


def withdraw_number(
    session: Session, company: Company, number: int
) -> tuple[Correction, list[CompiledChange]]:
    """Take a correction back by its number, also one that no longer finds its cell.

    Returns:
        The correction, and what changed in the compiled statements.

    Raises:
        NotFoundError: The company has no active correction of that number.
    """
    lock_company(session, company.id)
    for each in kept_corrections(session, company.id):
        if each.id == number:
            each.withdrawn_at = func.now()
            session.flush()
            changes = compile_and_compare(session, company.id)
            session.refresh(each)
            return each, changes
    raise NotFoundError(
        "no_such_correction",
        f"{company.name} has no active correction {number}: fde fix COMPANY --list shows them",
    )


def _text(text: str, name: str, longest: int) -> str:
    """Return text in one line that the database takes.

    Raises:
        RefusedError: It is blank, too long, or no Unicode.
    """
    kept = " ".join(text.split())
    if not kept:
        raise RefusedError("blank", f"the {name} is blank")
    if len(kept) > longest:
        raise RefusedError("too_long", f"the {name} has more than {longest} characters")
    if not all(each.isprintable() for each in kept):
        raise RefusedError("not_printable", f"the {name} has characters that cannot be printed")
    return kept


def _end_of(statement: Statement, key: str) -> date | None:
    return next(each.end for each in statement.periods if each.key == key)


def _is_same(old: Correction, value: Decimal, scale: int, because: str, by: str) -> bool:
    return (
        EXACT.scaleb(old.value, old.scale) == EXACT.scaleb(value, scale)
        and old.reason == because
        and old.created_by == by
    )


def _compile(session: Session, target: Target) -> Compiled:
    """Compile the company again; return the group that the figure is in."""
    meant = target.meant
    compile_company(session, meant.company.id)
    session.flush()
    session.expire_all()
    whole = load_compiled(session, meant.company.id, meant.compiled.statement)
    for each in [whole, *whole.others]:
        if _cell_of(each, target) is not None:
            return each
    return whole


def _cell_of(compiled: Compiled, target: Target) -> tuple[CompiledRow, CompiledCell] | None:
    """Return the row and cell that come from the printed cell, wherever they are by now."""
    source = target.meant.compiled.inputs[target.number]
    for row in compiled.rows:
        for cell in row.cells.values():
            own = compiled.inputs[cell.input]
            if (own.sha256, own.accession, own.kind, cell.row, cell.period) == (
                source.sha256,
                source.accession,
                source.kind,
                target.row.n,
                target.key,
            ):
                return row, cell
    return None


def _compared(
    session: Session,
    target: Target,
    after: Compiled,
    correction: Correction,
    outcome: Literal["corrected", "unchanged", "withdrawn"],
) -> Fixed:
    """Return a figure, its sums and the proof of its statement, before and after."""
    meant, line = target.meant, target.line
    key = meant.period.key
    cell = line.cells.get(key)
    now = _cell_of(after, target)
    kept = load_kept(session, meant.company.id, meant.compiled, [target.number])
    held, holds = _holding(meant.compiled, key), _holding(after, key)
    return Fixed(
        outcome=outcome,
        correction=correction.id,
        company=meant.company.name,
        statement=meant.compiled.statement,
        line=now[0].id if now else line.id,
        label=line.label,
        section=line.section,
        period=key,
        period_label=meant.period.label,
        unit=line.unit or meant.compiled.currency,
        scale=scale_of(meant.compiled, line),
        filing=filing_of(meant.compiled, target.number, kept),
        before=cell.v if cell else None,
        after=now[1].v if now else None,
        corrected=now[1].corrected if now else None,
        verified_before=bool(cell and cell.verified),
        verified_after=bool(now and now[1].verified),
        holds_now=[proof for name, proof in holds.items() if name not in held],
        differs_now=[
            proof
            for name, proof in holds.items()
            if name in held and held[name].difference != proof.difference
        ],
        holds_no_longer=[proof for name, proof in held.items() if name not in holds],
        sums_before=_sums(meant.compiled, key),
        sums_after=_sums(after, key),
    )


def _holding(compiled: Compiled, key: str) -> dict[tuple[object, ...], Proof]:
    """Return the equations that hold in a period, by their rows: ids change with each compiling."""
    proofs = (proof_of(compiled, each, key) for each in compiled.equations if key in each.diff)
    held = [each for each in proofs if each is not None and each.holds]
    return {_rows_of(each): each for each in held}


def _rows_of(proof: Proof) -> tuple[object, ...]:
    terms = ((each.sign, each.id) for each in proof.terms)
    return (proof.kind, proof.elsewhere, proof.total.id, *terms)


def _sums(compiled: Compiled, key: str) -> Sums:
    checks = compiled.checks
    return Sums(
        verified=sum(each.verified for each in checks.values()),
        checkable=sum(each.checkable for each in checks.values()),
        verified_in_period=checks[key].verified if key in checks else 0,
        checkable_in_period=checks[key].checkable if key in checks else 0,
    )
