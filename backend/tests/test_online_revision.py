"""Online operations within a revision: what else it may do, in this project and in any other."""

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

import app.db.migrations.operations as package
from app.db.migrations.operations.steps import OnlineOperationError
from app.db.migrations.state import load_scripts
from tests.online import apply, ask, execute, holding, migrating, parts
from tests.operation_cases import ROWS
from tests.project import Project
from tests.rehearsing import downgrade, rehearse, upgrade
from tests.shell import BACKEND, as_text
from tests.test_pooler import PGBOUNCER, pooler

STUB = BACKEND / "typings" / "alembic" / "op.pyi"
ENVIRONMENT = """
from alembic import context
from sqlalchemy import create_engine, pool

import app.db.migrations.operations

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


@pytest.fixture
def url(each_url: URL) -> URL:
    execute(each_url, ROWS)
    return each_url


@pytest.mark.parametrize(
    "change", ["CREATE TABLE other ()", "DELETE FROM things", "COMMENT ON TABLE things IS 'x'"]
)
def test_a_revision_that_has_changed_something_else_is_refused(change: str, url: URL) -> None:
    def revision() -> None:
        op.execute(change)
        op.set_not_null_online("things", "size")

    before = parts(url)
    with pytest.raises(OnlineOperationError, match="give the operation a revision of its own"):
        apply(url, revision)
    assert parts(url) == before
    assert ask(url, "SELECT count(*) FROM things") == 2500


def test_several_operations_and_what_only_reads_fit_into_one_revision(url: URL) -> None:
    def revision() -> None:
        op.get_bind().exec_driver_sql("SELECT FROM things")
        op.create_index_online("ix", "things", ["label"])
        op.set_not_null_online("things", "size")
        op.execute("CREATE TABLE afterwards ()")

    apply(url, revision)
    assert ask(
        url, "SELECT to_regclass('afterwards') IS NOT NULL AND to_regclass('ix') IS NOT NULL"
    )


def test_no_step_waits_without_end_where_nothing_limits_it(
    url: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.db.migrations.operations.steps.LOCK_TIMEOUT", "50ms")
    with migrating(url, lock_timeout="0") as connection, holding(url, "SELECT FROM things"):
        with pytest.raises(DBAPIError, match="lock timeout"):
            op.create_check_constraint_online("ck", "things", "size > 0")
        assert connection.exec_driver_sql("SHOW lock_timeout").scalar() == "0"


def plain_project(folder: Path, *upgrades: str) -> Config:
    """Return a project as `alembic init` makes it: one transaction for all revisions."""
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
    assert ask(each_url, IS_ALL) is True


def test_there_too_a_revision_that_has_changed_something_else_is_refused(
    tmp_path: Path, each_url: URL
) -> None:
    mixed = f"op.execute('CREATE TABLE made ()'); {ALL[1]}"
    config = plain_project(tmp_path / "plain", ALL[0], ALL[1], mixed)
    config.set_main_option("sqlalchemy.url", as_text(each_url).replace("%", "%%"))
    with pytest.raises(OnlineOperationError, match="give the operation a revision of its own"):
        command.upgrade(config, "head")
    assert ask(each_url, "SELECT version_num FROM alembic_version") == "1", "what was whole stays"
    assert ask(each_url, "SELECT to_regclass('made')") is None


@pytest.mark.skipif(PGBOUNCER is None, reason="pgbouncer is not installed")
def test_it_works_behind_a_pooler_that_lends_a_session_for_a_transaction(
    tmp_path: Path, empty_url: URL
) -> None:
    config = plain_project(tmp_path / "plain", *ALL)
    with pooler(empty_url, "transaction") as pooled:
        config.set_main_option("sqlalchemy.url", as_text(pooled).replace("%", "%%"))
        command.upgrade(config, "head")
    assert ask(empty_url, IS_ALL) is True


def test_a_downgrade_with_online_operations_is_rehearsed_and_priced(
    project: Project, url: URL
) -> None:
    """What the backfill of the upgrade writes again is no loss; nothing of it is committed."""
    execute(
        url,
        "DELETE FROM things WHERE id > 100; ALTER TABLE things ADD kind text;"
        "UPDATE things SET kind = 'thing'",
    )
    execute(url, "CREATE TABLE alembic_version (version_num text)")
    project.add(
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
    execute(url, f"INSERT INTO alembic_version VALUES ('{project.head}')")
    scripts = load_scripts(project.ini)
    engine = create_engine(url)
    price = rehearse(engine, downgrade("-1", scripts), upgrade(scripts))
    assert not price.is_loss
    assert price.lines() == [
        "things.kind: dropped with 100 values, all of which the upgrade writes again"
    ]
    engine.dispose()


def test_a_downgrade_that_rows_forbid_says_so_in_its_rehearsal(
    project: Project, url: URL, caplog: pytest.LogCaptureFixture
) -> None:
    project.add("pass", 'op.create_check_constraint_online(op.f("ck"), "things", "size > 5")')
    execute(url, "CREATE TABLE alembic_version (version_num text)")
    execute(url, f"INSERT INTO alembic_version VALUES ('{project.head}')")
    with pytest.raises(IntegrityError, match='"ck" of relation "things" is violated'):
        rehearse(create_engine(url), downgrade("-1", load_scripts(project.ini)))
    assert "Not cleared away" not in caplog.text


def declared(tree: ast.Module) -> dict[str, ast.arguments]:
    """Return the arguments of functions, of those in classes without what Alembic gives."""
    functions = {each.name: each.args for each in tree.body if isinstance(each, ast.FunctionDef)}
    for parent in tree.body:
        for each in parent.body if isinstance(parent, ast.ClassDef) else ():
            if isinstance(each, ast.FunctionDef) and "classmethod" in ast.dump(each):
                each.args.args = each.args.args[2:]
                functions[each.name] = each.args
    return functions


def test_the_stub_says_what_op_has() -> None:
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
