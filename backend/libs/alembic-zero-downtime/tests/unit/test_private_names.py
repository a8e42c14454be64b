"""Each private name of Alembic and SQLAlchemy that `_alembic.py` uses exists and works."""

import io
from collections.abc import Callable, Iterator
from inspect import isfunction
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from alembic import command, context, op
from alembic.autogenerate.api import AutogenContext, RevisionContext
from alembic.config import Config
from alembic.operations import Operations, ops
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError, compat
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from alembic_zero_downtime import _alembic
from support.project import IDS, ProjectCopy

LONG = "a_name_of_a_constraint_that_is_longer_than_the_63_bytes_of_an_identifier"


class ReachedError(Exception):
    """Alembic's command has reached env.py."""


@pytest.fixture
def connection(empty: sa.Engine) -> Iterator[sa.Connection]:
    with empty.connect() as connection:
        yield connection


def offline_context(**options: object) -> MigrationContext:
    opts = {"as_sql": True, "output_buffer": io.StringIO(), **options}
    return MigrationContext.configure(dialect_name="postgresql", opts=opts)


def test_each_function_is_tested() -> None:
    functions = (each for each in vars(_alembic).values() if isfunction(each))
    names = {each.__name__ for each in functions if each.__module__ == _alembic.__name__}
    source = Path(__file__).read_text(encoding="utf-8")
    assert {name for name in names if f"_alembic.{name}(" not in source} == set()


@pytest.mark.parametrize("name", ["feature%2Fx", "100%", "%(here)s", "%%", "a b"])
def test_escape_percent_signs_allows_them_in_the_path_of_alembic_ini(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compat, "read_config_parser", compat.read_config_parser)
    _alembic.escape_percent_signs()  # as the plugin did already
    ini = tmp_path / name / "alembic.ini"
    ini.parent.mkdir()
    ini.write_text("[alembic]\nscript_location = %(here)s/alembic\n")
    assert Config(ini).get_main_option("script_location") == f"{ini.parent}/alembic"


def test_replace_steps_replaces_those_of_the_command() -> None:
    called: list[str] = []

    def steps(name: str) -> Callable[..., list[object]]:
        def make_steps(*_: object) -> list[object]:
            called.append(name)
            return []

        return make_steps

    migrations = offline_context(fn=steps("command"))
    migrations.run_migrations()
    _alembic.replace_steps(migrations, steps("replacement"))
    migrations.run_migrations()
    assert called == ["command", "replacement"]


def test_nested_proxies_restores_the_environment_and_the_operations(project: ProjectCopy) -> None:
    def open_environment(number: int) -> EnvironmentContext:
        environment = EnvironmentContext(project.config, project.scripts, number=number)
        environment.configure(dialect_name="postgresql", number=number)
        return environment

    def fail_inside() -> None:
        with (
            _alembic.nested_proxies(),
            open_environment(2) as inner,
            Operations.context(inner.get_context()),
        ):
            assert op.get_context().opts["number"] == 2
            raise ReachedError

    with open_environment(1) as outer, Operations.context(outer.get_context()):
        with pytest.raises(ReachedError):
            fail_inside()
        assert op.get_context().opts["number"] == 1
        assert context.get_context().opts["number"] == 1


COMMANDS: dict[str, Callable[[Config], object]] = {
    "upgrade": lambda config: command.upgrade(config, "head"),
    "downgrade": lambda config: command.downgrade(config, "base"),
    "stamp": lambda config: command.stamp(config, "head"),
    "revision": lambda config: command.revision(config, "message", autogenerate=True),
    "check": command.check,
    "current": command.current,
}


@pytest.mark.parametrize("name", COMMANDS)
def test_command_name_is_the_name_of_the_function(
    name: str, project: ProjectCopy, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run_env(_: ScriptDirectory) -> None:
        context.configure(dialect_name="postgresql")
        raise ReachedError(_alembic.command_name(context.get_context()))

    monkeypatch.setattr(ScriptDirectory, "run_env", run_env)
    with pytest.raises(ReachedError, match=f"^{name}$"):
        COMMANDS[name](project.config)


def test_command_name_is_none_without_a_command() -> None:
    assert _alembic.command_name(offline_context()) is None


@pytest.mark.parametrize("is_external", [True, False])
def test_an_external_transaction_is_known_and_never_committed(
    is_external: bool, connection: sa.Connection
) -> None:
    if is_external:
        connection.begin()
    migrations = MigrationContext.configure(connection, opts={"transactional_ddl": True})
    assert _alembic.is_in_external_transaction(migrations) is is_external
    with migrations.begin_transaction():
        connection.exec_driver_sql("CREATE TABLE t (n int)")
    assert connection.in_transaction() is is_external


@pytest.mark.parametrize("current", [(), ("001",), tuple(IDS[-1:])])
def test_make_upgrade_steps_returns_the_pending_ones(
    current: tuple[str, ...], project: ProjectCopy
) -> None:
    steps = _alembic.make_upgrade_steps(project.scripts, [IDS[-1]], current)
    pending = IDS[IDS.index(current[0]) + 1 :] if current else IDS
    assert [step.revision.revision for step in steps] == pending
    assert all(step.is_upgrade for step in steps)


def test_find_script_returns_a_revision_by_its_id_or_an_abbreviation(
    project: ProjectCopy,
) -> None:
    assert _alembic.find_script(project.scripts, IDS[0]).revision == IDS[0]
    assert _alembic.find_script(project.scripts, "head").revision == IDS[-1]
    with pytest.raises(CommandError, match="Can't locate"):
        _alembic.find_script(project.scripts, "unknown")


def test_parents_of_returns_those_that_a_revision_follows_or_depends_on(
    project: ProjectCopy,
) -> None:
    (project.versions / "other.py").write_text(
        f'revision = "other"\ndown_revision = "001"\ndepends_on = "{IDS[1]}"\n'
    )
    parents = {each: _alembic.parents_of(project.scripts, each) for each in ("001", "other")}
    assert parents == {"001": (), "other": ("001", IDS[1])}


@pytest.fixture
def two_folders(tmp_path: Path) -> ScriptDirectory:
    """Return revisions in two folders, of which the second does not exist."""
    (tmp_path / "one").mkdir()
    for name in ("b.py", "a.py", "conflict.py", "__init__.py", ".#b.py", "notes.txt"):
        (tmp_path / "one" / name).write_text("<<<<<<< HEAD")
    config = Config()
    config.set_main_option("script_location", str(tmp_path))
    config.set_main_option("path_separator", ":")
    config.set_main_option("version_locations", f"{tmp_path}/one:{tmp_path}/two")
    return ScriptDirectory.from_config(config)


def test_version_locations_returns_all_folders(
    two_folders: ScriptDirectory, tmp_path: Path
) -> None:
    assert _alembic.version_locations(two_folders) == [tmp_path / "one", tmp_path / "two"]


def test_revision_files_returns_those_that_alembic_would_load(
    two_folders: ScriptDirectory,
) -> None:
    names = {path.name for path in _alembic.revision_files(two_folders)}
    assert names == {"a.py", "b.py", "conflict.py"}


def test_add_object_filter_adds_one_to_those_of_the_project(connection: sa.Connection) -> None:
    opts = {"include_object": lambda _, name, *__: name != "left_out"}
    migrations = MigrationContext.configure(connection, opts=opts)
    autogenerate = AutogenContext(migrations, sa.MetaData())
    _alembic.add_object_filter(autogenerate, lambda _, name, *__: name != "hidden")

    def is_included(name: str) -> bool:
        table = sa.Table(name, sa.MetaData())
        return autogenerate.run_object_filters(
            table, name, "table", reflected=False, compare_to=None
        )

    included = [is_included(name) for name in ("other", "left_out", "hidden")]
    assert included == [True, False, False]


def test_copy_column_returns_a_column_without_a_table() -> None:
    column = sa.Column("a", sa.Numeric(7, 2), nullable=False, comment="c")
    sa.Table("t", sa.MetaData(), column)
    copy = _alembic.copy_column(column)
    assert copy is not column
    assert copy.table is None
    assert (copy.name, str(copy.type), copy.nullable, copy.comment) == (
        *("a", "NUMERIC(7, 2)", False, "c"),
    )


def test_keep_reverse_copies_the_columns_of_the_index() -> None:
    columns = [sa.Column("a", sa.Text), sa.Column("b", sa.Text)]
    sa.Table("t", sa.MetaData(), *columns)
    original = ops.DropIndexOp.from_index(sa.Index("ix", *columns))
    drop = ops.DropIndexOp("ix", "t", postgresql_concurrently=True)
    _alembic.keep_reverse(drop, original)
    reverse = drop.reverse()
    assert isinstance(reverse, ops.CreateIndexOp)
    assert [column.name for column in reverse.to_index().columns] == ["a", "b"]


@pytest.mark.parametrize("name", ["plain", "Odd name", sa.sql.elements.conv(LONG)])
def test_format_constraint_returns_the_unquoted_name_of_the_ddl(name: str) -> None:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    constraint = sa.CheckConstraint("n > 0", name=name)
    table = sa.Table("t", sa.MetaData(), sa.Column("n", sa.Integer), constraint)
    formatted = _alembic.format_constraint(dialect.identifier_preparer, constraint)
    assert formatted is not None
    assert (formatted == name) is (name != LONG), "a long name is shortened"
    quoted = f'"{formatted}"' if " " in name else formatted
    assert f"CONSTRAINT {quoted} CHECK" in str(CreateTable(table).compile(dialect=dialect))


def test_the_connection_of_a_script_passes_the_values_of_a_statement() -> None:
    migrations = offline_context()
    written: list[tuple[str, object]] = []
    _alembic.write_values_of_connection(
        migrations.connection, lambda statement, values: written.append((str(statement), values))
    )
    assert migrations.connection is not None
    migrations.connection.execute(sa.text("SELECT :x"), {"x": 1})
    assert written == [("SELECT :x", {"x": 1})]


def test_only_the_dialect_of_a_driver_doubles_percent_signs(connection: sa.Connection) -> None:
    assert _alembic.doubles_percent_signs(connection.dialect)
    named = postgresql.dialect(paramstyle="named")  # type: ignore[no-untyped-call]
    assert not _alembic.doubles_percent_signs(named)


def test_sequences_of_returns_those_that_belong_to_no_column() -> None:
    metadata = sa.MetaData()
    alone = sa.Sequence("alone", metadata=metadata)
    owned = sa.Sequence("owned", metadata=metadata)
    sa.Table("t", metadata, sa.Column("n", sa.Integer, owned))
    assert _alembic.sequences_of(metadata) == [alone]


class Decorated(sa.types.TypeDecorator[str]):
    impl = sa.Text


def autogenerate_context(connection: sa.Connection) -> AutogenContext:
    options = {"sqlalchemy_module_prefix": "sa.", "user_module_prefix": None}
    migrations = MigrationContext.configure(connection, opts=options)
    return AutogenContext(migrations, sa.MetaData())


def test_types_and_exclude_constraints_are_rendered(connection: sa.Connection) -> None:
    autogenerate = autogenerate_context(connection)
    assert _alembic.render_type(sa.Numeric(7, 2), autogenerate) == (
        "sa.Numeric(precision=7, scale=2)"
    )
    exclude = postgresql.ExcludeConstraint((sa.column("a"), "="), using="gist", name="ex")
    sa.Table("t", sa.MetaData(), sa.Column("a", sa.Integer), exclude)
    rendered = _alembic.render_exclude(exclude, autogenerate)
    assert (
        rendered == "postgresql.ExcludeConstraint((sa.column('a'), '='), using='gist', name='ex')"
    )


def test_postgresql_variant_returns_the_type_that_replaces_another() -> None:
    variant = postgresql.CITEXT()
    assert _alembic.postgresql_variant(sa.Text().with_variant(variant, "postgresql")) is variant
    assert _alembic.postgresql_variant(Decorated()) is None


def test_settings_are_reset_after_each_revision() -> None:
    calls: list[str] = []
    script = SimpleNamespace(migration_fn=lambda size: calls.append(f"run {size}"))
    migrations = MigrationContext.configure(
        dialect_name="postgresql", opts={"as_sql": True, "fn": lambda *_: iter([script])}
    )
    _alembic.resetting_settings(migrations, lambda: calls.append("reset"))
    for step in migrations._migrations_fn((), migrations):  # type: ignore[misc] # noqa: SLF001
        step.migration_fn(size=1)
    assert calls == ["run 1", "reset"]


def test_generate_drafts_writes_into_another_folder(
    project: ProjectCopy, tmp_path: Path, connection: sa.Connection
) -> None:
    config = project.config
    scripts = project.scripts
    revisions = RevisionContext(
        config,
        scripts,
        dict.fromkeys(
            ("rev_id", "message", "head", "splice", "branch_label", "version_path", "depends_on")
        )
        | {"head": "head"},
    )
    (directive,) = revisions.generated_revisions
    directive.version_path = str(tmp_path / "drafts")
    (tmp_path / "drafts").mkdir()
    revisions._last_autogen_context = autogenerate_context(connection)  # noqa: SLF001
    drafts = ScriptDirectory(
        scripts.dir, version_locations=[str(project.versions), directive.version_path]
    )
    before = set(project.versions.iterdir())
    (script,) = _alembic.generate_drafts(revisions, [directive], drafts)
    assert Path(script.path).parent == tmp_path / "drafts"
    assert script.down_revision == IDS[-1]
    assert {path for path in project.versions.iterdir() if path.is_file()} <= before
