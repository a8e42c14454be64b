"""A short run of each scenario of `python -m chaos`."""

from pathlib import Path

import pytest
from sqlalchemy import URL

from chaos import arrive, freeze, kill, race, server, stall, wire
from support.network import HAS_NAMESPACES, MISSING


def test_processes_that_upgrade_at_once_all_succeed(migration_server: URL, tmp_path: Path) -> None:
    assert race.run(migration_server, tmp_path, processes=6, rounds=1).failures == []


def test_a_killed_upgrade_is_completed_by_the_next_one(
    migration_server: URL, tmp_path: Path
) -> None:
    assert kill.run(migration_server, tmp_path, kills=8).failures == []


def test_an_upgrade_whose_server_was_killed_is_completed_by_the_next_one() -> None:
    assert server.run(kills=2).failures == []


def test_a_long_read_does_not_stall_writes_for_long(migration_server: URL, tmp_path: Path) -> None:
    assert stall.run(migration_server, tmp_path, read_seconds=6.0).failures == []


@pytest.mark.skipif(not HAS_NAMESPACES, reason=MISSING)
def test_an_upgrade_whose_wire_is_cut_ends_in_bounded_time(tmp_path: Path) -> None:
    assert wire.run(tmp_path, cuts=2).failures == []


def test_a_stopped_upgrade_is_named_and_completes_when_it_continues(
    migration_server: URL, tmp_path: Path
) -> None:
    assert freeze.run(migration_server, tmp_path, stops=3).failures == []


def test_rows_that_arrive_during_a_downgrade_are_not_lost(
    migration_server: URL, tmp_path: Path
) -> None:
    assert arrive.run(migration_server, tmp_path, rounds=6).failures == []
