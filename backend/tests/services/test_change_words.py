"""Kinds of change in words, with the ratio of a split."""

from decimal import Decimal

import pytest

from app.pipeline.compiled import Change
from app.pipeline.statement import RowKind
from app.services.change_words import describe_change


@pytest.mark.parametrize(
    ("change", "before", "after", "kind", "words"),
    [
        ("none", "5", "5", "line", "as before"),
        ("none", "5", "6", "line", "stated otherwise: +1"),
        ("rounding", "1.25", "1.3", "line", "rounded otherwise"),
        ("restated", "1,000", "900", "line", "restated (-100)"),
        ("reclassified", "10", "12", "line", "reclassified: the sum of its block is the same (+2)"),
        ("sign", "10", "-10", "line", "with the other sign"),
        ("split", "11.91", "2.98", "per_share", "split 4:1"),
        ("split", "5000109", "20000435", "shares", "split 4:1"),
        ("split", "0.50", "5.00", "per_share", "split 1:10"),
        ("split", "3.00", "2.00", "per_share", "split 3:2"),
        ("split", "6.45", "0.92", "per_share", "split 7:1"),
        ("split", "3.00", "1.77", "per_share", "after a split"),
        ("split", "0", "1", "per_share", "after a split"),
        ("restated", None, "5", "line", "not legible in both"),
    ],
)
def test_a_change_is_said_in_words(
    change: Change, before: str | None, after: str, kind: RowKind, words: str
) -> None:
    old = None if before is None else Decimal(before.replace(",", ""))
    assert describe_change(change, old, Decimal(after), kind) == words
