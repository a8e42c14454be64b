"""A short run of the benchmark of plans: what it prints, and that each statement is measured."""

import json

import pytest

from bench.command import MEASURED
from bench.plan import Comparison, main

ROWS = ("--rows", "2000")


def test_table_ends_with_the_share_of_right_predictions(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*ROWS, "--only", "loops"]) == MEASURED
    output = " ".join(capsys.readouterr().out.split())
    assert "2,000 rows" in output
    assert output.endswith("2 not known")


def test_json_has_the_durations(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*ROWS, "--only", "joins", "--json"]) == MEASURED
    report = json.loads(capsys.readouterr().out)
    assert report["rows"] == 2000
    assert len(report["statements"]) == 5
    assert all(0 < each["real"] < 60 for each in report["statements"])
    assert all(each["predicted"] < 60 for each in report["statements"])


@pytest.mark.parametrize(
    ("predicted", "real", "is_right"),
    [(0.0, 0.09, True), (0.3, 0.16, True), (0.3, 0.14, False), (0.3, 0.61, False)],
)
def test_prediction_holds_within_a_factor_of_two(
    predicted: float, real: float, *, is_right: bool
) -> None:
    assert Comparison("history", "SELECT", predicted, real).is_right is is_right
