"""Ten generated reports compiled: every cell, its filing and its history equal the truth."""

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from app.pipeline.compile.build import compile_statement
from app.pipeline.compile.readings import Reading
from app.pipeline.compile.view import view_of
from app.pipeline.compiled import Compiled, as_bytes
from tests.filings.decade import DEMO, DEMO_SEED, Decade, eventful, make_decade
from tests.filings.decade_check import Keys, differences, keys_of, original_differences
from tests.filings.decade_readings import read_decade, true_readings
from tests.filings.samples import SAMPLES
from tests.filings.truth import STATEMENTS

_OPEN = {
    "british": "a total without a label is a line of its own where XBRL gives it one",
}
_COMPILED = ("american", "german", "british", "swedish", "bank", "nature", "terse", "japanese")
_NAMES = [
    pytest.param(name, marks=[pytest.mark.xfail(reason=_OPEN[name])] if name in _OPEN else [])
    for name in _COMPILED
]


def _compiled(readings: Sequence[Reading]) -> list[Compiled]:
    found = []
    for name in STATEMENTS:
        of_name = [each for each in readings if each.statement.statement == name]
        statement = compile_statement(name, of_name)
        assert statement is not None
        found.append(statement)
    return found


def _assert_true(decade: Decade, readings: Sequence[Reading]) -> None:
    # Rounded sums of a report may be no proof; that is for the tests of the readers.
    accepted = [replace(each, accepted=True) for each in readings]
    keys: Keys = keys_of(decade, accepted)
    for compiled in _compiled(accepted):
        assert differences(decade, compiled, keys) == []
        original = view_of(compiled, years=None, view="original")
        assert original_differences(decade, original, keys) == []


def test_statements_of_the_demo_equal_the_truth_in_every_cell() -> None:
    decade = make_decade(DEMO_SEED, DEMO)
    _assert_true(decade, true_readings(decade))


def test_order_in_which_reports_come_makes_no_difference() -> None:
    readings = true_readings(make_decade(DEMO_SEED, DEMO))
    expected = [as_bytes(each.as_json()) for each in _compiled(readings)]
    random.Random(1).shuffle(readings)  # noqa: S311 - nothing is kept secret by it
    assert [as_bytes(each.as_json()) for each in _compiled(readings)] == expected


@pytest.mark.slow
def test_files_of_the_demo_compile_to_the_truth(tmp_path: Path) -> None:
    decade = make_decade(DEMO_SEED, DEMO)
    _assert_true(decade, read_decade(decade, tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize("name", _NAMES)
def test_files_in_other_layouts_compile_to_the_truth(name: str, tmp_path: Path) -> None:
    decade = make_decade(3, eventful(SAMPLES[name]))
    _assert_true(decade, read_decade(decade, tmp_path))
