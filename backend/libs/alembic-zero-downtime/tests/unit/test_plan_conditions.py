"""Which conditions the planner can only guess, and which columns an UPDATE sets."""

from typing import Any

import pytest

from alembic_zero_downtime.plan.conditions import find_computed, find_guessed
from alembic_zero_downtime.plan.row_changes import set_columns


class Known:
    """Statistics of a table in which only the columns `new` and `id` have none."""

    def knows_values(self, table: int, column: str) -> bool:
        return (table, column) not in ((1, "new"), (1, "id"))

    def is_unique(self, table: int, column: str) -> bool:
        return (table, column) == (1, "id")

    def knows_nulls(self, table: int, column: str) -> bool:
        return (table, column) != (1, "none")


@pytest.mark.parametrize(
    ("condition", "guessed"),
    [
        ("(t.a = 1)", ()),
        ("((t.a)::text = 'x'::text)", ()),
        ("((t.a)::character varying(20) = 'lower(t.b)'::text)", ()),
        ("((t.a >= 1) AND (t.b IS NOT NULL))", ()),
        ("(t.a = ANY ('{1,2}'::integer[]))", ()),
        ("(1 < t.a)", ()),
        ("(NOT t.a)", ()),
        ("t.a", ()),
        ("(t.a ~~ 'x%'::text)", ()),
        ("(t.created < (now() - '30 days'::interval))", ()),
        ('(t."a b" = u.id)', ()),
        ("(t.new IS NULL)", ()),
        ("(t.none IS NULL)", ("none",)),
        ("(t.new = 1)", ("new",)),
        ("(t.id = 1)", ()),
        ("(u.a = t.id)", ()),
        ("((t.id)::numeric = 1)", ()),
        ("(t.id > 1)", ("id",)),
        ("(1 <= t.id)", ("id",)),
        ("(lower(t.a) = 'x'::text)", ("a",)),
        ("((t.a ->> 'k'::text) IS NULL)", ("a",)),
        ("((t.a || t.b) = 'x'::text)", ("a", "b")),
        ("((t.a % 2) = 0)", ("a",)),
        ("(t.a @> '{}'::jsonb)", ("a",)),
        ("(t.a <@ '{}'::jsonb)", ("a",)),
        ("(COALESCE(t.a, t.b) = 1)", ("a", "b")),
        ("(NOT (ANY (t.a = (hashed SubPlan 1).col1)))", ("a",)),
        ('(lower(t."a b") = 1)', ("a b",)),
        ("(other.a.b = 1)", ()),
    ],
)
def test_guessed_columns_are_found(condition: str, guessed: tuple[str, ...]) -> None:
    assert find_guessed([condition], {"t": 1, "u": 2}, Known()) == guessed


@pytest.mark.parametrize(
    ("node", "computed"),
    [
        ({"Node Type": "Aggregate", "Group Key": ["t.a"]}, []),
        ({"Node Type": "Aggregate", "Group Key": ["date(t.a)"]}, ["date(t.a)"]),
        ({"Node Type": "Aggregate", "Filter": "(count(*) > 2)"}, ["(count(*) > 2)"]),
        ({"Node Type": "Subquery Scan", "Filter": "(s.n > 2)"}, ["(s.n > 2)"]),
        ({"Node Type": "WindowAgg", "Run Condition": "(rank() <= 2)"}, ["(rank() <= 2)"]),
        ({"Node Type": "CTE Scan", "Filter": "(x.z = 'b'::text)"}, ["(x.z = 'b'::text)"]),
        ({"Node Type": "ProjectSet", "Output": ["id", "unnest(tags)"]}, ["unnest(tags)"]),
        ({"Node Type": "ProjectSet", "Output": ["id", "generate_series(1, 3)"]}, []),
        ({"Node Type": "Function Scan", "Function Call": "f(t.a)"}, ["f(t.a)"]),
        ({"Node Type": "Function Scan", "Function Call": "f('a'::text)", "Output": ["n"]}, []),
        ({"Node Type": "Seq Scan", "Filter": "(t.a > 2)"}, []),
    ],
)
def test_what_is_computed_has_no_statistics(node: dict[str, Any], computed: list[str]) -> None:
    assert list(find_computed(node)) == computed


@pytest.mark.parametrize(
    ("statement", "columns"),
    [
        ("UPDATE t SET a = 1", ["a"]),
        ("UPDATE t SET a = f(x, y), B = 2 WHERE c = 3", ["a", "b"]),
        ("UPDATE t SET (a, b) = (1, 2), c = b", ["a", "b", "c"]),
        ("UPDATE t SET a = CASE WHEN x = 1 THEN 2 END FROM u WHERE u.x = 1", ["a"]),
        (
            """UPDATE t SET "a ""b" = 'SET z = 1', c = (SELECT x WHERE k = 1)""",
            ['a "b', "c"],
        ),
        ("WITH w AS (UPDATE u SET z = 1 RETURNING *) UPDATE t SET a = w.z FROM w", ["a"]),
        ("UPDATE t SET a = 1 /* , b = 2 */ RETURNING c = 1", ["a"]),
    ],
)
def test_columns_that_an_update_sets_are_found(statement: str, columns: list[str]) -> None:
    assert set_columns(statement) == columns
