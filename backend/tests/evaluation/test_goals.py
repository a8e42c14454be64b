"""A goal is missed by its figure alone, and never where nothing was measured."""

import pytest

from tests.evaluation.evaluate import Evaluation
from tests.evaluation.goal import Goal
from tests.evaluation.goals import goals


@pytest.mark.parametrize(
    ("goal", "missed"),
    [
        (Goal("a", "", 99.9, at_least=99.9), False),
        (Goal("a", "", 99.8, at_least=99.9), True),
        (Goal("a", "", 0, at_most=0), False),
        (Goal("a", "", 1, at_most=0), True),
        (Goal("a", "", None, at_least=99.9), False),
    ],
)
def test_a_goal_is_missed_by_its_figure(goal: Goal, *, missed: bool) -> None:
    assert goal.missed == missed


def test_a_folder_without_filings_misses_no_goal() -> None:
    found = goals(Evaluation(results=[], left=[], unit=1.0))
    assert len(found) > 15
    assert not any(each.missed for each in found)
