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
from support.autogenerate import catalog_of, change_models, written_revisions
from support.databases import execute
from support.project import ProjectCopy

Alembic = Callable[..., int]
Run = Callable[..., None]
KEY = 'sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True)'
PREPARE = "from sqlalchemy.dialects import postgresql as pg\n"
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


def table(name: str, *parts: str) -> str:
    return f'sa.Table("{name}", metadata, {", ".join((KEY, *parts))})'


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


@pytest.fixture
def run(
    project: ProjectCopy,
    migrated_database: URL,
    alembic: Alembic,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Return a function that runs a command, which has to succeed and may lose data."""
    monkeypatch.setenv("ALLOW_DATA_LOSS", "1")

    def run_command(*arguments: str) -> None:
        assert alembic(migrated_database, *arguments, ini=project.ini) == 0, capsys.readouterr().err

    return run_command


@pytest.mark.parametrize("name", CASES)
def test_written_revisions_run_up_and_down_and_reach_the_models(
    name: str,
    project: ProjectCopy,
    migrated_database: URL,
    run: Run,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = catalog_of(migrated_database)
    change_models(project, PREPARE + CASES[name])

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


PARTITIONED = (
    "CREATE TABLE p (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), q uuid NOT NULL)"
    " PARTITION BY HASH (id);"
    " CREATE TABLE p_1 PARTITION OF p FOR VALUES WITH (MODULUS 1, REMAINDER 0);"
)
MODEL = (
    'sa.Table("p", metadata, sa.Column("id", sa.Uuid, primary_key=True,'
    ' server_default=sa.func.gen_random_uuid()), sa.Column("q", sa.Uuid, nullable=False),'
    ' sa.PrimaryKeyConstraint("id", name="p_pkey"), postgresql_partition_by="HASH (id)")'
)
DROPS = {
    "tables in a cycle, with a type of their own": (
        "op.execute(\"CREATE TYPE state AS ENUM ('a'); CREATE TABLE a (id int PRIMARY KEY,"
        " s state DEFAULT 'a'); CREATE TABLE b (id int PRIMARY KEY REFERENCES a);"
        ' ALTER TABLE a ADD FOREIGN KEY (id) REFERENCES b DEFERRABLE INITIALLY DEFERRED")'
    ),
    "a table that refers to a partitioned one": (
        f'op.execute("{PARTITIONED} CREATE TABLE a (id int PRIMARY KEY, p uuid REFERENCES p)")'
    ),
    "serials of tables with any name": (
        'op.execute("CREATE TABLE a (\\"it\'s 5%\\" serial, n int);'
        ' CREATE TABLE b (id smallserial); CREATE TABLE \\"it\'s\\" (id bigserial PRIMARY KEY)")'
    ),
    "tables with what no model can express": (
        'op.execute("CREATE TABLE a (id int PRIMARY KEY, t text);'
        " CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
        " CREATE TRIGGER t BEFORE UPDATE ON a FOR EACH ROW EXECUTE FUNCTION f();"
        " ALTER TABLE a ENABLE ROW LEVEL SECURITY; ALTER TABLE a ALTER t SET STORAGE EXTERNAL;"
        " ALTER TABLE a ADD EXCLUDE USING gist (int4range(id, id + 1) WITH &&);"
        ' CREATE TABLE b (r int4range, CONSTRAINT label EXCLUDE USING gist (r WITH &&))")'
    ),
}


@pytest.mark.parametrize("name", DROPS)
def test_dropped_tables_come_back_with_a_downgrade_as_they_were(
    name: str,
    project: ProjectCopy,
    migrated_database: URL,
    run: Run,
) -> None:
    head = project.add(DROPS[name])
    change_models(project, MODEL if PARTITIONED in DROPS[name] else "")

    run("upgrade", "head")
    before = catalog_of(migrated_database)
    run("revision", "--autogenerate", "-m", "drop")
    run("upgrade", "head")
    after = catalog_of(migrated_database)
    assert not {"a", "b", "state"} & {item.name for item in after if item.table is None}
    run("downgrade", head)
    assert catalog_of(migrated_database) == before


LONG = "長い長い長い長い長い長い長い長い"
CONVENTION = 'metadata.naming_convention = {"ck": "ck_%(table_name)s_%(constraint_name)s"}\n'
CHANGES = {
    "a CHECK whose name has more than 63 bytes": (
        f'op.execute("CREATE TABLE {LONG} (id int CONSTRAINT ck_{LONG}_{LONG} CHECK (id > 0))")',
        CONVENTION + f'sa.Table("{LONG}", metadata, sa.Column("id", sa.Integer),'
        f' sa.CheckConstraint("id > 1", name="{LONG}"))',
        [],
    ),
    "a deferrable key that goes with its column": (
        'op.execute("CREATE TABLE a (id int, n int, UNIQUE (n) INCLUDE (id) DEFERRABLE)")',
        'sa.Table("a", metadata, sa.Column("id", sa.Integer))',
        [],
    ),
    "the comment of a table with an apostrophe in its name": (
        """op.execute('CREATE TABLE "it\\'s" (id int)')""",
        'sa.Table("it\'s", metadata, sa.Column("id", sa.Integer), comment="it\'s")',
        [],
    ),
    "a CHECK without a name beside others": (
        'op.execute("CREATE TABLE a (id int CHECK (id > 0), n int CHECK (n > 0))")',
        (
            'metadata.naming_convention = {}; sa.Table("a", metadata, sa.Column("id", sa.Integer), '
            'sa.Column("n", sa.Integer), sa.CheckConstraint("id > 0"), '
            'sa.CheckConstraint("n > 1"))'
        ),
        [],
    ),
    "identities that are added and changed": (
        (
            'op.execute("CREATE TABLE a (id int GENERATED ALWAYS AS IDENTITY, n int);'
            ' INSERT INTO a (n) VALUES (7)")'
        ),
        (
            'sa.Table("a", metadata, sa.Column("id", sa.Integer, sa.Identity(increment=2), '
            'nullable=False), sa.Column("n", sa.Integer, sa.Identity(), nullable=False))'
        ),
        [],
    ),
    "an identity and an EXCLUDE that go": (
        (
            'op.execute("CREATE TABLE \\"A %a\\" (id int GENERATED ALWAYS AS IDENTITY, r int4range,'
            " t text, CONSTRAINT e EXCLUDE USING gist (r WITH &&) WHERE (t <> ' :x%'))\")"
        ),
        (
            'sa.Table("A %a", metadata, sa.Column("id", sa.Integer), '
            'sa.Column("r", sa.dialects.postgresql.INT4RANGE), sa.Column("t", sa.Text))'
        ),
        [],
    ),
    "a column of a domain with NOT NULL and a default": (
        'op.execute("CREATE DOMAIN w AS int NOT NULL DEFAULT 1; CREATE TABLE a (id int, w w)")',
        'sa.Table("a", metadata, sa.Column("id", sa.Integer))',
        [],
    ),
    "an index on expressions that goes with its column": (
        (
            'op.execute("CREATE TABLE a (id int, t text); CREATE INDEX i ON a (lower(t)'
            " text_pattern_ops DESC, id DESC, (t || '%:x, (') NULLS FIRST)\")"
        ),
        'sa.Table("a", metadata, sa.Column("id", sa.Integer))',
        [],
    ),
    "constraints that are validated": (
        (
            'op.execute("CREATE TABLE \\"A %a\\" (id int, CONSTRAINT u UNIQUE (id));'
            ' ALTER TABLE \\"A %a\\" ADD CONSTRAINT c CHECK (id > 0) NOT VALID,'
            ' ADD CONSTRAINT f FOREIGN KEY (id) REFERENCES \\"A %a\\" (id) NOT VALID")'
        ),
        (
            'metadata.naming_convention = {}; sa.Table("A %a", metadata, '
            'sa.Column("id", sa.Integer), sa.CheckConstraint("id > 0", name="c"), '
            'sa.UniqueConstraint("id", name="u"), '
            'sa.ForeignKeyConstraint(["id"], ["A %a.id"], name="f"))'
        ),
        [],
    ),
    "a column of a table with partitions": (
        f'op.execute("{PARTITIONED}")',
        MODEL.replace('sa.Column("q", sa.Uuid, nullable=False),', ""),
        ["p.q", "p_1.q"],
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_changed_tables_come_back_with_a_downgrade_as_they_were(
    name: str,
    project: ProjectCopy,
    migrated_database: URL,
    run: Run,
) -> None:
    """Apart from NOT NULL of dropped columns, whose values are lost."""
    revision, models, lost = CHANGES[name]
    head = project.add(revision)
    change_models(project, models)

    run("upgrade", "head")
    before = catalog_of(migrated_database)
    run("revision", "--autogenerate", "-m", "change")
    revisions = written_revisions(project)
    run("upgrade", "head")
    assert catalog_of(migrated_database) != before
    run("revision", "--autogenerate", "-m", "again")
    assert written_revisions(project) == revisions
    run("downgrade", head)
    restored = catalog_of(migrated_database)
    changed = {item for item in {*before, *restored} if before.get(item) != restored.get(item)}
    assert {f"{each.table}.{each.name}" for each in changed} == set(lost)
    run("upgrade", "head")


@pytest.mark.parametrize("validity", ["", " NOT VALID"])
def test_what_the_models_leave_not_valid_may_be_validated(
    validity: str, project: ProjectCopy, run: Run
) -> None:
    head = project.add(
        'op.execute("CREATE TABLE a (id int UNIQUE); ALTER TABLE a'
        f" ADD CONSTRAINT c CHECK (id > 0){validity}, ADD CHECK (id > 1){validity},"
        f" ADD CONSTRAINT f FOREIGN KEY (id) REFERENCES a (id){validity},"
        f' ADD FOREIGN KEY (id) REFERENCES a (id){validity}")'
    )
    change_models(
        project,
        'metadata.naming_convention = {}; sa.Table("a", metadata, sa.Column("id", sa.Integer),'
        ' sa.UniqueConstraint("id", name="a_id_key"),'
        ' sa.CheckConstraint("id > 0", name="c", postgresql_not_valid=True),'
        ' sa.CheckConstraint("id > 1", postgresql_not_valid=True),'
        ' sa.ForeignKeyConstraint(["id"], ["a.id"], name="f", postgresql_not_valid=True),'
        ' sa.ForeignKeyConstraint(["id"], ["a.id"], postgresql_not_valid=True))',
    )
    run("upgrade", head)
    before = written_revisions(project)
    run("revision", "--autogenerate", "-m", "none")
    assert written_revisions(project) == before


@pytest.mark.parametrize("kept", ["", 'sa.Table("a", metadata, sa.Column("n", sa.Integer))'])
def test_a_foreign_key_to_what_is_dropped_comes_back_not_valid(
    kept: str,
    project: ProjectCopy,
    migrated_database: URL,
    run: Run,
) -> None:
    head = project.add(
        'op.execute("CREATE TABLE a (n int, id int UNIQUE);'
        " CREATE TABLE b (id int REFERENCES a (id));"
        ' INSERT INTO a VALUES (1, 1); INSERT INTO b VALUES (1)")'
    )
    change_models(project, f'{kept}\nsa.Table("b", metadata, sa.Column("id", sa.Integer))')

    run("upgrade", "head")
    before = catalog_of(migrated_database)
    run("revision", "--autogenerate", "-m", "drop")
    assert any(
        "# NOT VALID, since values of a are lost" in each.read_text("utf-8")
        for each in written_revisions(project)
    )
    run("upgrade", "head")
    run("downgrade", head)
    restored = catalog_of(migrated_database)
    changed = {item.name: restored.get(item) for item in before if before[item] != restored[item]}
    assert changed == {"b_id_fkey": "FOREIGN KEY (id) REFERENCES a(id) NOT VALID"}
    run("upgrade", "head")


DOMAIN = 'pg.DOMAIN("word", sa.Text(), check="length(VALUE) > 1", constraint_name="c")'
REFUSED = {
    "the type of a column that a view needs": (
        'sa.Table("t", metadata, sa.Column("a", sa.String(20)))',
        'op.execute("CREATE TABLE t (a varchar(10)); CREATE VIEW v AS SELECT a FROM t")',
        ["cannot alter type of a column used by a view", "Drop or change what depends on it"],
    ),
    "the type of a column that a generated one uses": (
        (
            'sa.Table("t", metadata, sa.Column("a", sa.String),'
            ' sa.Column("b", sa.Text, sa.Computed("a", persisted=True)))'
        ),
        'op.execute("CREATE TABLE t (a text, b text GENERATED ALWAYS AS (a) STORED)")',
        ["cannot alter type of a column used by a generated column", "Write it manually"],
    ),
    "a column of a domain with constraints": (
        f'{PREPARE}sa.Table("t", metadata, sa.Column("a", sa.Text), sa.Column("b", {DOMAIN}))',
        'op.execute("CREATE TABLE t (a text)")',
        ["t.b is of a domain with constraints", "the CHECKs of the domain as its own"],
    ),
    "a table that a view needs": (
        'metadata.remove(tables["compiled_statements"])',
        'op.execute("CREATE VIEW v AS SELECT * FROM compiled_statements")',
        ["view v depends on table compiled_statements", "Drop or change what depends on it"],
    ),
    "a partitioned table that goes": (
        "",
        'op.execute("CREATE TABLE p (id int) PARTITION BY HASH (id)")',
        ["p is partitioned: dropping it drops its partitions", "CREATE TABLE … PARTITION OF"],
    ),
    "an index of a partitioned table": (
        'sa.Table("p", metadata, sa.Column("id", sa.Integer), postgresql_partition_by="HASH (id)")',
        'op.execute("CREATE TABLE p (id int) PARTITION BY HASH (id); CREATE INDEX i ON p (id)")',
        ["p is partitioned, and PostgreSQL cannot drop its index i concurrently", "op.drop_index"],
    ),
    "a column of a domain with constraints and a default": (
        PREPARE + f'add("companies", sa.Column("w", {DOMAIN}, server_default="xy"))',
        'op.execute("CREATE DOMAIN word AS text CONSTRAINT c CHECK (length(VALUE) > 1)")',
        ["companies.w is of a domain with constraints", "the CHECKs of the domain as its own"],
    ),
    "a value of an enum": (
        table("jobs", 'sa.Column("s", sa.Enum("a", "b :c", "d", "e", "f", name="state"))'),
        "op.execute(\"CREATE TYPE state AS ENUM ('a', 'd')\")",
        [
            "ALTER TYPE state ADD VALUE 'b :c' AFTER 'a'; ALTER TYPE state ADD VALUE 'e'; ",
            "ALTER TYPE state ADD VALUE 'f'",
            "Change an enum",
        ],
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_run_is_refused_and_nothing_is_written(
    name: str,
    project: ProjectCopy,
    migrated_database: URL,
    alembic: Alembic,
    capsys: pytest.CaptureFixture[str],
) -> None:
    change, revision, words = REFUSED[name]
    if revision:
        project.add(revision)
        assert alembic(migrated_database, "upgrade", "head", ini=project.ini) == 0
    change_models(project, change)
    before = {path: path.read_bytes() for path in project.versions.iterdir() if path.is_file()}
    arguments = ("revision", "--autogenerate", "-m", "change")
    assert alembic(migrated_database, *arguments, ini=project.ini) != 0
    line = next(each for each in capsys.readouterr().err.splitlines() if "FAILED" in each)
    assert all(word in line for word in ["no revision written", *words]), line
    after = {path: path.read_bytes() for path in project.versions.iterdir() if path.is_file()}
    assert after == before


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
        MODEL,
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
