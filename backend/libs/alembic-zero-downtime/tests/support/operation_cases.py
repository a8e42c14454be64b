"""Each online operation: its call in a revision, its downgrade and its plain equivalent."""

from typing import NamedTuple

# The tables before the operation.
ROWS = """
    CREATE TABLE parents (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY);
    CREATE TABLE things (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        parent_id bigint NOT NULL, label text NOT NULL, size integer, note text DEFAULT '',
        CONSTRAINT ck_size CHECK (size > -1), CONSTRAINT uq_size UNIQUE (size, id),
        CONSTRAINT fk_size FOREIGN KEY (parent_id) REFERENCES parents (id)
    );
    INSERT INTO parents SELECT FROM generate_series(1, 50);
    INSERT INTO things (parent_id, label, size)
    SELECT n % 50 + 1, 'thing ' || n, n FROM generate_series(1, 2500) AS n;
    CREATE INDEX ix_things_size ON things (size);
    ANALYZE things
"""


class Case(NamedTuple):
    """An operation.

    Attributes:
        online: its call in `upgrade`.
        downgrade: the call that reverts it.
        plain: the plain operations with the same result.
        proof: a query that returns true if the rows are as the operation has to leave them.
    """

    online: str
    downgrade: str
    plain: str
    proof: str = "true"


CASES = {
    "create index": Case(
        'op.create_index_online("ix_things_label", "things", ["label"])',
        'op.drop_index_online("ix_things_label", "things")',
        'op.create_index("ix_things_label", "things", ["label"])',
    ),
    "create partial unique index on an expression": Case(
        'op.create_index_online("ix_Things_lower", "things", [sa.text("lower(label)")],'
        ' unique=True, postgresql_where=sa.text("size > 10"))',
        'op.drop_index_online("ix_Things_lower", "things")',
        'op.create_index("ix_Things_lower", "things", [sa.text("lower(label)")],'
        ' unique=True, postgresql_where=sa.text("size > 10"))',
    ),
    "drop index": Case(
        'op.drop_index_online("ix_things_size", "things")',
        'op.create_index_online("ix_things_size", "things", ["size"])',
        'op.drop_index("ix_things_size", "things")',
    ),
    "create foreign key": Case(
        'op.create_foreign_key_online("fk_things_parent_id_parents", "things", "parents",'
        ' ["parent_id"], ["id"], ondelete="CASCADE")',
        'op.drop_constraint("fk_things_parent_id_parents", "things")',
        'op.create_foreign_key("fk_things_parent_id_parents", "things", "parents",'
        ' ["parent_id"], ["id"], ondelete="CASCADE")',
    ),
    "create check constraint": Case(
        'op.create_check_constraint_online(op.f("ck_things_percent"), "things",'
        " r\"label LIKE 'thing %' AND label ~ '\\d'\")",
        'op.drop_constraint(op.f("ck_things_percent"), "things")',
        'op.create_check_constraint(op.f("ck_things_percent"), "things",'
        " r\"label LIKE 'thing %' AND label ~ '\\d'\")",
    ),
    "create unique constraint": Case(
        'op.create_unique_constraint_online("uq_things_label", "things", ["label", "size"])',
        'op.drop_constraint("uq_things_label", "things")',
        'op.create_unique_constraint("uq_things_label", "things", ["label", "size"])',
    ),
    "replace index": Case(
        'op.create_index_online("ix_things_size", "things", ["size", "label"], replace=True)',
        'op.create_index_online("ix_things_size", "things", ["size"], replace=True)',
        'op.drop_index("ix_things_size", "things")\n'
        'op.create_index("ix_things_size", "things", ["size", "label"])',
    ),
    "replace check constraint": Case(
        'op.create_check_constraint_online(op.f("ck_size"), "things", "size > 0", replace=True)',
        'op.create_check_constraint_online(op.f("ck_size"), "things", "size > -1", replace=True)',
        'op.drop_constraint(op.f("ck_size"), "things")\n'
        'op.create_check_constraint(op.f("ck_size"), "things", "size > 0")',
    ),
    "replace foreign key": Case(
        'op.create_foreign_key_online("fk_size", "things", "parents", ["parent_id"], ["id"],'
        ' ondelete="CASCADE", replace=True)',
        'op.create_foreign_key_online("fk_size", "things", "parents", ["parent_id"], ["id"],'
        " replace=True)",
        'op.drop_constraint("fk_size", "things")\n'
        'op.create_foreign_key("fk_size", "things", "parents", ["parent_id"], ["id"],'
        ' ondelete="CASCADE")',
    ),
    "replace unique constraint": Case(
        'op.create_unique_constraint_online("uq_size", "things", ["size"], replace=True)',
        'op.create_unique_constraint_online("uq_size", "things", ["size", "id"], replace=True)',
        'op.drop_constraint("uq_size", "things")\n'
        'op.create_unique_constraint("uq_size", "things", ["size"])',
    ),
    "set not null": Case(
        'op.set_not_null_online("things", "size")',
        'op.alter_column("things", "size", nullable=True)',
        'op.alter_column("things", "size", nullable=False)',
    ),
    "add column": Case(
        'op.add_column_online("things",'
        ' sa.Column("token", sa.Uuid(), server_default=sa.text("gen_random_uuid()"),'
        " nullable=False))",
        'op.drop_column("things", "token")',
        'op.add_column("things",'
        ' sa.Column("token", sa.Uuid(), server_default=sa.text("gen_random_uuid()"),'
        " nullable=False))",
        proof="SELECT count(DISTINCT token) = 2500 FROM things",
    ),
    "backfill": Case(
        'op.batched_backfill("things", {"note": "\'100 %: \' || label"}, "note = \'\'")',
        'op.batched_backfill("things", {"note": "\'\'"}, "note <> \'\'")',
        "op.execute(\"UPDATE things SET note = '100 %: ' || label WHERE note = ''\")",
        proof="SELECT bool_and(note = '100 %: ' || label) FROM things",
    ),
}
