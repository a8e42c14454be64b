"""Online operations in a revision: with other statements, in any project, in a dry run."""

import ast
import inspect
from pathlib import Path

import alembic.op
import pytest
from alembic import command, op
from alembic.config import Config
from alembic.operations import Operations
from sqlalchemy import URL, create_engine
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.pool import NullPool

import alembic_zero_downtime.operations as package
from alembic_zero_downtime.operations.context import OnlineOperationError
from support.bare import bare
from support.blocking import apply, definitions, execute, fetch, holding, migrating
from support.dry_runs import downgrade, estimate, upgrade
from support.operation_cases import ROWS
from support.pooler import needs_pgbouncer, pooler
from support.project import ProjectCopy
from support.shell import LIBRARY, as_text

STUB = LIBRARY / "typings" / "alembic" / "op.pyi"
ENVIRONMENT = """
from alembic import context
from sqlalchemy import create_engine, pool

import alembic_zero_downtime.operations

engine = create_engine(context.config.get_main_option("sqlalchemy.url"), poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""
REVISION = """
import sqlalchemy as sa
from alembic import op
revision, down_revision = {revision!r}, {previous!r}
def upgrade():
    {upgrade}
"""


@pytest.mark.parametrize(
    "change", ["CREATE TABLE other ()", "DELETE FROM things", "COMMENT ON TABLE things IS 'x'"]
)
def test_a_revision_that_has_changed_something_else_is_refused(change: str, bare_url: URL) -> None:
    def revision() -> None:
        op.execute(change)
        op.set_not_null_online("things", "size")

    before = definitions(bare_url)
    with pytest.raises(OnlineOperationError, match="move the operation to a separate revision"):
        apply(bare_url, revision)
    assert definitions(bare_url) == before
    assert fetch(bare_url, "SELECT count(*) FROM things") == 2500


def test_several_operations_and_reads_may_share_a_revision(bare_url: URL) -> None:
    def revision() -> None:
        op.get_bind().exec_driver_sql("SELECT FROM things")
        op.create_index_online("ix", "things", ["label"])
        op.set_not_null_online("things", "size")
        op.execute("CREATE TABLE afterwards ()")

    apply(bare_url, revision)
    assert fetch(
        bare_url, "SELECT to_regclass('afterwards') IS NOT NULL AND to_regclass('ix') IS NOT NULL"
    )


def test_a_step_has_a_lock_timeout_if_the_session_has_none(
    bare_url: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alembic_zero_downtime.operations.context.LOCK_TIMEOUT", "50ms")
    with (
        migrating(bare_url, lock_timeout="0") as connection,
        holding(bare_url, "SELECT FROM things"),
    ):
        with pytest.raises(DBAPIError, match="lock timeout"):
            op.create_check_constraint_online("ck", "things", "size > 0")
        assert connection.exec_driver_sql("SHOW lock_timeout").scalar() == "0"


def plain_project(folder: Path, *upgrades: str) -> Config:
    """Return a project as `alembic init` creates it: one transaction for all revisions."""
    (folder / "versions").mkdir(parents=True)
    (folder / "env.py").write_text(ENVIRONMENT, encoding="utf-8")
    for number, upgrade_ in enumerate(upgrades, 1):
        previous = str(number - 1) if number > 1 else None
        code = REVISION.format(revision=str(number), previous=previous, upgrade=upgrade_)
        (folder / "versions" / f"{number}.py").write_text(code, encoding="utf-8")
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.set_main_option("path_separator", "os")
    return config


ALL = [
    f"op.execute({ROWS!r})",
    "op.create_index_online('ix', 'things', ['label'])",
    "op.batched_backfill('things', {'note': \"'x'\"}, \"note = ''\")",
    "op.set_not_null_online('things', 'size')",
    "op.create_unique_constraint_online('uq', 'things', ['label'])",
    "op.execute('ALTER TABLE things ADD last int')",
]
IS_ALL = """
    SELECT count(*) = 2500 AND (SELECT indisvalid FROM pg_index WHERE indexrelid = 'uq'::regclass)
           AND (SELECT version_num = '6' FROM alembic_version)
      FROM things WHERE note = 'x' AND last IS NULL
"""


def test_it_works_in_a_project_with_one_transaction_for_all_revisions(
    tmp_path: Path, each_url: URL
) -> None:
    config = plain_project(tmp_path / "plain", *ALL)
    config.set_main_option("sqlalchemy.url", as_text(each_url).replace("%", "%%"))
    command.upgrade(config, "head")
    assert fetch(each_url, IS_ALL) is True


def test_with_one_transaction_too_a_revision_that_has_changed_something_else_is_refused(
    tmp_path: Path, each_url: URL
) -> None:
    mixed = f"op.execute('CREATE TABLE made ()'); {ALL[1]}"
    config = plain_project(tmp_path / "plain", ALL[0], ALL[1], mixed)
    config.set_main_option("sqlalchemy.url", as_text(each_url).replace("%", "%%"))
    with pytest.raises(OnlineOperationError, match="move the operation to a separate revision"):
        command.upgrade(config, "head")
    assert fetch(each_url, "SELECT version_num FROM alembic_version") == "1", (
        "complete revisions are kept"
    )
    assert fetch(each_url, "SELECT to_regclass('made')") is None


@pytest.mark.slow
@needs_pgbouncer
def test_it_works_behind_a_pooler_in_transaction_mode(tmp_path: Path, empty_database: URL) -> None:
    config = plain_project(tmp_path / "plain", *ALL)
    with pooler(empty_database, "transaction") as pooled:
        config.set_main_option("sqlalchemy.url", as_text(pooled).replace("%", "%%"))
        command.upgrade(config, "head")
    assert fetch(empty_database, IS_ALL) is True


AT = "UPDATE alembic_version SET version_num = '{}'"


def test_the_data_loss_of_a_downgrade_with_online_operations_is_estimated(
    project: ProjectCopy, bare_url: URL
) -> None:
    """Values that the backfill of the upgrade restores are no loss."""
    execute(
        bare_url,
        "DELETE FROM things WHERE id > 100; ALTER TABLE things ADD kind text;"
        "UPDATE things SET kind = 'thing'",
    )
    bare(project).add(
        'op.add_column("things", sa.Column("kind", sa.Text()))\n'
        'op.batched_backfill("things", {"kind": "\'thing\'"}, "kind IS NULL")\n'
        'op.set_not_null_online("things", "kind")\n'
        'op.drop_constraint("ck_new", "things")',
        'op.create_check_constraint_online(op.f("ck_new"), "things", "size > 0")\n'
        'op.create_index_online("ix", "things", ["label"])\n'
        'op.create_unique_constraint_online("uq", "things", ["label"])\n'
        'op.drop_index_online("uq", "things")\n'
        'op.drop_column("things", "kind")',
    )
    execute(bare_url, AT.format(project.head))
    environment = project.environment
    engine = create_engine(bare_url, poolclass=NullPool)
    loss = estimate(engine, downgrade("-1", environment), upgrade(environment))
    assert not loss.is_loss
    assert loss.lines() == [
        "would be dropped: things.kind, 100 values (the migrations re-create all)"
    ]


def test_a_downgrade_that_existing_rows_violate_fails_in_its_dry_run(
    project: ProjectCopy, bare_url: URL, caplog: pytest.LogCaptureFixture
) -> None:
    check = 'op.create_check_constraint_online(op.f("ck"), "things", "size > 5")'
    bare(project).add("pass", check)
    execute(bare_url, AT.format(project.head))
    engine = create_engine(bare_url, poolclass=NullPool)
    with pytest.raises(IntegrityError, match='"ck" of relation "things" is violated'):
        estimate(engine, downgrade("-1", project.environment))
    assert "Cleanup failed" not in caplog.text


def declared(tree: ast.Module) -> dict[str, ast.arguments]:
    """Return the arguments of functions; of class methods, without those that Alembic passes."""
    functions = {each.name: each.args for each in tree.body if isinstance(each, ast.FunctionDef)}
    for parent in tree.body:
        for each in parent.body if isinstance(parent, ast.ClassDef) else ():
            if isinstance(each, ast.FunctionDef) and "classmethod" in ast.dump(each):
                each.args.args = each.args.args[2:]
                functions[each.name] = each.args
    return functions


def test_the_stub_declares_all_operations() -> None:
    stub = ast.parse(STUB.read_text(encoding="utf-8"))
    names = {each.targets[0].id for each in stub.body if isinstance(each, ast.Assign)}  # type: ignore[attr-defined]
    ours: dict[str, ast.arguments] = {}
    for path in Path(inspect.getfile(package)).parent.glob("*.py"):
        ours |= declared(ast.parse(path.read_text(encoding="utf-8")))
    theirs = declared(ast.parse(Path(alembic.op.__file__).with_suffix(".pyi").read_text("utf-8")))
    registered = {each for each in ours if hasattr(Operations, each)}
    assert names | set(declared(stub)) == set(theirs) | registered
    for name, arguments in declared(stub).items():
        own = ours[name]
        own.kw_defaults = [
            value if isinstance(said, ast.Constant) and said.value is not ... else said
            for value, said in zip(own.kw_defaults, arguments.kw_defaults, strict=True)
        ]
        assert ast.unparse(arguments) == ast.unparse(own), name
