"""A fact of the notes may be rounded more than its statement, which is no restatement."""

import pytest

from app.pipeline.compile.build import compile_statement
from app.pipeline.statement import SourceKind
from tests.helpers.reports import cell, reading

NEWER = """
Revenue | 48,317 | 42,813
Cost of sales | -31,204 | -29,311
= Gross profit | 17,113 | 13,502
~ Interest | 33,613 | {interest}
"""
OLDER = """
Revenue | 42,813 | 41,407
Cost of sales | -29,311 | -27,006
= Gross profit | 13,502 | 14,401
~ Interest | 22,781 | 33,737
"""


def change(interest: str, kind: SourceKind) -> str:
    compiled = compile_statement(
        "income_statement",
        [
            reading(2013, NEWER.format(interest=interest), kind=kind, accession="2", scale=3),
            reading(2012, OLDER, kind=kind, accession="1", scale=3),
        ],
    )
    return cell(compiled, "Interest", "2012").change


@pytest.mark.parametrize(
    ("interest", "told"),
    [
        ("22,800", "rounding"),
        ("23,000", "rounding"),
        ("22,700", "restated"),
        ("22,750", "restated"),
        ("20,000", "restated"),
    ],
)
def test_a_fact_rounded_to_hundreds_is_no_restatement(interest: str, told: str) -> None:
    assert change(interest, "companyfacts") == told


def test_a_printed_figure_is_not_rounded_otherwise_than_its_statement() -> None:
    assert change("22,800", "pdf") == "restated"
