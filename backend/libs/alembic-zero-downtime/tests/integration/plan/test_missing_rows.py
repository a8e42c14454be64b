"""What depends on rows of the target, which the copy does not have, is not known."""

from dataclasses import replace

import pytest
from sqlalchemy import Engine

from alembic_zero_downtime.plan.effect import WorkKind
from alembic_zero_downtime.plan.risk import Risk
from support.databases import execute
from support.planning import Planner

READ = 'bind.execute(sa.text("SELECT id, url FROM documents"))'
BY_KEY = 'bind.execute(sa.text("UPDATE documents SET url = :u WHERE id = :id"), {"u": 1, "id": 2})'
BATCH = (
    "UPDATE documents SET file_path = url WHERE id IN"
    " (SELECT id FROM documents WHERE file_path IS NULL LIMIT 500)"
)
ADD = 'op.add_column("documents", sa.Column("probe", sa.Text()))\n'
CODE = """
    CREATE FUNCTION adapt() RETURNS void LANGUAGE plpgsql AS $$
        DECLARE d record;
        BEGIN FOR d IN SELECT id FROM documents LOOP
            UPDATE extractions SET model = 'x' WHERE document_id = d.id;
        END LOOP; END $$;
    CREATE PROCEDURE adapt_all() LANGUAGE sql AS 'SELECT adapt()';
"""


@pytest.fixture(scope="module", autouse=True)
def _functions(target: Engine) -> None:
    execute(target, CODE)


LOOP = (
    "DO $$ DECLARE d record; BEGIN FOR d IN SELECT id FROM documents LOOP"
    " UPDATE extractions SET model = 'x' WHERE document_id = d.id; END LOOP; END $$"
)


def bound(lines: str) -> str:
    return f"bind = op.get_bind()\n{lines}"


READERS = {
    "row by row": f"for row in {READ}.all():\n    {BY_KEY}",
    "count": 'if bind.scalar(sa.text("SELECT count(*) FROM documents")):\n    pass',
    "first row": 'row = bind.execute(sa.text("SELECT id FROM pages LIMIT 1")).first()'.replace(
        "id FROM pages", "company_id FROM pages"
    ),
    "server-side cursor": (
        f"options = {{'stream_results': True}}\n"
        f"rows = {READ[:-1]}, execution_options=options)\n"
        f"for part in rows.partitions(100):\n    {BY_KEY}"
    ),
    "many at once": (
        f'values = [{{"u": 1, "id": row.id}} for row in {READ}]\n'
        "if values:\n"
        f"    {BY_KEY.partition(', {')[0]}, values)"
    ),
    "number of rows": f'while bind.execute(sa.text("{BATCH}")).rowcount:\n    pass',
    "returning": f'while bind.execute(sa.text("{BATCH} RETURNING id")).all():\n    pass',
    "conflicts": (
        "bind.execute(sa.text(\"INSERT INTO companies (name, ir_url) VALUES ('x', 'y')\""
        ' " ON CONFLICT DO NOTHING RETURNING id")).first()'
    ),
    "cursor of the driver": (
        'cursor = bind.connection.cursor()\ncursor.execute("SELECT id FROM documents")\n'
        "for row in cursor:\n    pass"
    ),
    "cursor of another class": (
        "from psycopg2.extras import DictCursor\n"
        "cursor = bind.connection.cursor(cursor_factory=DictCursor)\n"
        'cursor.execute("SELECT id FROM documents")\ncursor.fetchall()'
    ),
    "number of rows of the driver": (
        'cursor = bind.connection.cursor()\ncursor.execute("DELETE FROM extractions")\n'
        "if cursor.rowcount:\n    pass"
    ),
    "copy to a file": (
        "import io\ncursor = bind.connection.cursor()\n"
        'cursor.copy_expert("COPY documents TO STDOUT", io.StringIO())'
    ),
    "copy of a table": (
        'import io\ncursor = bind.connection.cursor()\ncursor.copy_to(io.StringIO(), "documents")'
    ),
    "session": (
        "from sqlalchemy.orm import Session\n"
        'session = Session(bind)\nsession.scalars(sa.text("SELECT url FROM documents")).all()'
    ),
}


@pytest.mark.parametrize("lines", READERS.values(), ids=READERS.keys())
def test_result_without_the_rows_of_the_target_is_not_known(lines: str, planner: Planner) -> None:
    column, read, *_ = planner.assess(ADD + bound(lines))
    assert column.statement.unknown is None
    assert read.risk in (Risk.UNKNOWN, Risk.DANGEROUS)
    assert "the revision uses its result" in (read.statement.unknown or "")
    held = "Meanwhile reads and writes of documents wait (ACCESS EXCLUSIVE)"
    assert held in (read.statement.unknown or "")


@pytest.mark.parametrize(
    "statement",
    [
        LOOP,
        "DO $$ BEGIN IF EXISTS (SELECT FROM documents) THEN DELETE FROM late; END IF; END $$",
        "SELECT adapt()",
        "CALL adapt_all()",
    ],
)
def test_code_that_reads_rows_is_not_known(statement: str, planner: Planner) -> None:
    (assessment,) = planner.assess(f'op.execute("{statement}")')
    assert assessment.risk is Risk.UNKNOWN
    assert "what it does depends on rows of documents" in (assessment.statement.unknown or "")


def test_what_follows_in_the_revision_is_not_known_either(planner: Planner) -> None:
    add = 'op.add_column("documents", sa.Column("probe", sa.Text()))'
    other = 'op.add_column("companies", sa.Column("probe", sa.Text()))'
    *_, read, follows, next_one = planner.assess(bound(f"{READ}.first()\n{add}"), other)
    assert "the revision uses its result" in (read.statement.unknown or "")
    assert follows.statement.unknown == "it depends on what the revision has read before"
    assert follows.risk is Risk.UNKNOWN
    assert next_one.risk is Risk.SHORT_LOCK


HARMLESS = {
    "result that is not used": 'op.execute("SELECT count(*) FROM companies")',
    "catalog": "sa.inspect(bind).get_columns('documents')",
    "new table": (
        'op.execute("CREATE TABLE n (id int)")\nop.execute("INSERT INTO n VALUES (1)")\n'
        'assert bind.scalar(sa.text("SELECT id FROM n")) == 1'
    ),
    "inserted row": (
        "bind.execute(sa.text(\"INSERT INTO companies (name, ir_url) VALUES ('x', 'y')"
        ' RETURNING id")).scalar_one()'
    ),
    "query.update": (
        "from sqlalchemy.orm import Session, declarative_base\n"
        'class D(declarative_base()):\n    __tablename__ = "documents"\n'
        "    id = sa.Column(sa.BigInteger, primary_key=True)\n    url = sa.Column(sa.Text)\n"
        "Session(bind).query(D).filter(D.id == 3).update({D.url: 'x'})"
    ),
    "online operation": (
        'op.batched_backfill("documents", {"file_path": "url"}, "file_path IS NULL")'
    ),
}


@pytest.mark.parametrize("lines", HARMLESS.values(), ids=HARMLESS.keys())
def test_result_that_lacks_no_rows_changes_nothing(lines: str, planner: Planner) -> None:
    assessments = planner.assess(bound(lines))
    assert [each.statement.unknown for each in assessments if each.statement.unknown] == []
    assert {each.risk for each in assessments} <= {Risk.SAFE, Risk.SHORT_LOCK}


def test_rows_of_a_table_that_a_loop_has_filled_are_not_known(planner: Planner) -> None:
    fill = (
        'op.execute("CREATE TABLE n (id bigint)")\n'
        f"for row in {READ}:\n    op.execute(f'INSERT INTO n VALUES ({{row.id}})')"
    )
    read = 'bind.execute(sa.text("SELECT id FROM n")).first()'
    *_, last = planner.assess(bound(fill), bound(read))
    assert "depends on rows of n, which the copy does not have" in (last.statement.unknown or "")


SEED = "INSERT INTO documents (company_id, url, fiscal_year, document_type) VALUES "
FAILURES = {
    "foreign key": f"op.execute(\"{SEED} (7, 'u', 2000, 'other')\")",
    "row that is looked up": (
        f"op.execute(\"{SEED} ((SELECT id FROM companies WHERE name = 'x'), 'u', 2000, 'other')\")"
    ),
    "strict": (
        'op.execute("DO $$ DECLARE n int; BEGIN SELECT id INTO STRICT n FROM companies WHERE'
        " name = 'x'; END $$\")"
    ),
    "assertion on the server": (
        'op.execute("DO $$ BEGIN ASSERT (SELECT count(*) FROM companies) > 0; END $$")'
    ),
    "division": 'op.execute("SELECT 1 / (SELECT count(*) FROM companies)")',
    "deferred foreign key": (
        'op.execute("ALTER TABLE documents ALTER CONSTRAINT fk_documents_company_id_companies"\n'
        '           " DEFERRABLE INITIALLY DEFERRED")\n'
        f"op.execute(\"{SEED} (7, 'u', 2000, 'other')\")"
    ),
    "one row": "bind.execute(sa.text(\"SELECT id FROM companies WHERE name = 'x'\")).scalar_one()",
    "assertion": 'assert bind.scalar(sa.text("SELECT count(*) FROM companies"))',
    "number of rows": 'assert bind.execute(sa.text("DELETE FROM late WHERE id = 1")).rowcount == 1',
    "attribute": 'bind.execute(sa.text("SELECT id FROM companies")).first().id',
    "session": (
        "from sqlalchemy.orm import Session\n"
        'with Session(bind) as s:\n    s.execute(sa.text("SELECT id FROM companies")).one()'
    ),
    "impossible": (
        'assert bind.scalar(sa.text("SELECT count(*) FROM companies")) > 10, "companies"'
    ),
    "separate connection": "bind.engine.connect()",
    "connection of the driver": "import psycopg2\npsycopg2.connect('host=127.0.0.1 port=1')",
    "exit": (
        'import sys\nif not bind.scalar(sa.text("SELECT count(*) FROM companies")):\n'
        "    sys.exit(1)"
    ),
    "connection elsewhere": (
        'sa.create_engine("postgresql+psycopg2://user:secret@elsewhere/production").connect()'
    ),
}
CREATE = 'op.execute("CREATE TABLE later (id int)")'
USE = 'op.execute("CREATE INDEX ix_later ON later (id)")'
INDEX = 'op.create_index("ix_documents_probe", "documents", ["url"])'
STOPS = (
    "impossible",
    "separate connection",
    "connection of the driver",
    "connection elsewhere",
)


@pytest.mark.parametrize("lines", FAILURES.values(), ids=FAILURES.keys())
def test_plan_goes_on_after_a_revision_that_needs_rows(
    lines: str, planner: Planner, request: pytest.FixtureRequest
) -> None:
    first, second, third = planner.trace(bound(f"{lines}\n{CREATE}"), USE, INDEX)
    reasons = " ".join(each.unknown or "" for each in first.statements)
    assert "cannot be run on the copy" in reasons
    assert "secret" not in reasons
    assert [each.unknown for each in third.statements] == [None]
    stops = request.node.callspec.id in STOPS
    assert [bool(each.unknown) for each in second.statements] == [stops]
    assert [each.sql for each in first.statements if each.sql == "-- the rest"] == (
        ["-- the rest"] if stops else []
    )


UNKNOWN_ROWS = {
    "function that returns a set": (
        "op.execute(\"CREATE TABLE n AS SELECT id, string_to_table(url, '/') FROM documents\")",
        "string_to_table",
    ),
    "group by an expression": (
        'op.execute("CREATE TABLE n AS SELECT lower(url) FROM documents GROUP BY lower(url)")',
        "lower(documents.url)",
    ),
    "condition on an aggregate": (
        (
            'op.execute("WITH m AS (SELECT company_id FROM documents GROUP BY 1"\n'
            '           " HAVING count(*) > 2) UPDATE companies SET name = name FROM m"\n'
            '           " WHERE m.company_id = companies.id")'
        ),
        "(count(*) > 2)",
    ),
    "condition on a window function": (
        (
            'op.execute("DELETE FROM extractions USING (SELECT id, row_number() OVER"\n'
            '           " (PARTITION BY company_id) AS n FROM documents) AS d"\n'
            '           " WHERE d.id = document_id AND n > 1")'
        ),
        "(d.n > 1)",
    ),
    "conflicts": (
        (
            'op.execute("INSERT INTO other.readings (id) SELECT id FROM documents"\n'
            '           " ON CONFLICT (id) DO UPDATE SET word = EXCLUDED.word")'
        ),
        "how many of its rows are there already",
    ),
    "code": (
        "op.execute(\"DO $$ BEGIN EXECUTE 'UPDATE documents SET url = url'; END $$\")",
        "what it does depends on rows of documents",
    ),
    "variable": (
        'op.execute("DO $$ DECLARE n bigint; BEGIN DELETE FROM documents WHERE id = n; END $$")',
        "cannot estimate code on the server",
    ),
    "function that reads a table": (
        (
            'op.execute("CREATE FUNCTION number_of(bigint) RETURNS bigint LANGUAGE plpgsql AS"\n'
            "           \" 'BEGIN RETURN (SELECT count(*) FROM late WHERE id = $1); END'\")\n"
            'op.execute("UPDATE documents SET fiscal_year = number_of(id)")'
        ),
        "function number_of runs for each row",
    ),
    "partitions that an earlier statement fills": (
        (
            'op.execute("CREATE TABLE p (id bigint) PARTITION BY RANGE (id)")\n'
            'op.execute("CREATE TABLE p_1 PARTITION OF p DEFAULT")\n'
            'op.execute("INSERT INTO p SELECT id FROM documents")\n'
            'op.execute("UPDATE p SET id = id + 1")'
        ),
        "how many rows p_1 will have",
    ),
    "rows that an earlier statement adds": (
        (
            'op.execute("INSERT INTO other.readings SELECT id + 5000000000 FROM documents")\n'
            'op.execute("DELETE FROM other.readings WHERE id > 5000000000")'
        ),
        "no statistics for its use of id",
    ),
}


@pytest.mark.parametrize(("lines", "reason"), UNKNOWN_ROWS.values(), ids=UNKNOWN_ROWS.keys())
def test_number_of_rows_that_cannot_be_estimated_is_not_known(
    lines: str, reason: str, planner: Planner
) -> None:
    *_, last = planner.assess(lines)
    assert reason in (last.statement.unknown or "")
    assert last.risk in (Risk.UNKNOWN, Risk.DANGEROUS)


def test_rows_of_a_block_without_control_structures_are_known(planner: Planner) -> None:
    block = (
        "DO $$ BEGIN DELETE FROM documents WHERE id = 7;"
        " UPDATE other.readings SET word = 'x' WHERE id = 8; END $$"
    )
    (assessment,) = planner.assess(f'op.execute("{block}")')
    assert assessment.statement.unknown is None
    rows = {
        effect.table.name: work.rows
        for effect in assessment.statement.effects
        for work in effect.work
        if work.kind is WorkKind.CHANGE
    }
    assert rows == {"documents": 1, "other.readings": 1}


def test_rows_of_a_temporary_table_are_known(planner: Planner) -> None:
    _, delete = planner.assess(
        'op.execute("CREATE TEMPORARY TABLE chosen AS SELECT id FROM documents")\n'
        'op.execute("DELETE FROM extractions WHERE document_id IN (SELECT id FROM chosen)")'
    )
    assert delete.risk is Risk.DANGEROUS


def test_rows_are_not_known_on_a_server_that_cannot_take_over_statistics(planner: Planner) -> None:
    older = replace(planner, copy=replace(planner.copy, version=17))
    update, insert = older.assess(
        'op.execute("UPDATE documents SET url = url WHERE id = 1")\n'
        'op.execute("INSERT INTO companies (name, ir_url) VALUES (1, 2)")'
    )
    assert "cannot take over the target's statistics" in (update.statement.unknown or "")
    assert update.risk is not Risk.SAFE
    assert (insert.statement.unknown, insert.risk) == (None, Risk.SAFE)


def test_what_takes_long_on_the_copy_takes_long(planner: Planner) -> None:
    lock, wait = planner.assess('op.execute("LOCK TABLE late")\nop.execute("SELECT pg_sleep(1)")')
    assert wait.seconds >= 1
    assert lock.risk is Risk.DANGEROUS


def test_seed_is_there_for_what_follows(planner: Planner) -> None:
    (revision,) = planner.trace(
        bound(
            'op.execute("CREATE TABLE n (id int, company_id bigint REFERENCES companies)")\n'
            'op.execute("INSERT INTO n VALUES (1, 7)")\n'
            'assert bind.scalar(sa.text("SELECT id FROM n")) == 1'
        )
    )
    unknown = [each.sql for each in revision.statements if each.unknown]
    assert unknown == ["INSERT INTO n VALUES (1, 7)"]


def test_locks_of_a_revision_that_needs_rows_are_known(planner: Planner) -> None:
    seed, index = planner.assess(f"{FAILURES['foreign key']}\n{INDEX}")
    assert (seed.risk, index.risk) == (Risk.UNKNOWN, Risk.DANGEROUS)
