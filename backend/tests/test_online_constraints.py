"""Constraints bind new rows first and old ones later; what cannot hold is taken back."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import op
from sqlalchemy import URL
from sqlalchemy.exc import IntegrityError

from app.db.migrations.operations.steps import OnlineOperationError, helper_of
from tests.chaos.harness import Command
from tests.online import Revision, apply, ask, bare, execute, holding, parts, parts_after
from tests.operation_cases import ROWS
from tests.project import Project

Alembic = Callable[..., int]
DEFINITION = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = '{}'"
WRITE = "INSERT INTO things (parent_id, label) VALUES (1, 'new')"


def key(name: str | None = "fk", **options: Any) -> Revision:
    options = {"ondelete": "SET NULL (parent_id)", "initially": "DEFERRED", **options}
    return lambda: op.create_foreign_key_online(
        name, "things", "parents", ["parent_id"], ["id"], **options
    )


def check(condition: str = "size > 0") -> Revision:
    return lambda: op.create_check_constraint_online("ck", "things", condition)


def unique(*columns: str, **options: Any) -> Revision:
    return lambda: op.create_unique_constraint_online("uq", "things", columns, **options)


@pytest.fixture
def url(each_url: URL) -> URL:
    execute(each_url, ROWS)
    return each_url


BROKEN = {
    "foreign key": (key(), "UPDATE things SET parent_id = 99 WHERE id = 5", '"fk"'),
    "check": (check(), "UPDATE things SET size = 0 WHERE id = 5", '"ck"'),
    "unique": (unique("label"), "UPDATE things SET label = 'thing 1' WHERE id = 5", '"uq"'),
    "not null": (
        lambda: op.set_not_null_online("things", "size"),
        "UPDATE things SET size = NULL WHERE id = 5",
        '"size" of relation "things" contains null|"online_not_null_',
    ),
}


@pytest.mark.parametrize(("revision", "row", "named"), BROKEN.values(), ids=list(BROKEN))
def test_what_old_rows_break_is_named_and_taken_back(
    revision: Revision, row: str, named: str, url: URL
) -> None:
    execute(url, "ALTER TABLE things DROP CONSTRAINT fk_size")
    execute(url, row)
    before = parts(url)
    with pytest.raises(IntegrityError, match=named):
        apply(url, revision)
    assert parts(url) == before
    execute(url, row)


def test_what_cannot_be_taken_back_is_told_and_does_not_hide_the_failure(
    url: URL, caplog: pytest.LogCaptureFixture
) -> None:
    execute(url, "UPDATE things SET size = 0 WHERE id = 5")
    execute(url, "ALTER TABLE things ADD CONSTRAINT ck CHECK (size > 0) NOT VALID")
    with (
        holding(url, "SELECT FROM things"),
        pytest.raises(IntegrityError, match='"ck" of relation "things" is violated'),
    ):
        apply(url, check(), lock_timeout="50ms")
    assert (
        "Not cleared away (canceling statement due to lock timeout). "
        "By hand: ALTER TABLE things DROP CONSTRAINT ck" in caplog.text
    )


RULES = "ON DELETE SET NULL (parent_id) DEFERRABLE INITIALLY DEFERRED"
ELSE = {
    "action": (key(), "fk FOREIGN KEY (parent_id) REFERENCES parents (id) INITIALLY DEFERRED"),
    "referent": (
        key(),
        f"fk FOREIGN KEY (parent_id) REFERENCES things (id) {RULES} NOT VALID",
    ),
    "columns": (
        key(ondelete="SET NULL", initially=None),
        "fk FOREIGN KEY (size) REFERENCES parents (id) ON DELETE SET NULL NOT VALID",
    ),
    "condition": (check(), "ck CHECK (size > 1) NOT VALID"),
    "timing": (unique("id", deferrable=True), "uq UNIQUE (id)"),
    "kind": (unique("id"), "uq CHECK (size > 0)"),
}


@pytest.mark.parametrize(("revision", "there"), ELSE.values(), ids=list(ELSE))
def test_another_one_of_the_same_name_is_refused(revision: Revision, there: str, url: URL) -> None:
    execute(url, f"ALTER TABLE things ALTER size TYPE bigint, ADD CONSTRAINT {there}")
    before = parts(url)
    with pytest.raises(OnlineOperationError, match="is there already and is defined otherwise"):
        apply(url, revision)
    assert parts(url) == before


LEFT = {
    "foreign key": (
        key(),
        f"ADD CONSTRAINT fk FOREIGN KEY (parent_id) REFERENCES parents (id) {RULES} NOT VALID",
    ),
    "check": (check(), "ADD CONSTRAINT ck CHECK (size > 0) NOT VALID"),
}


@pytest.mark.parametrize(("revision", "left"), LEFT.values(), ids=list(LEFT))
def test_one_that_is_not_valid_is_only_validated_beside_an_open_write(
    revision: Revision, left: str, url: URL
) -> None:
    wanted = parts_after(url, lambda: op.execute(f"ALTER TABLE things {left[:-10]}"))
    execute(url, f"ALTER TABLE things {left}")
    oid = ask(url, "SELECT oid FROM pg_constraint WHERE NOT convalidated")
    with holding(url, WRITE):
        apply(url, revision, lock_timeout="1ms")
    assert parts(url) == wanted
    assert ask(url, f"SELECT convalidated FROM pg_constraint WHERE oid = {oid}") is True


def test_a_replacement_of_a_revision_since_edited_is_made_anew(url: URL) -> None:
    def replace(condition: str) -> Revision:
        return lambda: op.create_check_constraint_online(
            "ck_size", "things", condition, replace=True
        )

    helper = helper_of("new", "things", "ck_size")
    execute(url, f"ALTER TABLE things ADD CONSTRAINT {helper} CHECK (size > 3) NOT VALID")
    apply(url, replace("size > 0"))
    assert ask(url, DEFINITION.format("ck_size")) == "CHECK ((size > 0))"
    assert ask(url, DEFINITION.format(helper)) is None
    with pytest.raises(IntegrityError, match=helper):
        apply(url, replace("size > 1"))
    assert ask(url, DEFINITION.format("ck_size")) == "CHECK ((size > 0))", "in force until then"
    assert ask(url, DEFINITION.format(helper)) is None


def test_a_colon_that_would_become_a_parameter_is_refused(url: URL) -> None:
    before = parts(url)
    for revision in (
        check("label <> ':open'"),
        lambda: op.create_index_online(
            "ix", "things", ["id"], postgresql_where=sa.text("label <> ':open'")
        ),
        lambda: op.add_column_online(
            "things", sa.Column("state", sa.Text(), server_default=sa.text("':open'"))
        ),
    ):
        with pytest.raises(OnlineOperationError, match=r":open means a parameter .* write \\:open"):
            apply(url, revision)
    assert parts(url) == before


TIMED_OUT = {"MIGRATION_LOCK_TIMEOUT": "100ms"}
ADD = 'op.create_check_constraint_online(op.f("ck"), "things", "size > 0")'


def test_a_revision_of_online_operations_is_tried_again_by_itself(
    project: Project, empty_url: URL, alembic: Alembic
) -> None:
    assert alembic(empty_url, "upgrade", "head", ini=str(bare(project).ini)) == 0
    project.add(f"{ADD}\nop.create_index_online('ix', 'things', ['label'])")
    with (
        holding(empty_url, WRITE) as writer,
        Command(project.ini, empty_url, "upgrade", "head", env=TIMED_OUT) as command,
    ):
        assert command.has_said("(attempt 1 of 12)")
        writer.release()
        ended = command.wait()
    assert ended.code == 0, ended.output
    assert f"blocked by pid {writer.pid}" in ended.output


def test_a_revision_with_an_autocommit_block_of_its_own_is_not_tried_again(
    project: Project, empty_url: URL, alembic: Alembic
) -> None:
    assert alembic(empty_url, "upgrade", "head", ini=str(bare(project).ini)) == 0
    project.add(
        f"with op.get_context().autocommit_block():\n    op.execute('CREATE TABLE own ()')\n{ADD}"
    )
    with (
        holding(empty_url, WRITE),
        Command(project.ini, empty_url, "upgrade", "head", env=TIMED_OUT) as command,
    ):
        ended = command.wait()
    assert ended.code != 0
    assert "It is not safe to run again by itself" in ended.output


CONVENTION = {
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
}
NAMED = {
    "foreign key": (
        lambda: op.create_foreign_key_online(None, "a", "b", ["id"], ["id"], deferrable=True),
        lambda: op.create_foreign_key(None, "a", "b", ["id"], ["id"], deferrable=True),
    ),
    "check": (
        lambda: op.create_check_constraint_online("percent", "a", r"word ~ '^\:x%%?$' OR id > 0"),
        lambda: op.create_check_constraint("percent", "a", r"word ~ '^\:x%%?$' OR id > 0"),
    ),
    "check of an expression": (
        lambda: op.create_check_constraint_online("in", "a", sa.column("word").in_(["a:b", "%s"])),
        lambda: op.create_check_constraint("in", "a", sa.column("word").in_(["a:b", "%s"])),
    ),
    "unique": (
        lambda: op.create_unique_constraint_online(
            None,
            "a",
            ["word"],
            postgresql_nulls_not_distinct=True,
            initially="DEFERRED",
        ),
        lambda: op.create_unique_constraint(
            None, "a", ["word"], postgresql_nulls_not_distinct=True, initially="DEFERRED"
        ),
    ),
    "unique with more": (
        lambda: op.create_unique_constraint_online(
            "Odd %s Name", "a", ["word"], postgresql_include=["id"]
        ),
        lambda: op.execute('ALTER TABLE a ADD CONSTRAINT "Odd %s Name" UNIQUE (word) INCLUDE (id)'),
    ),
    "another schema": (
        lambda: op.create_foreign_key_online(
            "select", "T 1", "b", [":c"], ["id"], source_schema="S 1", onupdate="CASCADE"
        ),
        lambda: op.create_foreign_key(
            "select", "T 1", "b", [":c"], ["id"], source_schema="S 1", onupdate="CASCADE"
        ),
    ),
    "check in another schema": (
        lambda: op.create_check_constraint_online(op.f("a:b"), "T 1", r'"\:c" > 0', schema="S 1"),
        lambda: op.execute('ALTER TABLE "S 1"."T 1" ADD CONSTRAINT "a:b" CHECK ("\\:c" > 0)'),
    ),
    "unique in another schema": (
        lambda: op.create_unique_constraint_online("user", "T 1", [":c"], schema="S 1"),
        lambda: op.create_unique_constraint("user", "T 1", [":c"], schema="S 1"),
    ),
    "not null in another schema": (
        lambda: op.set_not_null_online("T 1", ":c", schema="S 1"),
        lambda: op.alter_column("T 1", ":c", schema="S 1", nullable=False),
    ),
}


@pytest.mark.parametrize(("online", "plain"), NAMED.values(), ids=list(NAMED))
def test_it_builds_what_the_plain_operation_builds_however_it_is_named(
    online: Revision, plain: Revision, each_url: URL
) -> None:
    execute(
        each_url,
        "CREATE TABLE b (id int PRIMARY KEY); CREATE TABLE a (id int, word text);"
        'CREATE SCHEMA "S 1"; CREATE TABLE "S 1"."T 1" (":c" int)',
    )
    metadata = sa.MetaData(naming_convention=CONVENTION)
    wanted = parts_after(each_url, plain, metadata)
    for _ in range(2):
        apply(each_url, online, metadata)
        assert parts(each_url) == wanted
