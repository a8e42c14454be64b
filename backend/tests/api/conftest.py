"""Fixtures of the tests of the API."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.helpers.shelf import Shelf


@pytest.fixture
def filled(
    migrated: Engine, on_migrated: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Shelf:
    """Return a shelf whose filings are those of the application's database and storage."""
    del on_migrated
    shelf = Shelf(migrated, tmp_path, monkeypatch)
    monkeypatch.setenv("STORAGE_URL", shelf.storage.name)
    return shelf
