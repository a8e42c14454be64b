"""The tests of pytest-alembic on the revisions: up, down, and nothing left behind."""

from pathlib import Path

import pytest
from pytest_alembic.tests import (
    test_model_definitions_match_ddl,
    test_single_head_revision,
    test_up_down_consistency,
    test_upgrade,
)
from pytest_alembic.tests.experimental import test_downgrade_leaves_no_trace
from sqlalchemy import URL, Engine, create_engine
from sqlalchemy.pool import NullPool

__all__ = [
    "test_downgrade_leaves_no_trace",
    "test_model_definitions_match_ddl",
    "test_single_head_revision",
    "test_up_down_consistency",
    "test_upgrade",
]

pytestmark = [
    pytest.mark.slow,
    # SQLAlchemy 2.1 reflects a CHECK that is NOT VALID with an argument that it does not know.
    pytest.mark.filterwarnings("ignore:Can't validate argument 'dialect_options'"),
]


@pytest.fixture
def alembic_config(migration_project: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setenv("ALLOW_DATA_LOSS", "1")
    return {"file": str(migration_project)}


@pytest.fixture
def alembic_engine(empty_database: URL) -> Engine:
    return create_engine(empty_database, poolclass=NullPool)
