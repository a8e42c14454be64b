"""Two reports typed as text, and compiling them in any order, for tests of compiling."""

import random

from app.pipeline.compile.build import compile_statement
from app.pipeline.compile.readings import Reading
from app.pipeline.compiled import Compiled, as_bytes
from app.pipeline.statement import StatementName
from tests.helpers.reports import row

Y2023 = """
    Revenue | 48,211 | 44,087
    Cost of sales | -30,172 | -28,450
    = Gross profit | 18,039 | 15,637
    Selling expenses | -10,207 | -9,890
    = Operating profit | 7,832 | 5,747
    % Basic earnings per share | 1.17 | 0.79"""
Y2022 = """
    Revenue | 44,087 | 40,112
    Cost of sales | -28,450 | -26,003
    = Gross profit | 15,637 | 14,109
    Selling expenses | -9,890 | -9,355
    = Operating profit | 5,747 | 4,754
    % Basic earnings per share | 0.79 | 0.64"""


def compiled(*readings: Reading, name: StatementName = "income_statement") -> Compiled:
    """Return the compiled statement; that of any other order has the same bytes."""
    result = compile_statement(name, readings)
    assert result is not None
    shuffled = list(readings)
    for seed in range(3):
        random.Random(seed).shuffle(shuffled)  # noqa: S311
        again = compile_statement(name, shuffled)
        assert again is not None
        assert as_bytes(again.as_json()) == as_bytes(result.as_json())
    return result


def changes(result: Compiled, label: str) -> dict[str, str]:
    return {
        key: each.change for key, each in row(result, label).cells.items() if each.change != "none"
    }
