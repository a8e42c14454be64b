"""Readings of generated reports, made elsewhere and damaged in six ways: none is verified."""

import random
from pathlib import Path

import pytest

from app.pipeline.read.kind import read_file
from app.pipeline.read.shown import read_shown
from app.pipeline.statement import Statement
from app.pipeline.verify import verify
from app.pipeline.verify.elsewhere import prove_elsewhere
from tests.evaluation import damage
from tests.filings.inline import Inline
from tests.filings.ixbrl import make_ixbrl
from tests.filings.layout import Layout
from tests.filings.pdf import make_report

OF_EACH = 10


def elsewhere(statement: Statement) -> Statement:
    """Return a statement as a person sends it, its rows numbered anew."""
    copy = statement.model_copy(deep=True)
    copy.source.kind, copy.issues = "manual", []
    for n, row in enumerate(copy.rows):
        row.n = n
    return copy


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["pdf", "ixbrl"])
@pytest.mark.parametrize("seed", [3, 5])
def test_no_damaged_reading_is_verified_and_no_damaged_figure_proved(kind: str, seed: int) -> None:
    made = make_report(seed, Layout()) if kind == "pdf" else make_ixbrl(seed, Layout(), Inline())
    data, path = made.data, Path("report")
    filing = read_file(data, path)
    statements = verify(filing.statements)
    draw = random.Random(seed)  # noqa: S311 no secret
    for own in statements:
        shown = read_shown(data, path, own.statement, own.source.pages).statements
        others = [each for each in statements if each is not own]

        def prove(
            reading: Statement,
            shown: list[Statement] = shown,
            others: list[Statement] = others,
        ) -> Statement:
            return prove_elsewhere(elsewhere(reading), shown, others, kind=filing.kind)

        assert prove(own).checks == own.checks
        figures = [(row.n, key) for row, key, _ in own.cells()]
        for name, harm in damage.DAMAGES.items():
            for number, key in draw.sample(figures, OF_EACH):
                damaged = harm(own, number, key, draw)
                if damaged is None:
                    continue
                proved = prove(damaged)
                assert proved.checks
                assert proved.checks.status != "verified", (name, number, key)
                if harm is not damage.drop_row and damaged.rows[number].cells.get(key):
                    cell = proved.rows[number].cells[key]
                    assert cell.v == own.rows[number].cells[key].v or not cell.by
