"""Each fault of a compiled statement is noticed without any code of the compiler."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from app.pipeline.compiled import Compiled
from app.pipeline.statement import Filing
from tests.evaluation.companies import Shelf
from tests.evaluation.compiled_cells import placement
from tests.evaluation.compiled_fill import fill
from tests.evaluation.compiling import Compiling
from tests.evaluation.compiling_goals import compiling_goals
from tests.evaluation.evaluate import Result
from tests.evaluation.folder import Given
from tests.evaluation.measured import Reading
from tests.helpers.reports import NEWER, OLDER, statement


def result(year: int, text: str) -> Result:
    given = Given(Path(f"{year}.pdf"), Path(f"{year}.pdf"), f"{year}.pdf", "pdf", "Costa Verde plc")
    read = Filing(kind="pdf", statements=[statement(year, text)])
    return Result(given, "other PDF", Reading(read))


@pytest.fixture
def shelf() -> Shelf:
    return Shelf("Costa Verde", [result(2023, NEWER), result(2022, OLDER)])


def test_a_right_statement_has_no_faults(shelf: Shelf) -> None:
    found = placement(shelf)
    assert (found.merged, found.lost, found.wrong) == ([], [], [])
    assert (found.cells, found.stated, found.lines) == (15, 20, 10)
    joined = fill(shelf)
    assert (joined.joined, joined.apart) == (5, [])


def change_figure(compiled: Compiled) -> None:
    compiled.rows[0].cells["2022"].v = Decimal(4821)


def change_history(compiled: Compiled) -> None:
    compiled.rows[0].cells["2022"].history[0].v = Decimal(4821)


def exchange_years(compiled: Compiled) -> None:
    cells = compiled.rows[0].cells
    cells["2023"], cells["2021"] = cells["2021"], cells["2023"]


def name_another_filing(compiled: Compiled) -> None:
    compiled.rows[0].cells["2023"].input = 1


def move_period(compiled: Compiled) -> None:
    compiled.periods[0].end = date(2024, 6, 30)


def lose_figure(compiled: Compiled) -> None:
    del compiled.rows[1].cells["2021"]


def lose_line(compiled: Compiled) -> None:
    del compiled.rows[3]


def repeat_line(compiled: Compiled) -> None:
    compiled.rows.append(compiled.rows[0])


def merge_lines(compiled: Compiled) -> None:
    compiled.rows[0].cells["2021"] = compiled.rows[1].cells.pop("2021")


@dataclass(frozen=True)
class _Expected:
    merged: int = 0
    lost: int = 0
    wrong: int = 0


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (change_figure, _Expected(wrong=1)),
        (change_history, _Expected(wrong=1)),
        (exchange_years, _Expected(wrong=2)),
        (name_another_filing, _Expected(wrong=2, lost=2)),
        (move_period, _Expected(wrong=5)),
        (lose_figure, _Expected(lost=1)),
        (lose_line, _Expected(lost=4)),
        (repeat_line, _Expected(lost=6)),
        (merge_lines, _Expected(merged=1, lost=2)),
    ],
)
def test_a_fault_is_counted(
    damage: Callable[[Compiled], None], expected: _Expected, shelf: Shelf
) -> None:
    damage(shelf.compiled["income_statement"])
    found = placement(shelf)
    assert _Expected(len(found.merged), len(found.lost), len(found.wrong)) == expected, found


def test_a_line_in_two_is_not_joined(shelf: Shelf) -> None:
    compiled = shelf.compiled["income_statement"]
    other = compiled.rows[0].model_copy(deep=True)
    other.cells = {"2021": compiled.rows[0].cells.pop("2021")}
    compiled.rows[0].cells["2022"].history = []
    compiled.rows.append(other)
    assert len(fill(shelf).apart) == 1


def test_a_folder_without_filings_misses_no_goal_of_compiling() -> None:
    found = compiling_goals(Compiling())
    assert len(found) > 10
    assert not any(each.missed for each in found)
