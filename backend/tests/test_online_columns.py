"""NULL is forbidden, and a column filled, from whatever state a run has left."""

import pytest
import sqlalchemy as sa
from alembic import op
from sqlalchemy import URL

from app.db.migrations.operations.not_null import NOT_VALID_SINCE
from app.db.migrations.operations.steps import OnlineOperationError, helper_of
from tests.online import apply, ask, execute, holding, parts, parts_after
from tests.operation_cases import ROWS

HELPER = helper_of("not_null", "things", "size")
CHECK = f"ALTER TABLE things ADD CONSTRAINT {HELPER} CHECK (size IS NOT NULL)"
NOT_NULL = "ALTER TABLE things ALTER size SET NOT NULL"
NOT_VALID = "ALTER TABLE things ADD CONSTRAINT own NOT NULL size NOT VALID"
UUID = sa.text("gen_random_uuid()")


@pytest.fixture
def url(each_url: URL) -> URL:
    execute(each_url, ROWS)
    return each_url


def major(url: URL) -> int:
    return int(ask(url, "SHOW server_version_num")) // 10_000


def forbid() -> None:
    op.set_not_null_online("things", "size")


def add() -> None:
    op.add_column_online(
        "things", sa.Column("token", sa.Uuid(), server_default=UUID, nullable=False, comment="it's")
    )


def token(definition: str) -> str:
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
def test_not_null_goes_on_from_what_is_left(left: str, url: URL) -> None:
    has_not_valid = major(url) >= NOT_VALID_SINCE
    if left.endswith(NOT_VALID) and not has_not_valid:
        pytest.skip("this server knows no NOT NULL that is not valid")
    name = "own" if left.endswith(NOT_VALID) else "things_size_not_null"
    plain = f"ADD CONSTRAINT {name} NOT NULL size" if has_not_valid else "ALTER size SET NOT NULL"
    wanted = parts_after(url, lambda: op.execute(f"ALTER TABLE things {plain}"))
    execute(url, left)
    for _ in range(2):
        apply(url, forbid)
        assert parts(url) == wanted


def test_old_rows_are_looked_at_beside_an_open_write(url: URL) -> None:
    """The long step needs no lock that a writer minds; the short ones have been taken."""
    if major(url) < NOT_VALID_SINCE:
        pytest.skip("before that the last step is a short lock again")
    execute(url, NOT_VALID)
    with holding(url, "UPDATE things SET note = 'x' WHERE id = 1"):
        apply(url, forbid, lock_timeout="1ms")
    assert ask(url, "SELECT convalidated FROM pg_constraint WHERE conname = 'own'") is True


def test_a_column_that_is_not_there_is_refused(url: URL) -> None:
    with pytest.raises(OnlineOperationError, match="there is no column nothing in things"):
        apply(url, lambda: op.set_not_null_online("things", "nothing"))


@pytest.mark.parametrize("there", ["", token("uuid"), token("uuid DEFAULT gen_random_uuid()")])
def test_a_column_is_added_with_its_comment_and_taken_as_it_is(there: str, url: URL) -> None:
    if there:
        execute(url, there)
    if there.endswith("uuid"):
        with pytest.raises(OnlineOperationError, match="token of things is there already and is"):
            apply(url, add)
        return
    for _ in range(2):
        apply(url, add)
    assert ask(url, "SELECT count(DISTINCT token) FROM things") == 2500
    assert (
        ask(
            url,
            "SELECT col_description('things'::regclass, attnum) FROM pg_attribute"
            " WHERE attname = 'token'",
        )
        == "it's"
    )


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        (sa.Column("c", sa.Uuid()), "no server_default"),
        (sa.Column("c", sa.Integer(), sa.Computed("size + 1")), "no server_default"),
        (sa.Column("c", sa.Uuid(), server_default=UUID, unique=True), "more than a column"),
        (sa.Column("c", sa.Uuid(), server_default=UUID, index=True), "more than a column"),
        (
            sa.Column("c", sa.Uuid(), sa.ForeignKey("parents.id"), server_default=UUID),
            "more than a column",
        ),
        (
            sa.Column("c", sa.Uuid(), sa.CheckConstraint("true"), server_default=UUID),
            "more than a column",
        ),
    ],
)
def test_what_would_be_left_out_is_refused(
    column: sa.Column[object], reason: str, empty_url: URL
) -> None:
    execute(empty_url, ROWS)
    before = parts(empty_url)
    with pytest.raises(OnlineOperationError, match=reason):
        apply(empty_url, lambda: op.add_column_online("things", column))
    assert parts(empty_url) == before
