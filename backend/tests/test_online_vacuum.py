"""VACUUM gets along with readers and writers; a step that waits for it must not keep them out."""

import pytest
import sqlalchemy as sa
from alembic import op
from sqlalchemy import URL

from tests.chaos.harness import connected
from tests.online import Revision, applying, execute, holding
from tests.operation_cases import ROWS
from tests.project import wait_for

AS_VACUUM = "LOCK TABLE things IN SHARE UPDATE EXCLUSIVE MODE"
IS_WAITING = "SELECT count(*) = 1 FROM pg_locks WHERE relation = 'things'::regclass AND NOT granted"
USE = "SET LOCAL lock_timeout = '1s'; UPDATE things SET label = label WHERE id = 1"
RANDOM = sa.text("gen_random_uuid()")
STEPS: dict[str, Revision] = {
    "check": lambda: op.create_check_constraint_online("ck", "things", "size > 0"),
    "foreign key": lambda: op.create_foreign_key_online(
        "fk", "things", "parents", ["parent_id"], ["id"]
    ),
    "unique constraint": lambda: op.create_unique_constraint_online("uq", "things", ["label"]),
    "replaced check": lambda: op.create_check_constraint_online(
        "ck_size", "things", "size > 0", replace=True
    ),
    "not null": lambda: op.set_not_null_online("things", "size"),
    "column": lambda: op.add_column_online(
        "things", sa.Column("token", sa.Uuid(), server_default=RANDOM)
    ),
}


@pytest.mark.parametrize("revision", STEPS.values(), ids=list(STEPS))
def test_nobody_queues_behind_a_step_that_waits_for_vacuum(
    revision: Revision, each_url: URL
) -> None:
    execute(each_url, ROWS)
    with (
        holding(each_url, AS_VACUUM) as vacuum,
        connected(each_url) as side,
        applying(each_url, revision) as step,
    ):
        wait_for(side, IS_WAITING)
        execute(each_url, USE)
        vacuum.release()
        step.result()
