"""A step that waits for VACUUM does not block readers and writers meanwhile."""

import pytest
import sqlalchemy as sa
from alembic import op
from sqlalchemy import URL

from support.blocking import IS_WAITING, Revision, applying, execute, holding, wait_until

LOCK_OF_VACUUM = "LOCK TABLE things IN SHARE UPDATE EXCLUSIVE MODE"
WRITE = "SET LOCAL lock_timeout = '1s'; UPDATE things SET label = label WHERE id = 1"
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
def test_writers_do_not_queue_behind_a_step_that_waits_for_vacuum(
    revision: Revision, bare_url: URL
) -> None:
    with holding(bare_url, LOCK_OF_VACUUM) as vacuum, applying(bare_url, revision) as step:
        wait_until(bare_url, IS_WAITING)
        execute(bare_url, WRITE)
        vacuum.release()
        step.result()
