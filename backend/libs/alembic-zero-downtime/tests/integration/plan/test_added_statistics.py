"""The plan knows how many rows a statement changes also where the plan itself has added them."""

import pytest

from alembic_zero_downtime.plan.effect import Work, WorkKind
from alembic_zero_downtime.plan.risk import Assessment, Risk
from support.planning import Planner

ALL = 20_000_000
ADD = 'op.add_column("documents", sa.Column("probe", sa.Text()))'
FLAG = 'op.add_column("documents", sa.Column("flag", sa.Boolean(), server_default="false"))'
WITH_DEFAULT = 'op.add_column("documents", sa.Column("probe", sa.Text(), server_default="new"))'
CONVERTED = (
    'op.alter_column("documents", "file_path", type_=sa.String(99),'
    ' postgresql_using="lower(file_path)")'
)
FILLED = (
    'op.execute("CREATE TABLE copied (id bigint, fiscal_year int)")\n'
    'op.execute("INSERT INTO copied (fiscal_year, id) SELECT fiscal_year, id FROM documents")'
)
IDENTITY = "GENERATED ALWAYS AS IDENTITY"
FUNCTION = "op.execute(\"DO $$ BEGIN UPDATE documents SET probe = 'x'; END $$\")"
YEAR = 'op.alter_column("documents", "fiscal_year", {})'


def update(condition: str, assignment: str = "url = url", table: str = "documents") -> str:
    return f'op.execute("UPDATE {table} SET {assignment} WHERE {condition}")'


def changed(assessment: Assessment) -> Work:
    works = [work for effect in assessment.statement.effects for work in effect.work]
    (work,) = (work for work in works if work.kind is WorkKind.CHANGE)
    return work


@pytest.mark.parametrize(
    ("before", "condition", "least", "most"),
    [
        ([ADD], "probe IS NULL", ALL, ALL),
        ([ADD], "probe IS DISTINCT FROM 'x'", ALL, ALL),
        ([FLAG], "NOT flag", ALL, ALL),
        ([FLAG], "flag", 0, 1),
        ([ADD], "probe IS NOT NULL", 0, 1),
        ([ADD], "probe = 'x'", 0, 1),
        ([WITH_DEFAULT], "probe = 'new'", ALL, ALL),
        ([WITH_DEFAULT], "probe <> 'new'", 0, 1),
        ([WITH_DEFAULT], "probe IS NULL", 0, 1),
        ([ADD, update("true", "probe = 'a {\\\"b'")], "probe = 'a {\\\"b'", ALL, ALL),
        ([ADD, update("probe IS NULL", "probe = 'old'")], "probe IS NULL", 0, 1),
        ([ADD, update("probe IS NULL", "(url, probe) = (url, 'old')")], "probe = 'old'", ALL, ALL),
        ([YEAR.format('new_column_name="year"')], "year = 2005", 1_900_000, 2_100_000),
        ([YEAR.format("type_=sa.BigInteger()")], "fiscal_year = 2005", 1_900_000, 2_100_000),
        (
            ["op.execute('ALTER TABLE documents ADD i int GENERATED ALWAYS AS IDENTITY')"],
            "i=7",
            1,
            1,
        ),
        (['op.execute("DELETE FROM extractions WHERE true")'], "id = 7", 1, 1),
    ],
)
def test_rows_are_estimated_from_the_statistics_of_the_plan(
    before: list[str], condition: str, least: int, most: int, planner: Planner
) -> None:
    *_, last = planner.assess(*before, update(condition))
    work = changed(last)
    assert (least <= work.rows <= most, work.is_limit) == (True, False), work
    assert last.statement.unknown is None
    assert last.risk is (Risk.DANGEROUS if least > 1_000_000 else Risk.SAFE)


def test_renamed_table_keeps_its_statistics(planner: Planner) -> None:
    rename = 'op.rename_table("documents", "papers")'
    *_, last = planner.assess(rename, update("fiscal_year = 2005", table="papers"))
    assert 1_900_000 < changed(last).rows < 2_100_000


@pytest.mark.parametrize(
    ("before", "condition"),
    [
        ([ADD, update("true", "probe = lower(url)")], "probe = 'x'"),
        ([ADD, update("fiscal_year = 2005", "probe = 'x'")], "probe IS NULL"),
        ([], "lower(url) = 'x'"),
        ([], "url || file_path = 'x'"),
        ([CONVERTED], "file_path = 'x'"),
        (["op.execute('ALTER TABLE documents ADD n float DEFAULT random()')"], "n < 0.5"),
        (
            [ADD, "op.execute(\"DO $$ BEGIN UPDATE documents SET probe='x'; END $$\")"],
            "probe IS NULL",
        ),
    ],
)
def test_number_of_rows_without_statistics_is_not_known(
    before: list[str], condition: str, planner: Planner
) -> None:
    *_, last = planner.assess(*before, update(condition))
    assert (changed(last).rows, changed(last).is_limit) == (ALL, True)
    assert "how many rows it writes is not known" in (last.statement.unknown or "")
    assert last.risk is Risk.UNKNOWN


@pytest.mark.parametrize(
    "fill",
    [
        'op.execute("CREATE TABLE copied AS SELECT id, fiscal_year FROM documents")',
        'op.execute("SELECT id, fiscal_year INTO copied FROM documents")',
        FILLED,
    ],
)
def test_table_that_the_plan_fills_has_its_rows(fill: str, planner: Planner) -> None:
    *_, index, change, some = planner.assess(
        fill,
        'op.execute("CREATE INDEX ON copied (id)")',
        update("true", "id = id", table="copied"),
        update("fiscal_year = 2005", "id = id", table="copied"),
    )
    assert index.seconds > 1
    assert changed(change).rows == ALL
    assert 1_900_000 < changed(some).rows < 2_100_000
    assert {index.risk, change.risk, some.risk} == {Risk.SAFE}  # no other session uses it yet


def test_deleted_rows_are_gone(planner: Planner) -> None:
    delete, rest = planner.assess(
        'op.execute("DELETE FROM extractions")',
        'op.execute("UPDATE extractions SET model = method")',
    )
    assert (changed(delete).rows, changed(rest).rows) == (ALL, 1)  # 1: the planner's least


def test_table_that_was_analyzed_while_it_was_empty_has_rows(planner: Planner) -> None:
    assert planner.target.tables["late"].rows >= 1000
