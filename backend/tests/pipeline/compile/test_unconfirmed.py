"""Figures that their document does not show are compiled, and never proved."""

from decimal import Decimal

from app.pipeline.compile.build import compile_statement
from app.pipeline.compile.readings import Reading
from app.pipeline.compile.view import view_of
from app.pipeline.compiled import Compiled
from app.pipeline.verify.elsewhere import prove_elsewhere
from tests.helpers.reports import NEWER, OLDER, as_reading, cell, reading, statement


def doubled(year: int, text: str) -> Reading:
    """Return a reading that was made up of twice the figures of its report, and accepted."""
    shown = statement(year, text)
    made_up = shown.model_copy(deep=True)
    made_up.source.kind = "llm"
    for _, _, each in made_up.cells():
        each.v = each.v * 2 if each.v is not None else None
    proved = prove_elsewhere(made_up, [shown], [], kind="pdf")
    assert proved.checks
    assert proved.checks.status == "doubtful"
    return as_reading(proved, f"{year}", accepted=True)


def proved(compiled: Compiled | None, year: str) -> set[bool]:
    assert compiled is not None
    return {row.cells[year].verified for row in compiled.rows if year in row.cells}


def test_sums_of_another_filing_do_not_prove_them() -> None:
    compiled = compile_statement("income_statement", [doubled(2023, NEWER), reading(2022, OLDER)])
    revenue = cell(compiled, "Revenue", "2022")
    assert (revenue.v, revenue.unconfirmed) == (Decimal(9640), True)
    assert (proved(compiled, "2022"), proved(compiled, "2023")) == ({False}, {False})
    assert proved(compiled, "2021") == {True}


def test_nor_do_they_as_first_reported() -> None:
    compiled = compile_statement("income_statement", [reading(2023, NEWER), doubled(2022, OLDER)])
    assert compiled is not None
    assert cell(compiled, "Revenue", "2022").v == Decimal(4820)
    assert proved(compiled, "2022") == {True}
    first = view_of(compiled, years=None, view="original")
    revenue = cell(first, "Revenue", "2022")
    assert (revenue.v, revenue.unconfirmed) == (Decimal(9640), True)
    assert proved(first, "2022") == {False}
    assert proved(first, "2023") == {True}
