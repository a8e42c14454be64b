"""Exponential backoff: the delays double up to the longest one, each with jitter."""

from itertools import islice

import pytest

from alembic_zero_downtime._backoff import pauses


@pytest.fixture
def _without_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alembic_zero_downtime._backoff.random.uniform", lambda _, longest: longest)


@pytest.mark.usefixtures("_without_jitter")
def test_delays_double_up_to_the_longest() -> None:
    assert list(islice(pauses(0.5, 5), 6)) == [0.5, 1, 2, 4, 5, 5]


@pytest.mark.usefixtures("_without_jitter")
def test_no_delay_stays_none() -> None:
    assert list(islice(pauses(0, 30), 3)) == [0, 0, 0]


def test_jitter_shortens_each_delay_by_up_to_a_half() -> None:
    for _ in range(50):
        for delay, full in zip(pauses(0.5, 5), [0.5, 1, 2, 4, 5, 5], strict=False):
            assert full / 2 <= delay <= full


def test_two_processes_do_not_retry_in_step() -> None:
    first, second = (list(islice(pauses(0.5, 30), 10)) for _ in range(2))
    assert first != second
