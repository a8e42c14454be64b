"""The plan says whom a revision would hold up, for how long, and what to do instead."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import URL, Engine, create_engine, text
from sqlalchemy.pool import NullPool

from app.db.impact import PlanError
from app.db.impact.effect import Kind
from app.db.impact.locks import Lock
from app.db.impact.verdict import Judgement, Verdict, worst
from tests.planning import Planner, planning
from tests.unsafe import SAFE, UNSAFE, Case, enlarge

TARGET = "fde_test_target_of_plans"
OTHERS = """
    CREATE SCHEMA other;
    CREATE TABLE other.readings (id bigint PRIMARY KEY, word text);
    CREATE TABLE parts (id bigint, year int) PARTITION BY RANGE (year);
    CREATE TABLE parts_2020 PARTITION OF parts FOR VALUES FROM (2020) TO (2021);
    CREATE MATERIALIZED VIEW years AS SELECT document_type FROM documents;
    CREATE VIEW pages AS SELECT company_id FROM documents;
    UPDATE pg_class SET relpages = 500000, reltuples = 9e6
     WHERE oid IN ('other.readings'::regclass, 'parts_2020'::regclass, 'years'::regclass);
"""


@pytest.fixture(scope="module")
def target(admin: Engine, template: str, worker_id: str) -> Iterator[Engine]:
    """Return a database at head whose catalogs say that it is large."""
    name = f"{TARGET}_{worker_id}"
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY"))
    engine = create_engine(admin.url.set(database=name), poolclass=NullPool)
    with engine.begin() as connection:
        enlarge(connection)
        connection.execute(text(OTHERS))
    yield engine
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(scope="module")
def planner(target: Engine) -> Iterator[Planner]:
    with planning(target) as planner:
        yield planner


def alone(statement: str) -> str:
    """Return the lines that run a statement outside of the revision's transaction."""
    return f'with op.get_context().autocommit_block():\n    op.execute("{statement}")'


def instead(judgements: list[Judgement]) -> str:
    return " ".join(each.instead for judgement in judgements for each in judgement.findings)


def statements(judgements: list[Judgement]) -> list[str]:
    return [each.statement.sql for each in judgements]


def locks(judgement: Judgement) -> dict[str, Lock | None]:
    return {effect.table.name: effect.lock for effect in judgement.statement.effects}


@pytest.mark.parametrize("case", UNSAFE, ids=lambda case: case.name)
def test_unsafe_revision_is_told_what_to_do_instead(case: Case, planner: Planner) -> None:
    judgements = planner.judge(case.upgrade)
    verdict = worst(each.verdict for each in judgements)
    if case.plan is None:
        assert verdict is Verdict.SHORT_LOCK
    else:
        assert verdict is Verdict.DANGEROUS
        assert case.plan in instead(judgements)


@pytest.mark.parametrize("case", SAFE, ids=lambda case: case.name)
def test_safe_revision_is_not_called_dangerous(case: Case, planner: Planner) -> None:
    judgements = planner.judge(case.upgrade)
    assert judgements
    assert worst(each.verdict for each in judgements) == case.plan


@pytest.mark.parametrize(
    ("statement", "lock", "kind"),
    [
        ("CREATE INDEX CONCURRENTLY i ON documents (url)", Lock.SHARE_UPDATE_EXCLUSIVE, Kind.INDEX),
        ("DROP INDEX CONCURRENTLY ix_documents_fiscal_year", Lock.SHARE_UPDATE_EXCLUSIVE, None),
        ("REINDEX TABLE CONCURRENTLY documents", Lock.SHARE_UPDATE_EXCLUSIVE, Kind.INDEX),
        ("VACUUM FULL documents", Lock.ACCESS_EXCLUSIVE, Kind.REWRITE),
        ("ALTER TABLE documents ADD COLUMN a int", Lock.ACCESS_EXCLUSIVE, None),
        ("LOCK TABLE documents IN EXCLUSIVE MODE", Lock.EXCLUSIVE, None),
        # SHARE on the table; but nobody can plan a query while the index is kept from readers.
        ("REINDEX INDEX pk_documents", Lock.ACCESS_EXCLUSIVE, Kind.INDEX),
    ],
)
def test_locks_of_an_autocommit_block_are_seen_before_they_are_gone(
    statement: str, lock: Lock, kind: Kind | None, planner: Planner
) -> None:
    (judgement,) = planner.judge(alone(statement))
    assert judgement.statement.sql == statement
    (effect,) = judgement.statement.effects
    assert (effect.table.name, effect.lock) == ("documents", lock)
    assert [work.kind for work in effect.work][:1] == ([kind] if kind else [])


def test_block_that_commits_by_itself_runs_as_it_is(planner: Planner) -> None:
    loop = "DO $$ BEGIN INSERT INTO parts VALUES (1, 2020); COMMIT; END $$"
    assert statements(planner.judge(alone(loop))) == [loop]


def test_rewrite_is_estimated_with_its_indexes(planner: Planner) -> None:
    (judgement,) = planner.judge('op.execute("ALTER TABLE other.readings ALTER id TYPE int")')
    (effect,) = judgement.statement.effects
    assert effect.lock is Lock.ACCESS_EXCLUSIVE
    assert [(work.kind, work.rows, work.count) for work in effect.work] == [
        (Kind.REWRITE, 9_000_000, 1),
        (Kind.INDEX, 9_000_000, 1),
    ]
    size = 500_000 * 8192
    assert judgement.seconds == pytest.approx(size / 100e6 + size / 250e6, rel=0.01)


def test_lock_that_is_kept_counts_for_all_that_follows_in_the_transaction(planner: Planner) -> None:
    lock, read = planner.judge(
        'op.execute("LOCK TABLE compiled_statements")\nop.execute("SELECT count(*) FROM documents")'
    )
    assert lock.verdict is Verdict.DANGEROUS
    assert "reads and writes of compiled_statements wait ~6.6 s more" in lock.findings[0].reason
    assert (read.statement.sql, read.verdict) == ("SELECT count(*) FROM documents", Verdict.SAFE)


def test_lock_ends_with_the_transaction(planner: Planner) -> None:
    judgements = planner.judge(
        "with op.get_context().autocommit_block():\n"
        '    op.execute("ALTER TABLE compiled_statements ADD probe int")\n'
        '    op.execute("SELECT count(*) FROM documents")'
    )
    assert [each.verdict for each in judgements] == [Verdict.SHORT_LOCK, Verdict.SAFE]


def test_statement_that_finds_its_lock_held_is_shown_with_it(planner: Planner) -> None:
    _, default, column, check = planner.judge(
        'op.add_column("documents", sa.Column("probe", sa.Integer()))\n'
        'op.alter_column("documents", "probe", server_default="0")\n'
        'op.add_column("documents", sa.Column("other", sa.Integer()))\n'
        'op.execute("ALTER TABLE documents ADD CHECK (probe > 0) NOT VALID")'
    )
    for judgement in (default, column, check):
        (effect,) = judgement.statement.effects
        assert (effect.lock, effect.held) == (None, Lock.ACCESS_EXCLUSIVE)
        assert judgement.verdict is Verdict.SHORT_LOCK


def test_index_of_a_table_that_nobody_has_yet_holds_up_nobody(planner: Planner) -> None:
    create = 'op.create_table("probes", sa.Column("id", sa.Integer()))'
    index = 'op.create_index("ix_probes_id", "probes", ["id"])'
    judgements = planner.judge(create, index, 'op.alter_column("probes", "id", nullable=False)')
    assert {each.verdict for each in judgements} == {Verdict.SAFE}
    assert not any(each.statement.effects for each in judgements)


def test_small_table_is_locked_for_a_moment(planner: Planner) -> None:
    (judgement,) = planner.judge('op.create_index("ix_probe", "companies", ["ir_url"])')
    assert judgement.verdict is Verdict.SHORT_LOCK
    assert locks(judgement) == {"companies": Lock.SHARE}


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
def test_rows_are_estimated_by_the_target_s_statistics(
    condition: str, least: int, most: int, planner: Planner
) -> None:
    (judgement,) = planner.judge(f'op.execute("UPDATE documents SET url = url WHERE {condition}")')
    (effect,) = judgement.statement.effects
    (rows,) = (work.rows for work in effect.work if work.kind is Kind.CHANGE)
    assert least <= rows <= most


def test_estimate_leaves_the_copy_as_it_is(planner: Planner) -> None:
    judgements = planner.judge(
        'op.execute("UPDATE documents SET url = url")\n'
        "size = op.get_bind().scalar(sa.text(\"SELECT pg_relation_size('documents')\"))\n"
        "assert size == 0, size\n"
        'op.execute("SELECT count(*) FROM documents")'
    )
    assert len(judgements) == 2


def test_estimate_runs_nothing_of_a_string_with_two_statements(planner: Planner) -> None:
    (judgement,) = planner.judge('op.execute("UPDATE documents SET url = url; SELECT 1")')
    (effect,) = judgement.statement.effects
    (work,) = (work for work in effect.work if work.kind is Kind.CHANGE)
    assert (work.rows, work.is_limit) == (20_000_000, True)


def test_many_sets_of_values_are_many_rows(planner: Planner) -> None:
    (judgement,) = planner.judge(
        'documents = sa.table("documents", sa.column("id"), sa.column("url"))\n'
        'change = documents.update().where(documents.c.id == sa.bindparam("key"))\n'
        'values = [{"key": n, "url": "x"} for n in range(7)]\n'
        "op.get_bind().execute(change, values)"
    )
    (effect,) = judgement.statement.effects
    assert [(work.kind, work.rows) for work in effect.work] == [(Kind.CHANGE, 7)]


def test_what_only_looks_is_no_statement_of_the_plan(planner: Planner) -> None:
    upgrade = (
        "op.execute(\"SET lock_timeout = '1s'\")\n"
        'op.get_bind().execute(sa.text("SELECT 1 FROM pg_class")).all()\n'
        'op.get_bind().execute(sa.text("WITH w AS (SELECT 1) SELECT * FROM w")).all()\n'
        "sa.inspect(op.get_bind()).get_columns('documents')\n"
        'op.add_column("documents", sa.Column("probe", sa.Integer()))\n'
        'op.execute("CREATE TABLE probes (id int)")\n'
        'op.execute("WITH new AS (SELECT 1) INSERT INTO probes SELECT * FROM new")'
    )
    assert statements(planner.judge(upgrade)) == [
        "ALTER TABLE documents ADD COLUMN probe INTEGER",
        "CREATE TABLE probes (id int)",
        "WITH new AS (SELECT 1) INSERT INTO probes SELECT * FROM new",
    ]


def test_lock_that_waits_for_vacuum_first_is_not_what_people_want_to_see(planner: Planner) -> None:
    online = 'op.create_check_constraint_online(op.f("ck"), "documents", "fiscal_year > 0")'
    add, validate = planner.judge(online)
    assert add.statement.sql.startswith("ALTER TABLE documents ADD CONSTRAINT ck")
    assert locks(add) == {"documents": Lock.ACCESS_EXCLUSIVE}
    assert locks(validate) == {"documents": Lock.SHARE_UPDATE_EXCLUSIVE}


def test_bookkeeping_of_a_backfill_is_no_statement_of_the_plan(planner: Planner) -> None:
    judgements = planner.judge(
        'op.batched_backfill("documents", values={"file_path": "url"}, where="file_path IS NULL")'
    )
    assert statements(judgements)
    assert not any("migration_backfill" in each for each in statements(judgements))
    assert {each.verdict for each in judgements} == {Verdict.SAFE}


@pytest.mark.parametrize(
    ("statement", "table", "kind"),
    [
        ("CREATE INDEX i ON other.readings (word)", "other.readings", Kind.INDEX),
        (
            "ALTER TABLE parts ADD COLUMN p uuid DEFAULT gen_random_uuid()",
            "parts_2020",
            Kind.REWRITE,
        ),
        ("REFRESH MATERIALIZED VIEW years", "years", Kind.REWRITE),
        ("DROP TABLE extractions", "extractions", Kind.DROP),
        ("TRUNCATE extractions", "extractions", Kind.EMPTY),
    ],
)
def test_every_kind_of_relation_is_watched(
    statement: str, table: str, kind: Kind, planner: Planner
) -> None:
    (judgement,) = planner.judge(f'op.execute("{statement}")')
    kinds = {e.table.name: [w.kind for w in e.work] for e in judgement.statement.effects}
    assert kind in kinds[table]


def test_lock_on_a_view_is_seen(planner: Planner) -> None:
    (judgement,) = planner.judge('op.execute("DROP VIEW pages")')
    assert locks(judgement) == {"pages": Lock.ACCESS_EXCLUSIVE}


def test_names_without_a_schema_mean_what_they_mean_in_the_target(
    new_database: Callable[[str], URL], template: str
) -> None:
    url = new_database(template)
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text(OTHERS))
        connection.execute(text("ALTER TABLE alembic_version SET SCHEMA other"))
        connection.execute(text(f"ALTER DATABASE {url.database} SET search_path = other, public"))
    with planning(engine) as planner:
        (judgement,) = planner.judge('op.execute("ALTER TABLE readings ADD probe int")')
    assert locks(judgement) == {"readings": Lock.ACCESS_EXCLUSIVE}


def test_role_of_the_target_can_be_granted_something(admin: Engine, target: Engine) -> None:
    role = "fde_test_reader"
    with admin.connect() as connection:
        connection.execute(text(f"CREATE ROLE {role}"))
        try:
            with planning(target) as planner:
                upgrade = f'op.execute("GRANT SELECT ON documents TO {role}")'
                assert [each.verdict for each in planner.judge(upgrade)] == [Verdict.SAFE]
        finally:
            connection.execute(text(f"DROP ROLE {role}"))


@pytest.mark.parametrize(
    ("upgrade", "reason"),
    [
        ('op.drop_column("documents", "nothing")', 'column "nothing" of relation .* not exist'),
        ("{}['key']", r"KeyError: 'key' \(\d+_of_a_test\.py, line \d+\)"),
        ('op.execute("COMMIT")', "ends its transaction by itself"),
        (
            'sa.create_engine("postgresql+psycopg2://nobody:secret@elsewhere/production").connect()',
            "connection of its own",
        ),
    ],
)
def test_revision_that_fails_on_the_copy_is_named(
    upgrade: str, reason: str, planner: Planner
) -> None:
    with pytest.raises(PlanError, match=reason) as failure:
        planner.observe(upgrade)
    assert "\n" not in str(failure.value)
    assert "secret" not in str(failure.value)


def test_statement_that_fails_in_an_autocommit_block_is_named(planner: Planner) -> None:
    block = (
        'with op.get_context().autocommit_block():\n    op.execute("CREATE INDEX i ON nowhere (a)")'
    )
    with pytest.raises(PlanError, match='relation "nowhere" does not exist'):
        planner.observe(block)
