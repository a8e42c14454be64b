"""Tests of what is known of concepts."""

import pytest

from app.pipeline.read.concepts import anchors, framework_of, humanise, is_complete, is_total


@pytest.mark.parametrize(
    ("concept", "words"),
    [
        ("us-gaap:NetIncomeLoss", "Net income loss"),
        ("ifrs-full:PropertyPlantAndEquipment", "Property plant and equipment"),
        ("ext:EBITDAMargin2022", "EBITDA margin 2022"),
        ("Assets", "Assets"),
    ],
)
def test_a_concepts_name_is_spelled_out(concept: str, words: str) -> None:
    assert humanise(concept) == words


def test_concepts_of_another_taxonomy_are_no_anchors() -> None:
    assert anchors("balance_sheet", ["us-gaap:Assets", "ifrs-full:Assets", "ext:Assets"]) == 2
    assert anchors("income_statement", ["us-gaap:Assets"]) == 0


def test_the_framework_is_that_of_most_concepts() -> None:
    assert framework_of(["ifrs-full:Assets", "ifrs-full:Equity", "us-gaap:Assets"]) == "ifrs"
    assert framework_of(["frc-core:Equity"]) == "frs-102"
    assert framework_of(["ext:Equity"]) is None


def test_totals_and_ends_are_known_by_concept() -> None:
    assert is_total("us-gaap:Assets")
    assert not is_total("ext:Assets")
    assert is_complete("balance_sheet", ["ifrs-full:EquityAndLiabilities"])
    assert not is_complete("balance_sheet", ["ifrs-full:Assets"])
