"""The recipes of docs/migrations/how-to work while the old and the new code write."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from alembic.config import main as alembic_main
from sqlalchemy import URL, text

from support.databases import connected, new_database
from support.project import INI, ProjectCopy
from support.recipes import Step, add_revision, find_broken_rules, read_steps, schema_snapshot
from support.servers import SERVERS
from support.shell import as_text, run
from support.traffic import traffic_on

Alembic = Callable[..., int]
STEPS = read_steps()
# Alembic's own environment, with what docs/migrations/index.md says where `run` is not called.
ENV_PY = """
import os

from alembic import context
from sqlalchemy import create_engine

engine = create_engine(os.environ["DATABASE_URL"], connect_args={"options": "-c lock_timeout=5s"})
with engine.connect() as connection:
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
"""


def depends_on_version(steps: list[Step]) -> bool:
    """Whether a recipe uses an operation whose code depends on the version of the server."""
    operations = ("not_null", "add_column_online")
    return any(operation in step.block.code for step in steps for operation in operations)


ON_THE_SYSTEMS = [heading for heading, steps in STEPS.items() if depends_on_version(steps)]


@pytest.fixture(scope="module")
def head(request: pytest.FixtureRequest) -> Iterator[URL]:
    """Return the address of a database at head, on the server that the test names."""
    server: URL = request.getfixturevalue(SERVERS[request.param])
    with new_database(server) as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", as_text(url))
        alembic_main(argv=["-c", str(INI), "upgrade", "head"])
        yield url


@pytest.fixture
def url(head: URL) -> Iterator[URL]:
    """Return the address of a copy of it."""
    with new_database(head.set(database="postgres"), str(head.database)) as url:
        yield url


@pytest.mark.parametrize(
    ("heading", "head"),
    [
        *((heading, "embedded") for heading in STEPS),
        *((heading, "system") for heading in ON_THE_SYSTEMS),
    ],
    indirect=["head"],
)
def test_recipe_goes_up_and_down_while_its_code_writes(
    heading: str, url: URL, project: ProjectCopy, alembic: Alembic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALLOW_DATA_LOSS", "1")
    before = schema_snapshot(url)
    steps = STEPS[heading]
    with traffic_on(url) as traffic:
        for block, running in steps:
            if block.is_query:
                traffic.rows.query(block.code)
                continue
            if not block.is_revision:
                traffic.add(block)
            traffic.run_only(*running)
            if block.is_revision:
                add_revision(project, block)
                assert alembic(url, "upgrade", "head", ini=project.ini) == 0
                traffic.wait_for_writes()
        assert traffic.reads_all(running[-1])
        assert find_broken_rules(project) == set()
        traffic.is_downgrading = True
        for block, running in reversed(steps):
            traffic.run_only(*running)
            if block.is_revision:
                code = alembic(url, "downgrade", "-1", ini=project.ini)
                assert (code != 0) == block.is_refused
                if block.is_refused:
                    return
                traffic.wait_for_writes()
            elif block.role == "old code":
                assert traffic.reads_all(block.role)
    assert schema_snapshot(url) == before


def test_operations_work_with_the_env_py_of_another_project(
    empty_database: URL, tmp_path: Path
) -> None:
    """Alembic loads them as a plugin: nothing imports the library."""
    versions = tmp_path / "alembic" / "versions"
    versions.mkdir(parents=True)
    (versions.parent / "env.py").write_text(ENV_PY)
    (tmp_path / "alembic.ini").write_text(
        "[alembic]\nscript_location = alembic\nprepend_sys_path = .\n"
    )
    (versions / "a.py").write_text(
        'from alembic import op\nrevision = "a"\ndown_revision = None\n'
        'def upgrade():\n    op.execute("CREATE TABLE t (id bigint PRIMARY KEY, n integer)")\n'
        '    op.execute("INSERT INTO t SELECT generate_series(1, 2500)")\n'
    )
    (versions / "b.py").write_text(
        'from alembic import op\nrevision = "b"\ndown_revision = "a"\n'
        'def upgrade():\n    op.batched_backfill("t", {"n": "1"}, "n IS NULL")\n'
    )
    env = {"DATABASE_URL": as_text(empty_database), "PYTHONPATH": ""}
    done = run("alembic", "upgrade", "head", cwd=tmp_path, env=env)
    assert done.returncode == 0, done.stderr
    with connected(empty_database) as connection:
        assert connection.scalar(text("SELECT sum(n) FROM t")) == 2500
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "b"
