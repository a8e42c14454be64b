"""What is told of a figure by its compiled cell alone."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from app.pipeline.compiled import CompiledCell, Corrected
from app.pipeline.statement import Cell, Equation
from app.services.origin import as_stated, explain, scaled, sign_rule
from app.services.origin_form import Origin
from tests.helpers.compiled_years import typed_years

TEXT = """
    Products | 298 | 316
    Services | 85 | 78
    Hardware | | 10
    = Net sales | 383 | 394 < 400 restated
    % Diluted | 6.13 | 2.97 < 11.88 split"""
SUMS = {"Net sales": ["Products", "Services"]}


def told(label: str, key: str = "2022", **changes: Any) -> Origin:
    compiled = typed_years(TEXT, SUMS, **changes)
    row = next(each for each in compiled.rows if each.label == label)
    period = next(each for each in compiled.periods if each.key == key)
    return explain(compiled, compiled, row, period, company="A", kept={})


def cell(**changes: Any) -> CompiledCell:
    return CompiledCell(input=0, row=0, period="p0", **{"v": Decimal(5), **changes})


def test_the_history_has_every_filing_the_oldest_first() -> None:
    history = told("Net sales").history
    assert [(each.v, each.shown) for each in history] == [
        (Decimal(400), False),
        (Decimal(394), True),
    ]
    assert [each.in_words for each in history] == ["first stated here", "restated (-6)"]
    assert told("Diluted").history[1].in_words == "split 4:1"


def test_a_figure_without_what_is_kept_of_its_filing_is_told_nevertheless() -> None:
    origin = told("Products")
    assert (origin.v, origin.value) == (Decimal(316), Decimal(316_000_000))
    assert (origin.filing.document, origin.place.concept) == (None, None)


def test_the_same_sum_is_told_once_and_a_false_one_last() -> None:
    compiled = typed_years(TEXT, SUMS)
    again = compiled.equations[0].model_copy(update={"id": "again"})
    false = Equation(id="false", total=0, terms=[(1, 1)], diff={"2023": Decimal(213)})
    origin = explain(
        compiled.model_copy(update={"equations": [false, *compiled.equations, again]}),
        compiled.model_copy(update={"equations": [false, *compiled.equations, again]}),
        compiled.rows[0],
        compiled.periods[0],
        company="A",
        kept={},
    )
    assert [(each.id, each.holds) for each in origin.proofs] == [
        (compiled.equations[0].id, True),
        ("false", False),
    ]


@pytest.mark.parametrize(
    ("stated", "value"),
    [
        (cell(), 5),
        (cell(turned=True), -5),
        (cell(v=None, turned=True), None),
        (
            cell(
                turned=True,
                corrected=Corrected(was=Decimal(7), because="b", by="me", on=date(2026, 1, 1)),
            ),
            7,
        ),
    ],
)
def test_a_figure_as_its_filing_states_it(stated: CompiledCell, value: int | None) -> None:
    assert as_stated(stated) == value


@pytest.mark.parametrize(
    ("v", "tagged", "scale", "rule"),
    [
        ("110", "110000000", 6, "as_tagged"),
        ("-110", "110000000", 6, "negated"),
        ("110", "110400000", 6, "rounded"),
        ("-110", "110999999", 6, "rounded_and_negated"),
        ("110", "111000000", 6, "differs"),
        ("6.13", "6.13", 0, "as_tagged"),
        ("6.13", "6.134", 0, "rounded"),
        ("6.13", "6.14", 0, "differs"),
        ("0", "0", 6, "as_tagged"),
        ("110", None, 6, None),
        ("110", "110000000", None, None),
    ],
)
def test_the_sign_rule_says_how_a_printed_figure_follows_from_its_tag(
    v: str, tagged: str | None, scale: int | None, rule: str | None
) -> None:
    assert sign_rule(Cell(v=Decimal(v), tagged=tagged), scale) == rule


def test_scaling_is_exact_for_the_longest_figures() -> None:
    longest = Decimal("9" * 40 + "." + "1" * 20)
    assert scaled(scaled(longest, 6), -6) == longest
