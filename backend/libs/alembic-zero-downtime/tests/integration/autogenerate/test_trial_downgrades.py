"""The downgrade of what autogenerate writes restores what was there."""

from collections.abc import Callable

import pytest
from sqlalchemy import URL

from support.autogenerate import (
    PARTITIONED,
    PARTITIONED_MODEL,
    catalog_of,
    change_models,
    written_revisions,
)
from support.project import ProjectCopy

Run = Callable[..., None]
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
    change_models(project, PARTITIONED_MODEL if PARTITIONED in DROPS[name] else "")

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
        PARTITIONED_MODEL.replace('sa.Column("q", sa.Uuid, nullable=False),', ""),
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
