"""A short run of each scenario of `python -m tests.chaos`."""

from pathlib import Path

from sqlalchemy import URL

from tests.chaos import kill, race, server, stall


def test_processes_that_upgrade_at_once_all_succeed(admin_url: URL, tmp_path: Path) -> None:
    assert race.run(admin_url, tmp_path, processes=6, rounds=1).failures == []


def test_an_upgrade_that_was_killed_is_finished_by_the_next(admin_url: URL, tmp_path: Path) -> None:
    assert kill.run(admin_url, tmp_path, kills=8).failures == []


def test_an_upgrade_whose_server_was_killed_is_finished_by_the_next() -> None:
    assert server.run(kills=2).failures == []


def test_a_long_read_stalls_nobody_for_long(admin_url: URL, tmp_path: Path) -> None:
    assert stall.run(admin_url, tmp_path, read_seconds=1.5).failures == []
