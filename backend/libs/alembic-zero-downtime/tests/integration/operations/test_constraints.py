"""Constraints apply to new rows first, then to existing rows; a violated one is dropped."""

import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import op
from sqlalchemy import URL
from sqlalchemy.exc import IntegrityError

from alembic_zero_downtime.operations.context import OnlineOperationError, temporary_name
from alembic_zero_downtime.runtime import executor
from support.bare import bare
from support.blocking import (
    Revision,
    apply,
    definitions,
    definitions_after,
    execute,
    fetch,
    holding,
)
from support.project import ProjectCopy

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


VIOLATED = {
    "foreign key": (key(), "UPDATE things SET parent_id = 99 WHERE id = 5", '"fk"'),
    "check": (check(), "UPDATE things SET size = 0 WHERE id = 5", '"ck"'),
    "unique": (unique("label"), "UPDATE things SET label = 'thing 1' WHERE id = 5", '"uq"'),
    "not null": (
        lambda: op.set_not_null_online("things", "size"),
        "UPDATE things SET size = NULL WHERE id = 5",
        '"size" of relation "things" contains null|"online_not_null_',
    ),
}


@pytest.mark.parametrize(("revision", "row", "named"), VIOLATED.values(), ids=list(VIOLATED))
def test_a_constraint_that_existing_rows_violate_is_named_and_dropped(
    revision: Revision, row: str, named: str, bare_url: URL
) -> None:
    execute(bare_url, "ALTER TABLE things DROP CONSTRAINT fk_size")
    execute(bare_url, row)
    before = definitions(bare_url)
    with pytest.raises(IntegrityError, match=named):
        apply(bare_url, revision)
    assert definitions(bare_url) == before
    execute(bare_url, row)


def test_a_failed_cleanup_is_logged_and_does_not_hide_the_violation(
    bare_url: URL, caplog: pytest.LogCaptureFixture
) -> None:
    execute(bare_url, "UPDATE things SET size = 0 WHERE id = 5")
    execute(bare_url, "ALTER TABLE things ADD CONSTRAINT ck CHECK (size > 0) NOT VALID")
    with (
        holding(bare_url, "SELECT FROM things"),
        pytest.raises(IntegrityError, match='"ck" of relation "things" is violated'),
    ):
        apply(bare_url, check(), lock_timeout="50ms")
    assert (
        "Cleanup failed (canceling statement due to lock timeout). "
        "Run: ALTER TABLE things DROP CONSTRAINT ck" in caplog.text
    )


RULES = "ON DELETE SET NULL (parent_id) DEFERRABLE INITIALLY DEFERRED"
DIFFERENT = {
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


@pytest.mark.parametrize(("revision", "existing"), DIFFERENT.values(), ids=list(DIFFERENT))
def test_a_different_one_of_the_same_name_is_refused(
    revision: Revision, existing: str, bare_url: URL
) -> None:
    execute(bare_url, f"ALTER TABLE things ALTER size TYPE bigint, ADD CONSTRAINT {existing}")
    before = definitions(bare_url)
    with pytest.raises(OnlineOperationError, match="already exists with a different definition"):
        apply(bare_url, revision)
    assert definitions(bare_url) == before


LEFT = {
    "foreign key": (
        key(),
        f"ADD CONSTRAINT fk FOREIGN KEY (parent_id) REFERENCES parents (id) {RULES} NOT VALID",
    ),
    "check": (check(), "ADD CONSTRAINT ck CHECK (size > 0) NOT VALID"),
}


@pytest.mark.parametrize(("revision", "left"), LEFT.values(), ids=list(LEFT))
def test_a_not_valid_one_is_only_validated_beside_an_open_write(
    revision: Revision, left: str, bare_url: URL
) -> None:
    expected = definitions_after(bare_url, lambda: op.execute(f"ALTER TABLE things {left[:-10]}"))
    execute(bare_url, f"ALTER TABLE things {left}")
    oid = fetch(bare_url, "SELECT oid FROM pg_constraint WHERE NOT convalidated")
    with holding(bare_url, WRITE):
        apply(bare_url, revision, lock_timeout="1ms")
    assert definitions(bare_url) == expected
    assert fetch(bare_url, f"SELECT convalidated FROM pg_constraint WHERE oid = {oid}") is True


def test_a_replacement_left_by_a_revision_edited_since_is_rebuilt(bare_url: URL) -> None:
    def replace(condition: str) -> Revision:
        return lambda: op.create_check_constraint_online(
            "ck_size", "things", condition, replace=True
        )

    temporary = temporary_name("new", "things", "ck_size")
    execute(bare_url, f"ALTER TABLE things ADD CONSTRAINT {temporary} CHECK (size > 3) NOT VALID")
    apply(bare_url, replace("size > 0"))
    assert fetch(bare_url, DEFINITION.format("ck_size")) == "CHECK ((size > 0))"
    assert fetch(bare_url, DEFINITION.format(temporary)) is None
    with pytest.raises(IntegrityError, match=temporary):
        apply(bare_url, replace("size > 1"))
    assert fetch(bare_url, DEFINITION.format("ck_size")) == "CHECK ((size > 0))", (
        "it stays in force until then"
    )
    assert fetch(bare_url, DEFINITION.format(temporary)) is None


ADD = 'op.create_check_constraint_online(op.f("ck"), "things", "size > 0")'


@pytest.fixture
def _short_lock_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIGRATION_LOCK_TIMEOUT", "100ms")


@pytest.mark.usefixtures("_short_lock_timeout")
def test_a_revision_of_online_operations_is_retried(
    project: ProjectCopy,
    bare_url: URL,
    alembic: Alembic,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    bare(project).add(f"{ADD}\nop.create_index_online('ix', 'things', ['label'])")
    with holding(bare_url, WRITE) as writer:
        # Released in the pause before the next attempt.
        clock = SimpleNamespace(monotonic=time.monotonic, sleep=lambda _: writer.release())
        monkeypatch.setattr(executor, "time", clock)
        assert alembic(bare_url, "upgrade", "head", ini=project.ini) == 0
    output = capsys.readouterr().err
    assert "(attempt 1 of 12)" in output
    assert f"blocked by pid {writer.pid}" in output


@pytest.mark.usefixtures("_short_lock_timeout")
def test_a_revision_with_its_own_autocommit_block_is_not_retried(
    project: ProjectCopy, bare_url: URL, alembic: Alembic, capsys: pytest.CaptureFixture[str]
) -> None:
    bare(project).add(
        f"with op.get_context().autocommit_block():\n    op.execute('CREATE TABLE own ()')\n{ADD}"
    )
    with holding(bare_url, WRITE):
        assert alembic(bare_url, "upgrade", "head", ini=project.ini) != 0
    assert "It is not safe to retry automatically" in capsys.readouterr().err


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
    "unique with included columns": (
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
def test_names_and_conventions_have_the_result_of_the_plain_operation(
    online: Revision, plain: Revision, each_url: URL
) -> None:
    execute(
        each_url,
        "CREATE TABLE b (id int PRIMARY KEY); CREATE TABLE a (id int, word text);"
        'CREATE SCHEMA "S 1"; CREATE TABLE "S 1"."T 1" (":c" int)',
    )
    metadata = sa.MetaData(naming_convention=CONVENTION)
    expected = definitions_after(each_url, plain, metadata)
    for _ in range(2):
        apply(each_url, online, metadata)
        assert definitions(each_url) == expected
