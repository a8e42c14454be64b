"""What compiling again changed in the statements of a company, figure by figure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.models import CompiledStatement
from app.pipeline.statement import Figure, Form, StatementName
from app.services.compiling import Effect, compile_changes

MOST: Final = 200
"""Figures that are named of one statement; the count is of all."""


class CompiledFigure(Form):
    """A figure of a compiled statement that is another one now."""

    framework: str | None
    currency: str | None
    line: str = Field(description="id of the row")
    label: str
    period: str
    before: Figure | None = Field(description="null: none was shown, or it could not be read")
    after: Figure | None
    verified_before: bool
    verified_after: bool


class CompiledChange(Form):
    """What compiling again did to one statement."""

    statement: StatementName
    effect: Effect
    digest: str | None = Field(description="of the statement now; null where nothing is compiled")
    verified_before: int = Field(description="figures that were proved, in all years")
    verified_after: int
    changed: int = Field(description="figures with another value or another proof")
    figures: list[CompiledFigure] = Field(description=f"the first {MOST} of them")


@dataclass(frozen=True, slots=True)
class _Shown:
    label: str
    v: str | None
    verified: bool


_Key = tuple[str | None, str | None, str, str]


def compile_and_compare(session: Session, company_id: int) -> list[CompiledChange]:
    """Compile the three statements again; return what changed, without those that are the same.

    The caller holds the lock of the company's row, and commits.
    """
    query = select(CompiledStatement.statement_type, CompiledStatement.data).where(
        CompiledStatement.company_id == company_id
    )
    before = {name: dict(_figures(data)) for name, data in session.execute(query)}
    changes = []
    for each in compile_changes(session, company_id):
        if each.effect in {"same", "absent"}:
            continue
        after = dict(_figures(each.kept.data)) if each.kept is not None else {}
        digest = each.kept.digest if each.kept is not None else None
        was = before.get(each.statement, {})
        figures = list(_compared(was, after))
        changes.append(
            CompiledChange(
                statement=each.statement,
                effect=each.effect,
                digest=digest,
                verified_before=sum(one.verified for one in was.values()),
                verified_after=sum(one.verified for one in after.values()),
                changed=len(figures),
                figures=figures[:MOST],
            )
        )
    return changes


def _figures(data: Mapping[str, Any]) -> Iterator[tuple[_Key, _Shown]]:
    """Yield the figures of a compiled statement and of its other frameworks and currencies."""
    if data.get("schema") != "compiled/1":
        return  # of a release before
    for group in (data, *data.get("others", ())):
        for row in group["rows"]:
            for period, cell in row["cells"].items():
                key = (group["framework"], group["currency"], row["id"], period)
                yield key, _Shown(row["label"], cell["v"], bool(cell.get("verified")))


def _compared(
    before: Mapping[_Key, _Shown], after: Mapping[_Key, _Shown]
) -> Iterator[CompiledFigure]:
    for key in dict.fromkeys([*after, *before]):
        was, now = before.get(key), after.get(key)
        shown = now or was
        if shown is None or (was and now and (was.v, was.verified) == (now.v, now.verified)):
            continue
        framework, currency, line, period = key
        yield CompiledFigure(
            framework=framework,
            currency=currency,
            line=line,
            label=shown.label,
            period=period,
            before=_value(was),
            after=_value(now),
            verified_before=bool(was and was.verified),
            verified_after=bool(now and now.verified),
        )


def _value(shown: _Shown | None) -> Decimal | None:
    return Decimal(shown.v) if shown and shown.v is not None else None
