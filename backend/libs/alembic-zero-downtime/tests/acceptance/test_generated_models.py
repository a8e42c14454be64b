"""Revisions that autogenerate writes for generated models run, lint clean and reach the models."""

import sys
from collections.abc import Iterator

import pytest
from sqlalchemy import URL

from alembic_zero_downtime.autogenerate.change import WRITE_MANUALLY, CannotWriteError
from generated.run import check_examples, quiet_library
from generated.tally import Tally

SEED, EXAMPLES, SECONDS = 7, 8, 800.0
"""Each run of CI checks the same few; `make fuzz ARGS=models` draws others, and many more."""


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with quiet_library():
        yield


def test_revisions_for_generated_models_run_and_reach_them(
    migration_server: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = check_examples(migration_server, SEED, EXAMPLES, SECONDS)
    with capsys.disabled():
        sys.stdout.write(f"\nmake fuzz ARGS='models --seed {SEED}': {tally.describe()}\n")
    assert not tally.faults
    assert tally.examples == EXAMPLES
    assert tally.refused.total() <= 1 + tally.examples / 10
    assert tally.invalid.total() <= 1 + tally.examples / 20


def test_a_change_that_is_not_written_is_a_fault(
    migration_server: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alembic_zero_downtime.autogenerate.compose.find_changes", lambda *_: [])
    assert _check_two(migration_server).faults


def test_a_refusal_without_need_is_a_fault(
    migration_server: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "alembic_zero_downtime.autogenerate.compose.find_changes", _refuse_everything
    )
    assert [each.partition(":")[0] for each in _check_two(migration_server).faults] == ["refused"]


def _check_two(server: URL) -> Tally:
    return check_examples(server, 1, 2, SECONDS)


def _refuse_everything(*_: object) -> None:
    raise CannotWriteError("the models differ", "Write it manually", WRITE_MANUALLY)
