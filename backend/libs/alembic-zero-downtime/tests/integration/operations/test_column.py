"""A column is set NOT NULL, or added and filled, from any state that an interrupted run leaves."""

import pytest
import sqlalchemy as sa
from alembic import op
from sqlalchemy import URL

from alembic_zero_downtime.operations.context import OnlineOperationError, temporary_name
from alembic_zero_downtime.operations.not_null import NOT_VALID_SINCE
from support.blocking import apply, definitions, definitions_after, execute, fetch, holding

TEMPORARY = temporary_name("not_null", "things", "size")
CHECK = f"ALTER TABLE things ADD CONSTRAINT {TEMPORARY} CHECK (size IS NOT NULL)"
NOT_NULL = "ALTER TABLE things ALTER size SET NOT NULL"
NOT_VALID = "ALTER TABLE things ADD CONSTRAINT own NOT NULL size NOT VALID"
UUID = sa.text("gen_random_uuid()")


def major(url: URL) -> int:
    return int(fetch(url, "SHOW server_version_num")) // 10_000


def set_not_null() -> None:
    op.set_not_null_online("things", "size")


def add_token() -> None:
    op.add_column_online(
        "things", sa.Column("token", sa.Uuid(), server_default=UUID, nullable=False, comment="it's")
    )


def existing(definition: str) -> str:
    return f"ALTER TABLE things ADD token {definition}"


@pytest.mark.parametrize(
    "left",
    [
        f"{CHECK} NOT VALID",
        CHECK,
        f"{CHECK}; {NOT_NULL}",
        f"{CHECK} NOT VALID; {NOT_VALID}",
        NOT_VALID,
        NOT_NULL,
    ],
)
def test_not_null_resumes_from_the_state_of_an_interrupted_run(left: str, bare_url: URL) -> None:
    supports_not_valid = major(bare_url) >= NOT_VALID_SINCE
    if left.endswith(NOT_VALID) and not supports_not_valid:
        pytest.skip("this version does not support NOT NULL … NOT VALID")
    name = "own" if left.endswith(NOT_VALID) else "things_size_not_null"
    plain = "ALTER size SET NOT NULL"
    if supports_not_valid:
        plain = f"ADD CONSTRAINT {name} NOT NULL size"
    expected = definitions_after(bare_url, lambda: op.execute(f"ALTER TABLE things {plain}"))
    execute(bare_url, left)
    for _ in range(2):
        apply(bare_url, set_not_null)
        assert definitions(bare_url) == expected


def test_existing_rows_are_validated_beside_an_open_write(bare_url: URL) -> None:
    """The long step needs no lock that conflicts with writes; the short ones are done."""
    if major(bare_url) < NOT_VALID_SINCE:
        pytest.skip("before, the last step is a short ACCESS EXCLUSIVE lock")
    execute(bare_url, NOT_VALID)
    with holding(bare_url, "UPDATE things SET note = 'x' WHERE id = 1"):
        apply(bare_url, set_not_null, lock_timeout="1ms")
    assert fetch(bare_url, "SELECT convalidated FROM pg_constraint WHERE conname = 'own'") is True


def test_a_missing_column_is_refused(bare_url: URL) -> None:
    with pytest.raises(OnlineOperationError, match="column nothing of things does not exist"):
        apply(bare_url, lambda: op.set_not_null_online("things", "nothing"))


@pytest.mark.parametrize("left", ["", existing("uuid DEFAULT gen_random_uuid()")])
def test_a_column_is_added_with_its_comment_unless_it_exists(left: str, bare_url: URL) -> None:
    if left:
        execute(bare_url, left)
    for _ in range(2):
        apply(bare_url, add_token)
    assert fetch(bare_url, "SELECT count(DISTINCT token) FROM things") == 2500
    comment = "SELECT col_description('things'::regclass, attnum) FROM pg_attribute"
    assert fetch(bare_url, f"{comment} WHERE attname = 'token'") == "it's"


def test_a_column_with_a_different_definition_is_refused(bare_url: URL) -> None:
    execute(bare_url, existing("uuid"))
    different = "column token of things already exists with a different definition"
    with pytest.raises(OnlineOperationError, match=different):
        apply(bare_url, add_token)


NO_DEFAULT, WITH_CONSTRAINT = "no server_default", "has constraints or an index"


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        (sa.Column("c", sa.Uuid()), NO_DEFAULT),
        (sa.Column("c", sa.Integer(), sa.Computed("size + 1")), NO_DEFAULT),
        (sa.Column("c", sa.Uuid(), server_default=UUID, unique=True), WITH_CONSTRAINT),
        (sa.Column("c", sa.Uuid(), server_default=UUID, index=True), WITH_CONSTRAINT),
        (
            sa.Column("c", sa.Uuid(), sa.ForeignKey("parents.id"), server_default=UUID),
            WITH_CONSTRAINT,
        ),
        (
            sa.Column("c", sa.Uuid(), sa.CheckConstraint("true"), server_default=UUID),
            WITH_CONSTRAINT,
        ),
    ],
)
def test_a_column_that_would_lose_a_part_is_refused(
    column: sa.Column[object], reason: str, bare_url: URL
) -> None:
    before = definitions(bare_url)
    with pytest.raises(OnlineOperationError, match=reason):
        apply(bare_url, lambda: op.add_column_online("things", column))
    assert definitions(bare_url) == before
