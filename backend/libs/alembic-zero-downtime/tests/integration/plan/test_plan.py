"""The plan shows the locks and the work of each statement, their risk, and the safe alternative."""

import pytest
from sqlalchemy import URL, Engine

from alembic_zero_downtime.plan import PlanError
from alembic_zero_downtime.plan.effect import WorkKind
from alembic_zero_downtime.plan.lock_modes import Lock
from alembic_zero_downtime.plan.risk import Assessment, Risk, format_duration, highest
from support.databases import connected, execute
from support.planning import THROUGHPUT, Planner, planning
from support.unsafe import SAFE, UNSAFE, Case


def in_autocommit_block(statement: str) -> str:
    """Return the lines that run a statement in an autocommit block."""
    return f'with op.get_context().autocommit_block():\n    op.execute("{statement}")'


def alternatives(assessments: list[Assessment]) -> str:
    return " ".join(each.instead for assessment in assessments for each in assessment.hazards)


def statements(assessments: list[Assessment]) -> list[str]:
    return [each.statement.sql for each in assessments]


def locks(assessment: Assessment) -> dict[str, Lock | None]:
    return {effect.table.name: effect.lock for effect in assessment.statement.effects}


@pytest.mark.parametrize("case", UNSAFE, ids=lambda case: case.name)
def test_unsafe_revision_has_its_risk_and_alternative(case: Case, planner: Planner) -> None:
    assessments = planner.assess(case.upgrade)
    risk = highest(each.risk for each in assessments)
    if case.plan is None:
        assert risk is Risk.SHORT_LOCK
    else:
        assert risk is Risk.DANGEROUS
        assert case.plan in alternatives(assessments)


@pytest.mark.parametrize("case", SAFE, ids=lambda case: case.name)
def test_safe_revision_has_its_risk(case: Case, planner: Planner) -> None:
    assessments = planner.assess(case.upgrade)
    assert assessments
    assert highest(each.risk for each in assessments) == case.plan


@pytest.mark.parametrize(
    ("statement", "lock", "kind"),
    [
        (
            "CREATE INDEX CONCURRENTLY i ON documents (url)",
            Lock.SHARE_UPDATE_EXCLUSIVE,
            WorkKind.INDEX,
        ),
        ("DROP INDEX CONCURRENTLY ix_documents_fiscal_year", Lock.SHARE_UPDATE_EXCLUSIVE, None),
        ("REINDEX TABLE CONCURRENTLY documents", Lock.SHARE_UPDATE_EXCLUSIVE, WorkKind.INDEX),
        ("VACUUM FULL documents", Lock.ACCESS_EXCLUSIVE, WorkKind.REWRITE),
        ("ALTER TABLE documents ADD COLUMN a int", Lock.ACCESS_EXCLUSIVE, None),
        ("LOCK TABLE documents IN EXCLUSIVE MODE", Lock.EXCLUSIVE, None),
        # SHARE on the table; but no session can plan a query while the index is locked.
        ("REINDEX INDEX pk_documents", Lock.ACCESS_EXCLUSIVE, WorkKind.INDEX),
    ],
)
def test_locks_of_an_autocommit_block_are_sampled(
    statement: str, lock: Lock, kind: WorkKind | None, planner: Planner
) -> None:
    (assessment,) = planner.assess(in_autocommit_block(statement))
    assert assessment.statement.sql == statement
    (effect,) = assessment.statement.effects
    assert (effect.table.name, effect.lock) == ("documents", lock)
    assert [work.kind for work in effect.work][:1] == ([kind] if kind else [])


def test_rows_of_a_partial_index_are_estimated_after_an_autocommit_block(planner: Planner) -> None:
    index = "CREATE INDEX CONCURRENTLY i ON documents (url) WHERE fiscal_year > 2000"
    (assessment,) = planner.assess(in_autocommit_block(index))
    (effect,) = assessment.statement.effects
    assert [build.predicate for build in effect.builds] == ["(fiscal_year > 2000)"]


def test_online_operations_roll_back_their_copies_in_an_autocommit_block(planner: Planner) -> None:
    upgrade = (
        'op.create_check_constraint_online("c", "documents", "fiscal_year > {}", replace=True)'
    )
    added = statements(planner.assess(*(upgrade.format(n) for n in (0, 1, 2))))
    assert len([each for each in added if each.endswith("NOT VALID")]) == 3


def test_do_block_that_commits_runs_unchanged(planner: Planner) -> None:
    loop = "DO $$ BEGIN INSERT INTO parts VALUES (1, 2020); COMMIT; END $$"
    assert statements(planner.assess(in_autocommit_block(loop))) == [loop]


def test_rewrite_is_estimated_with_its_indexes(planner: Planner) -> None:
    (assessment,) = planner.assess('op.execute("ALTER TABLE other.readings ALTER id TYPE int")')
    (effect,) = assessment.statement.effects
    assert effect.lock is Lock.ACCESS_EXCLUSIVE
    assert [(work.kind, work.rows, work.count) for work in effect.work] == [
        (WorkKind.REWRITE, 9_000_000, 1),
        (WorkKind.INDEX, 9_000_000, 1),
    ]
    size = 500_000 * 8192
    (build,) = effect.builds
    assert build.row_seconds  # tried on a sample
    rows = 9_000_000 * (build.row_seconds + effect.expression_seconds)
    expected = size / THROUGHPUT.rewrite + size / THROUGHPUT.scan + rows
    assert assessment.seconds == pytest.approx(expected, rel=0.01)


def test_lock_counts_for_later_statements_of_the_transaction(planner: Planner) -> None:
    lock, read = planner.assess(
        'op.execute("LOCK TABLE compiled_statements")\nop.execute("SELECT count(*) FROM documents")'
    )
    assert lock.risk is Risk.DANGEROUS
    seconds = read.seconds
    assert 0.1 < seconds < 10
    reason = f"reads and writes of compiled_statements wait {format_duration(seconds)} more"
    assert reason in lock.hazards[0].reason
    assert (read.statement.sql, read.risk) == ("SELECT count(*) FROM documents", Risk.SAFE)


def test_lock_is_released_at_the_end_of_the_transaction(planner: Planner) -> None:
    assessments = planner.assess(
        "with op.get_context().autocommit_block():\n"
        '    op.execute("ALTER TABLE compiled_statements ADD probe int")\n'
        '    op.execute("SELECT count(*) FROM documents")'
    )
    assert [each.risk for each in assessments] == [Risk.SHORT_LOCK, Risk.SAFE]


def test_statement_shows_a_lock_that_its_transaction_already_holds(planner: Planner) -> None:
    _, default, column, check = planner.assess(
        'op.add_column("documents", sa.Column("probe", sa.Integer()))\n'
        'op.alter_column("documents", "probe", server_default="0")\n'
        'op.add_column("documents", sa.Column("other", sa.Integer()))\n'
        'op.execute("ALTER TABLE documents ADD CHECK (probe > 0) NOT VALID")'
    )
    for assessment in (default, column, check):
        (effect,) = assessment.statement.effects
        assert (effect.lock, effect.held_lock) == (None, Lock.ACCESS_EXCLUSIVE)
        assert assessment.risk is Risk.SHORT_LOCK


def test_changes_of_a_new_table_are_safe(planner: Planner) -> None:
    create = 'op.create_table("probes", sa.Column("id", sa.Integer()))'
    index = 'op.create_index("ix_probes_id", "probes", ["id"])'
    assessments = planner.assess(create, index, 'op.alter_column("probes", "id", nullable=False)')
    assert {each.risk for each in assessments} == {Risk.SAFE}
    assert not any(each.statement.effects for each in assessments)


def test_small_table_is_locked_briefly(planner: Planner) -> None:
    (assessment,) = planner.assess('op.create_index("ix_probe", "companies", ["ir_url"])')
    assert assessment.risk is Risk.SHORT_LOCK
    assert locks(assessment) == {"companies": Lock.SHARE}


@pytest.mark.parametrize(
    ("condition", "least", "most"),
    [
        ("id = 42", 1, 1),
        ("fiscal_year = 2005", 1_900_000, 2_100_000),
        ("fiscal_year = 1901", 1, 10_000),
        ("true", 20_000_000, 20_000_000),
        ("id IN (SELECT id FROM documents ORDER BY id LIMIT 1000)", 900, 1_100),
    ],
)
def test_rows_are_estimated_from_the_statistics_of_the_target(
    condition: str, least: int, most: int, planner: Planner
) -> None:
    (assessment,) = planner.assess(
        f'op.execute("UPDATE documents SET url = url WHERE {condition}")'
    )
    (effect,) = assessment.statement.effects
    (rows,) = (work.rows for work in effect.work if work.kind is WorkKind.CHANGE)
    assert least <= rows <= most


def test_estimate_does_not_change_the_copy(planner: Planner) -> None:
    assessments = planner.assess(
        'op.execute("UPDATE documents SET url = url")\n'
        "size = op.get_bind().scalar(sa.text(\"SELECT pg_relation_size('documents')\"))\n"
        "assert size == 0, size\n"
        'op.execute("SELECT count(*) FROM documents")'
    )
    assert len(assessments) == 2


def test_statements_in_one_string_are_estimated_one_by_one(planner: Planner) -> None:
    (assessment,) = planner.assess(
        'op.execute("UPDATE documents SET url = url; DELETE FROM other.readings WHERE id = 1")'
    )
    works = [work for effect in assessment.statement.effects for work in effect.work]
    changes = [(work.rows, work.is_limit) for work in works if work.kind is WorkKind.CHANGE]
    assert changes == [(20_000_000, False), (1, False)]


DOMAIN = "CREATE DOMAIN positive AS bigint"


@pytest.mark.parametrize("change", ["ADD COLUMN probe positive", "ALTER fiscal_year TYPE positive"])
@pytest.mark.parametrize("constraint", [" CHECK (VALUE > 0)", " NOT NULL DEFAULT 1", ""])
def test_domain_with_a_constraint_rewrites_the_table(
    constraint: str, change: str, planner: Planner
) -> None:
    _, assessment = planner.assess(
        f'op.execute("{DOMAIN}{constraint}")\nop.execute("ALTER TABLE documents {change}")'
    )
    (effect,) = assessment.statement.effects
    is_rewritten = WorkKind.REWRITE in {work.kind for work in effect.work}
    assert is_rewritten == bool(constraint or "TYPE" in change)  # from int to bigint in any case
    assert assessment.risk is (Risk.DANGEROUS if is_rewritten else Risk.SHORT_LOCK)


@pytest.mark.parametrize(
    ("statement", "kinds"),
    [
        ("VACUUM documents", {WorkKind.SCAN}),
        ("VACUUM ANALYZE documents", {WorkKind.SCAN, WorkKind.ANALYZE}),
        ("ANALYZE documents", {WorkKind.ANALYZE}),
    ],
)
def test_maintenance_takes_its_time(statement: str, kinds: set[WorkKind], planner: Planner) -> None:
    (assessment,) = planner.assess(in_autocommit_block(statement))
    (effect,) = assessment.statement.effects
    assert effect.lock is Lock.SHARE_UPDATE_EXCLUSIVE
    assert {work.kind for work in effect.work} == kinds
    assert assessment.seconds > 0
    assert assessment.risk is Risk.SAFE


def test_executemany_counts_each_set_of_values(planner: Planner) -> None:
    (assessment,) = planner.assess(
        'documents = sa.table("documents", sa.column("id"), sa.column("url"))\n'
        'change = documents.update().where(documents.c.id == sa.bindparam("key"))\n'
        'values = [{"key": n, "url": "x"} for n in range(7)]\n'
        "op.get_bind().execute(change, values)"
    )
    (effect,) = assessment.statement.effects
    assert [(work.kind, work.rows) for work in effect.work] == [(WorkKind.CHANGE, 7)]


def test_statements_that_only_read_are_left_out(planner: Planner) -> None:
    upgrade = (
        "op.execute(\"SET lock_timeout = '1s'\")\n"
        'op.get_bind().execute(sa.text("SELECT 1 FROM pg_class")).all()\n'
        'op.get_bind().execute(sa.text("WITH w AS (SELECT 1) SELECT * FROM w")).all()\n'
        "sa.inspect(op.get_bind()).get_columns('documents')\n"
        'op.add_column("documents", sa.Column("probe", sa.Integer()))\n'
        'op.execute("CREATE TABLE probes (id int)")\n'
        'op.execute("WITH new AS (SELECT 1) INSERT INTO probes SELECT * FROM new")'
    )
    assert statements(planner.assess(upgrade)) == [
        "ALTER TABLE documents ADD COLUMN probe INTEGER",
        "CREATE TABLE probes (id int)",
        "WITH new AS (SELECT 1) INSERT INTO probes SELECT * FROM new",
    ]


def test_wait_for_vacuum_is_left_out(planner: Planner) -> None:
    online = 'op.create_check_constraint_online(op.f("ck"), "documents", "fiscal_year > 0")'
    add, validate = planner.assess(online)
    assert add.statement.sql.startswith("ALTER TABLE documents ADD CONSTRAINT ck")
    assert locks(add) == {"documents": Lock.ACCESS_EXCLUSIVE}
    assert locks(validate) == {"documents": Lock.SHARE_UPDATE_EXCLUSIVE}


def test_statements_on_the_migration_tables_are_left_out(planner: Planner) -> None:
    assessments = planner.assess(
        'op.batched_backfill("documents", values={"file_path": "url"}, where="file_path IS NULL")'
    )
    assert statements(assessments)
    assert not any("migration_backfill" in each for each in statements(assessments))
    assert {each.risk for each in assessments} == {Risk.SAFE}


@pytest.mark.parametrize(
    ("statement", "table", "kind"),
    [
        ("CREATE INDEX i ON other.readings (word)", "other.readings", WorkKind.INDEX),
        (
            "ALTER TABLE parts ADD COLUMN p uuid DEFAULT gen_random_uuid()",
            "parts_2020",
            WorkKind.REWRITE,
        ),
        ("REFRESH MATERIALIZED VIEW years", "years", WorkKind.REWRITE),
        ("DROP TABLE extractions", "extractions", WorkKind.DROP),
        ("TRUNCATE extractions", "extractions", WorkKind.EMPTY),
    ],
)
def test_every_kind_of_relation_is_traced(
    statement: str, table: str, kind: WorkKind, planner: Planner
) -> None:
    (assessment,) = planner.assess(f'op.execute("{statement}")')
    kinds = {e.table.name: [w.kind for w in e.work] for e in assessment.statement.effects}
    assert kind in kinds[table]


@pytest.mark.parametrize(
    "change", ["ADD COLUMN p word", "ADD COLUMN p word DEFAULT 'x'", "ALTER url TYPE word"]
)
def test_column_of_a_domain_with_a_constraint_is_a_rewrite(change: str, planner: Planner) -> None:
    *_, assessment = planner.assess(
        "op.execute(\"CREATE DOMAIN word AS text CHECK (VALUE <> '')\")\n"
        f'op.execute("ALTER TABLE documents {change}")'
    )
    kinds = {e.table.name: [w.kind for w in e.work] for e in assessment.statement.effects}
    assert WorkKind.REWRITE in kinds["documents"]


def test_lock_on_a_view_is_traced(planner: Planner) -> None:
    (assessment,) = planner.assess('op.execute("DROP VIEW pages")')
    assert locks(assessment) == {"pages": Lock.ACCESS_EXCLUSIVE}


def test_unqualified_names_follow_the_search_path_of_the_target(migrated: Engine) -> None:
    execute(migrated, "CREATE SCHEMA other; CREATE TABLE other.readings (id bigint)")
    execute(migrated, "ALTER TABLE alembic_version SET SCHEMA other")
    name = migrated.url.database
    execute(migrated, f"ALTER DATABASE {name} SET search_path = other, public")
    with planning(migrated) as planner:
        (assessment,) = planner.assess('op.execute("ALTER TABLE readings ADD probe int")')
    assert locks(assessment) == {"readings": Lock.ACCESS_EXCLUSIVE}


def test_role_of_the_target_can_be_granted_a_privilege(
    migration_server: URL, target: Engine
) -> None:
    role = "test_plan_reader"
    with connected(migration_server) as connection:
        connection.exec_driver_sql(f"CREATE ROLE {role}")
        try:
            with planning(target) as planner:
                upgrade = f'op.execute("GRANT SELECT ON documents TO {role}")'
                assert [each.risk for each in planner.assess(upgrade)] == [Risk.SAFE]
        finally:
            connection.exec_driver_sql(f"DROP ROLE {role}")


def test_legacy_revision_may_end_its_transaction(planner: Planner) -> None:
    idiom, column = planner.trace(
        'op.execute("COMMIT")\n'
        'op.execute("CREATE INDEX CONCURRENTLY i ON documents (url)")\n'
        'op.execute("BEGIN")\n'
        'op.execute("LOCK TABLE documents")\n'
        'op.create_index("ix_documents_probe", "documents", ["id"])',
        'op.add_column("documents", sa.Column("probe", sa.Text()))',
        legacy=1,
    )
    held = [
        [effect.held_lock for effect in each.effects]
        for each in (*idiom.statements, *column.statements)
        if each.effects
    ]
    assert held == [
        [Lock.SHARE_UPDATE_EXCLUSIVE],
        [Lock.ACCESS_EXCLUSIVE],
        [Lock.ACCESS_EXCLUSIVE],
        [Lock.ACCESS_EXCLUSIVE],
    ]


@pytest.mark.parametrize(
    ("upgrade", "reason"),
    [
        ('op.drop_column("documents", "nothing")', 'column "nothing" of relation .* not exist'),
        ("{}['key']", r"KeyError: 'key' \(\d+_of_a_test\.py, line \d+\)"),
        ('op.execute("COMMIT")', "ends its transaction by itself"),
        ('op.execute("INSERT INTO companies (name) VALUES (NULL)")', "not-null constraint"),
    ],
)
def test_message_names_a_revision_that_fails_on_the_copy(
    upgrade: str, reason: str, planner: Planner
) -> None:
    with pytest.raises(PlanError, match=reason) as failure:
        planner.trace(upgrade)
    assert "\n" not in str(failure.value)


def test_message_names_a_revision_that_fails_in_an_autocommit_block(planner: Planner) -> None:
    block = (
        'with op.get_context().autocommit_block():\n    op.execute("CREATE INDEX i ON nowhere (a)")'
    )
    with pytest.raises(PlanError, match='relation "nowhere" does not exist'):
        planner.trace(block)
