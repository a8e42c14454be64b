"""Revisions that autogenerate writes are applied while other sessions write to the tables."""

from collections.abc import Callable

import pytest
from sqlalchemy import URL

from support.autogenerate import catalog_of, change_models, written_revisions
from support.autogenerate_cases import FORGOTTEN, WRITTEN
from support.project import HEAD, ProjectCopy
from support.writers import writers


@pytest.mark.usefixtures("shadow_server")
@pytest.mark.parametrize("name", WRITTEN)
def test_written_revision_is_applied_under_load_and_reverted(
    name: str,
    project: ProjectCopy,
    migrated_database: URL,
    alembic: Callable[..., int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ALLOW_DATA_LOSS", "1")
    before = catalog_of(migrated_database)
    change_models(project, WRITTEN[name])

    def run(*arguments: str) -> None:
        assert alembic(migrated_database, *arguments, ini=project.ini) == 0

    run("revision", "--autogenerate", "-m", name)
    revisions = written_revisions(project)
    assert revisions
    with writers(migrated_database) as load:
        run("upgrade", "head")
    assert load.failures == []
    after = catalog_of(migrated_database)
    run("revision", "--autogenerate", "-m", "again")
    assert written_revisions(project) == revisions
    run("downgrade", HEAD)
    reverted = catalog_of(migrated_database)
    assert before.keys() - reverted.keys() == FORGOTTEN.get(name, set())
    assert reverted.keys() <= before.keys()
    run("upgrade", "head")
    assert catalog_of(migrated_database) == after
