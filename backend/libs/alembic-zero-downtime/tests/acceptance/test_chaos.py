"""A short run of each scenario of `python -m chaos`."""

from pathlib import Path

from sqlalchemy import URL

from chaos import kill, race, server, stall


def test_processes_that_upgrade_at_once_all_succeed(migration_server: URL, tmp_path: Path) -> None:
    assert race.run(migration_server, tmp_path, processes=6, rounds=1).failures == []


def test_a_killed_upgrade_is_completed_by_the_next_one(
    migration_server: URL, tmp_path: Path
) -> None:
    assert kill.run(migration_server, tmp_path, kills=8).failures == []


def test_an_upgrade_whose_server_was_killed_is_completed_by_the_next_one() -> None:
    assert server.run(kills=2).failures == []


def test_a_long_read_does_not_stall_writes_for_long(migration_server: URL, tmp_path: Path) -> None:
    assert stall.run(migration_server, tmp_path, read_seconds=1.5).failures == []
