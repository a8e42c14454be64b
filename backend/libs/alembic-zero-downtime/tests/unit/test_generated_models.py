"""The generator draws every kind of models, the same ones for a seed, and reduces a history."""

import pytest

from generated.kinds import KINDS, SHARED
from generated.models import Column, Models, Part, Table
from generated.project import load
from generated.reduce import reduce
from generated.run import draw_batch

DRAWN = (
    *(
        "postgresql_nulls_not_distinct",
        "postgresql_include",
        "deferrable=True",
        "ExcludeConstraint",
    ),
    *("postgresql_where", "postgresql_ops", "'gin'", "'gist'", "'brin'", "'hash'", ".nulls_last()"),
    *("sa.func.lower", "postgresql_with", "match='FULL'", "ondelete='SET NULL'", "use_alter"),
    *(
        "postgresql_not_valid",
        "persisted=True",
        "persisted=False",
        "sa.Identity(always=True)",
        "shared_counter.next",
    ),
    *("'RANGE (", "'LIST (", "'HASH (", "schema='Other Schema'", "naming_convention", "comment="),
    *("100%", ":name", "it's", "Straße", "two words", "'user'", "UPPER", "長い"),
)


@pytest.mark.slow
def test_the_same_seed_draws_the_same_histories() -> None:
    assert draw_batch(1, 2) == draw_batch(1, 2)
    assert draw_batch(1, 2) != draw_batch(1, 3)
    assert draw_batch(1, 2) != draw_batch(2, 2)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Type object .* does not refer to an OperatorClass")
def test_models_of_every_kind_are_drawn_and_are_python() -> None:
    found = [history for batch in range(15) for history in draw_batch(3, batch)]
    text = "\n".join(models.source for history in found for models in history)
    assert [each for each in DRAWN if each not in text] == []
    columns = [
        column for history in found for table in history[0].tables for column in table.columns
    ]
    assert {kind.type for kind in KINDS} <= {column.type for column in columns}
    assert any(len(table.name.encode()) > 63 for history in found for table in history[0].tables)
    assert sum(len(history) > 1 for history in found) > 75
    for history in found[:30]:
        tables = load(history[0]).tables
        assert {(each.schema, each.name) for each in tables.values()} == {
            each.key for each in history[0].tables
        }


def test_a_history_is_reduced_to_what_its_fault_needs() -> None:
    key = Column("id", "sa.Integer()", "1", nullable=False, options=("primary_key=True",))
    word = Column("word", "sa.Text()", "'a'", default="'a'", comment="a note")
    check = Part("check", "", "sa.CheckConstraint('\"word\" <> \\'\\'')", ("word",))
    referring = Part(
        "foreign key", "", "sa.ForeignKeyConstraint(['id'], ['a.id'])", ("id",), (None, "a")
    )
    first = Models((Table("a", (key, word), (check,)), Table("b", (key,), (referring,))), SHARED)
    history = (first, first.with_table(Table("c", (key, word))))
    smaller = reduce(history, lambda each: "CheckConstraint" in each[0].source, tries=100)
    assert smaller == (
        Models((Table("a", (Column("word", "sa.Text()", "'a'"),), (check,)),), SHARED),
    )
    assert reduce(history, lambda _: False, tries=100) == history
