"""The form `statement/1`."""

import json
from decimal import Decimal

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from app.pipeline.statement import Cell, Row, Source, Statement


def statement(**cells: Cell) -> Statement:
    return Statement(
        statement="balance_sheet",
        framework=None,
        scope=None,
        language="en",
        title="Balance sheet",
        currency="CHF",
        scale=None,
        source=Source(kind="pdf", reader="test/1"),
        periods=[],
        rows=[Row(n=0, label="Cash", kind="line", cells=cells)],
    )


@pytest.mark.parametrize("figure", ["1.5", "-0.25", "0", str(10**39), "-12.50"])
def test_a_figure_keeps_its_digits_in_json(figure: str) -> None:
    written = statement(p0=Cell(v=Decimal(figure))).as_json()
    assert written["rows"][0]["cells"]["p0"]["v"] == figure
    again = Statement.model_validate_json(json.dumps(written))
    assert str(again.rows[0].cells["p0"].v) == figure


@pytest.mark.parametrize(
    "figure", ["1.5", "NaN", "1e3", '"NaN"', '"1e3"', '"1,000"', '" 1"', f'"{10**40}"', "true"]
)
def test_a_figure_is_no_float_and_no_other_text(figure: str) -> None:
    with pytest.raises(ValidationError):
        Cell.model_validate_json(f'{{"v": {figure}}}')


def test_an_exponent_is_written_out() -> None:
    written = statement(p0=Cell(v=Decimal("-1E+3"))).as_json()
    assert written["rows"][0]["cells"]["p0"]["v"] == "-1000"


def test_unknown_is_null_and_absent_is_left_out() -> None:
    written = statement(p0=Cell(v=None, printed="1.23.4")).as_json()
    assert written["scale"] is None
    assert written["framework"] is None
    assert written["rows"][0]["cells"]["p0"] == {"v": None, "printed": "1.23.4", "by": []}
    assert "checks" not in written


def test_what_is_written_is_valid_by_the_json_schema() -> None:
    schema = Statement.model_json_schema()
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    written = statement(p0=Cell(v=Decimal("1.50"), at=(3, 1.0, 2.0, 3.5, 4.0))).as_json()
    validator.validate(written)
    written["rows"][0]["cells"]["p0"]["v"] = 1.5
    assert not validator.is_valid(written)


def test_another_field_is_an_error() -> None:
    with pytest.raises(ValidationError):
        Cell.model_validate({"v": "1", "value": "1"})
