"""What autogenerate writes was tried: it runs up, down and up, and reaches the models."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext
from sqlalchemy import URL, Engine

from alembic_zero_downtime import embedded
from alembic_zero_downtime.autogenerate.change import CannotWriteError
from alembic_zero_downtime.autogenerate.compose import find_changes
from alembic_zero_downtime.lint.linter import check_files
from alembic_zero_downtime.migration_environment import MigrationEnvironment
from support.autogenerate import (
    PARTITIONED,
    PARTITIONED_MODEL,
    POSTGRESQL,
    catalog_of,
    change_models,
    table,
    written_revisions,
)
from support.databases import execute
from support.project import ProjectCopy

Alembic = Callable[..., int]
Run = Callable[..., None]
TYPES = """
from sqlalchemy.types import UserDefinedType, TypeDecorator

class Reals(UserDefinedType):
    cache_ok = True
    def get_col_spec(self, **kw):
        return "real[]"

class Lower(TypeDecorator):
    impl, cache_ok = sa.String, True

class Guid(TypeDecorator):
    impl, cache_ok = sa.CHAR, True
    def load_dialect_impl(self, dialect):
        return dialect.type_descriptor(pg.UUID())
"""


ENUM = 'sa.Enum("new", "it\'s", "a|b", name="state")'
CASES = {
    "an enum": table("jobs", f'sa.Column("state", {ENUM}, server_default="new")'),
    "an enum of two tables, and of an array": (
        f"state = {ENUM}; {table('a', 'sa.Column(chr(97), state)')};"
        f"{table('b', 'sa.Column(chr(97), state), sa.Column(chr(98), sa.ARRAY(state))')}"
    ),
    "an enum of a table in use": f'add("companies", sa.Column("state", {ENUM}))',
    "a domain": table(
        "mails",
        'sa.Column("mail", pg.DOMAIN("mail", sa.Text(), check=sa.text("VALUE ~ \'(?:@)\'"),'
        ' constraint_name="ck_mail", not_null=True, default="a@b"))',
    ),
    "types of the project": TYPES
    + table(
        "typed",
        'sa.Column("reals", Reals())',
        'sa.Column("low", Lower(20))',
        'sa.Column("guid", Guid())',
        'sa.Column("yes", sa.Boolean(create_constraint=True, name="yes"))',
    ),
    "a sequence": (
        'seq = sa.Sequence("posts_n_seq", schema="Counters", start=5, metadata=metadata)\n'
        + table("posts", 'sa.Column("n", sa.Integer, seq, server_default=seq.next_value())')
        + '; sa.Table("ids", metadata, sa.Column("id", sa.BigInteger, seq, primary_key=True))'
    ),
    "an operator class of an EXCLUDE": table(
        "networks",
        'sa.Column("net", pg.INET)',
        'pg.ExcludeConstraint(("net", "&&"), using="gist", ops={"net": "inet_ops"}, name="ex",'
        " where=sa.text(\"net <> '10.0.0.0'\"), deferrable=True)",
    ),
    "a cycle": (
        table("aa", 'sa.Column("b", sa.ForeignKey("bb.id"))')
        + "; "
        + table("bb", 'sa.Column("a", sa.ForeignKey("aa.id", use_alter=True))')
    ),
    "a cycle without names": (
        "metadata.naming_convention = {}; "
        + table("aa", 'sa.Column("b", sa.ForeignKey("bb.id"))')
        + "; "
        + table("bb", 'sa.Column("a", sa.ForeignKey("aa.id"))')
    ),
    "options of a foreign key": (
        'add("companies", sa.Column("p", sa.BigInteger(), sa.ForeignKey("companies.id",'
        ' match="FULL", deferrable=True, initially="DEFERRED", onupdate="CASCADE",'
        ' ondelete="SET NULL", use_alter=True, name="fk_p")))'
    ),
    "texts with percent signs, colons and quotes": table(
        "texts",
        'sa.Column("a", sa.Text, server_default="\'100%\' (?:x)", comment="%s :x {}")',
        'sa.Column("b", sa.Text, sa.Computed("a || \'(?:x)%\'", persisted=True))',
        'sa.CheckConstraint("a !~ \'^(?:x|y):z%$\'", name="c")',
        r'sa.CheckConstraint("a <> \'\\\\\\:x\'", name="d")',
        'sa.Index("ix_texts", sa.text("(a || \':x%\')"), postgresql_where=sa.text("a <> \'%:y\'"))',
    ),
    "options of indexes and keys": table(
        "keys",
        'sa.Column("a", sa.Integer, sa.Identity(start=5, increment=2, cycle=True))',
        'sa.Column("b", sa.Text)',
        'sa.UniqueConstraint("a", postgresql_include=["b"], postgresql_nulls_not_distinct=True)',
        'sa.UniqueConstraint("b", deferrable=True, initially="DEFERRED", name="u")',
        'sa.Index("ix_b", "b", postgresql_ops={"b": "text_pattern_ops"},'
        ' postgresql_with={"fillfactor": 50}, postgresql_include=["a"])',
    ),
    "a table of another schema": (
        'sa.Table("notes", metadata, sa.Column("id", sa.BigInteger(), sa.Identity(),'
        ' primary_key=True), sa.Column("c", sa.ForeignKey("companies.id")),'
        f' sa.Column("s", {ENUM}), schema="other")'
    ),
    "the CHECK of a type, and one of an expression": (
        'add("companies", sa.Column("kind", sa.Enum("x", "y", native_enum=False, name="kind",'
        " create_constraint=True)))\n"
        'tables["companies"].append_constraint('
        'sa.CheckConstraint(tables["companies"].c.kind != "z", name="not_z"))'
    ),
    "a condition that squawk cannot read": table(
        "squawk",
        'sa.Column("n", sa.Integer)',
        'sa.CheckConstraint("n BETWEEN 1 AND 99 OR NOT n = 5", name="c")',
    ),
    "constraints that are not validated": (
        'tables["companies"].append_constraint('
        'sa.CheckConstraint("length(name) > 99", name="n", postgresql_not_valid=True))\n'
        'add("companies", sa.Column("p", sa.BigInteger, sa.ForeignKey("companies.id", name="fk_p",'
        " postgresql_not_valid=True)))"
    ),
    "a virtual column": (
        'add("documents", sa.Column("next", sa.Integer, sa.Computed("fiscal_year + 1")))'
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_written_revisions_run_up_and_down_and_reach_the_models(
    name: str,
    project: ProjectCopy,
    migrated_database: URL,
    run: Run,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = catalog_of(migrated_database)
    change_models(project, POSTGRESQL + CASES[name])

    run("revision", "--autogenerate", "-m", "change")
    assert "Tried: up, down and up again, with a row in " in capsys.readouterr().out
    revisions = written_revisions(project)
    assert revisions
    environment = MigrationEnvironment(project.definition, project.config)
    found = check_files(environment, revisions)
    assert [each for each in found if each.rule.severity != "warning"] == []
    run("upgrade", "head")
    run("revision", "--autogenerate", "-m", "again")
    assert written_revisions(project) == revisions
    run("downgrade", "002")
    assert catalog_of(migrated_database) == before
    run("upgrade", "head")


def test_a_foreign_key_of_a_cycle_has_the_name_that_the_server_gives_it(
    project: ProjectCopy, migrated_database: URL, alembic: Alembic
) -> None:
    """It cuts the names of the table and the columns, so that the end remains."""
    x, y = "b" * 40 + "_x", "b" * 40 + "_y"
    change_models(
        project,
        "metadata.naming_convention = {}; "
        + table(
            "aa",
            f'sa.Column("{x}", sa.BigInteger)',
            f'sa.Column("{y}", sa.BigInteger)',
            'sa.Column("k", sa.BigInteger, unique=True)',
            f'sa.ForeignKeyConstraint(["{x}", "{y}"], ["bb.m", "bb.n"])',
        )
        + "; "
        + table(
            "bb",
            'sa.Column("m", sa.BigInteger)',
            'sa.Column("n", sa.ForeignKey("aa.k"))',
            'sa.UniqueConstraint("m", "n")',
        ),
    )
    arguments = ("revision", "--autogenerate", "-m", "change")
    assert alembic(migrated_database, *arguments, ini=project.ini) == 0
    (revision,) = written_revisions(project)
    assert f"aa_{x}_{y}"[:58] + "_fkey" in revision.read_text("utf-8")


class CreateNotes(ops.ExecuteSQLOp):
    """An operation of an extension."""

    def __init__(self, undo: str = "") -> None:
        super().__init__("CREATE VIEW notes AS SELECT 1")
        self.undo = undo

    def reverse(self) -> ops.ExecuteSQLOp:
        """Return the downgrade."""
        if not self.undo:
            raise NotImplementedError
        return ops.ExecuteSQLOp(self.undo)


def test_an_operation_of_an_extension_comes_after_those_on_tables(empty: Engine) -> None:
    metadata = sa.MetaData()
    sa.Table("a", metadata, sa.Column("id", sa.Integer))
    with empty.connect() as connection:
        context = MigrationContext.configure(connection)
        operation = CreateNotes("DROP VIEW notes")
        new, change = find_changes(context, metadata, [operation])
        assert "a" in new.description
        assert (change.upgrade, change.needs_own_revision) == ((operation,), True)
        assert [str(getattr(each, "sqltext", "")) for each in change.downgrade] == [
            "DROP VIEW notes"
        ]
        with pytest.raises(CannotWriteError, match="CreateNotes"):
            find_changes(context, metadata, [CreateNotes()])


ROWS = {
    "of a table": (
        'op.execute("SELECT 1")',
        'tables["documents"].append_constraint(sa.CheckConstraint("length(url) > 99", name="url"))',
        "ck_documents_url",
    ),
    "of a partition": (
        f'op.execute("{PARTITIONED} ALTER TABLE p ADD CONSTRAINT k FOREIGN KEY (q) REFERENCES p")',
        PARTITIONED_MODEL,
        'constraint "k"',
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_row_that_no_real_one_stands_for_does_not_refuse_a_change(
    name: str,
    project: ProjectCopy,
    migrated_database: URL,
    alembic: Alembic,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The row of the trial violates the CHECK: the table is tried without one, as it says."""
    revision, change, constraint = ROWS[name]
    project.add(revision)
    assert alembic(migrated_database, "upgrade", "head", ini=project.ini) == 0
    change_models(project, change)
    arguments = ("revision", "--autogenerate", "-m", "change")
    assert alembic(migrated_database, *arguments, ini=project.ini) == 0
    output = capsys.readouterr().out
    assert "none in " in output
    assert constraint in output
    assert len(written_revisions(project)) == 2


def test_without_a_disposable_server_it_says_that_the_revision_was_not_tried(
    project: ProjectCopy,
    migrated_database: URL,
    alembic: Alembic,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(embedded, "is_installed", lambda: False)
    change_models(project, table("a"))
    arguments = ("revision", "--autogenerate", "-m", "change")
    assert alembic(migrated_database, *arguments, ini=project.ini) == 0
    assert "Not tried: " in capsys.readouterr().out
    assert len(written_revisions(project)) == 1


def test_a_table_made_manually_is_not_dropped_by_a_revision_that_fails_elsewhere(
    project: ProjectCopy,
    migrated: Engine,
    alembic: Alembic,
    capsys: pytest.CaptureFixture[str],
) -> None:
    execute(migrated, "CREATE TABLE by_hand (id int)")
    arguments = ("revision", "--autogenerate", "-m", "change")
    assert alembic(migrated.url, *arguments, ini=project.ini) != 0
    assert 'table "by_hand" does not exist' in capsys.readouterr().err
    assert written_revisions(project) == []
