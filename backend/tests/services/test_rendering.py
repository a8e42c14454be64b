"""What is rendered when a statement is compiled is what is rendered when it is read."""

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given

from app.pipeline.compile.build import compile_statement
from app.pipeline.compile.readings import Reading
from app.pipeline.compile.view import view_of
from app.pipeline.compiled import Compiled
from app.pipeline.json_text import json_line
from app.pipeline.statement import StatementName
from app.services.limits import Limits
from app.services.rendering import RULES, render, unpack
from app.services.tasks import perform
from tests.filings.decade import Story, make_decade
from tests.filings.decade_readings import true_readings
from tests.filings.strategies import seeds, stories
from tests.helpers.compiled_years import typed_years
from tests.pipeline.test_generated_decade import MANY

FILINGS = os.environ.get("FILINGS", "")
OF_A_FIXED_STATEMENT = "76c8d9"
"""Beginning of the SHA-256 of its rendering. With another one, RULES has to be another one, too."""


def as_jsonb(value: Any) -> Any:
    """Return JSON with its keys as jsonb orders them: the short ones first."""
    if isinstance(value, list):
        return [as_jsonb(each) for each in value]
    if not isinstance(value, dict):
        return value
    keys = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
    return {key: as_jsonb(value[key]) for key in keys}


def compiled_of(readings: Iterable[Reading]) -> list[Compiled]:
    """Return the statements of readings."""
    of: dict[StatementName, list[Reading]] = {name: [] for name in get_args(StatementName)}
    for each in readings:
        of[each.statement.statement].append(each)
    found = (compile_statement(name, each, []) for name, each in of.items())
    return [each for each in found if each is not None]


def assert_same_when_read(compiled: Compiled) -> None:
    stored = json.dumps(as_jsonb(compiled.as_json()))
    read = Compiled.model_validate_json(stored)
    assert unpack(render(compiled)).decode() == json_line(view_of(read).as_json())
    for years in (1, 10, None):
        for view in ("latest", "original"):
            before, after = (
                json_line(view_of(each, years=years, view=view).as_json())
                for each in (compiled, read)
            )
            assert before == after


def test_a_rendering_is_the_view_of_what_is_stored() -> None:
    text = "\n".join(
        [
            "# Results",
            ">Sales | " + " | ".join(f"{900 - n} < {800 - n} restated" for n in range(13)),
            f">Rent {'|' * 12} 5 | 7",
            "=Total | " + " | ".join("?" if n % 2 else "-" for n in range(13)),
        ]
    )
    other = typed_years("Umsatz | 9 | 8", years=[2020, 2019], framework="ifrs", currency="EUR")
    compiled = typed_years(text, others=[other])
    compiled.periods[1].key = "2022-6m"  # the longer key is behind the others in jsonb
    for row in compiled.rows:
        if "2022" in row.cells:
            row.cells["2022-6m"] = row.cells.pop("2022")
        row.axes = {"product": "a", "ab": "b"}
    assert_same_when_read(compiled)


@pytest.mark.slow
@MANY
@given(seeds, stories())
def test_renderings_of_generated_decades_are_the_views_of_what_is_stored(
    seed: int, story: Story
) -> None:
    statements = compiled_of(true_readings(make_decade(seed, story)))
    assert statements
    for each in statements:
        assert_same_when_read(each)


def test_text_of_a_hostile_filing_is_the_same() -> None:
    label = "Sales \N{RIGHT-TO-LEFT OVERRIDE}\ud800\N{LINE SEPARATOR}\x7f"
    compiled = typed_years("Sales | 5 | 4 < 3 restated")
    compiled.rows[0].label = label
    assert rb"\u202e\ud800\u2028\u007f" in unpack(render(compiled))


def test_another_rendering_needs_another_version_of_the_rules() -> None:
    text = "# A\n>Sales | 500 | 450 < 400 restated\n>%Basic | 1.10 | ?\n=Total | 5 | -"
    compiled = typed_years(text, years=[2023, 2011])
    found = hashlib.sha256(unpack(render(compiled))).hexdigest()
    assert (RULES, found[:6]) == ("1", OF_A_FIXED_STATEMENT)


@pytest.mark.slow
@pytest.mark.skipif(not FILINGS, reason="FILINGS names no folder of filings")
@pytest.mark.parametrize(
    "pattern",
    ["companyfacts/AAPL.json", "companyfacts/ASML.json", "pdf/apple-*", "pdf/netflix-*", "ixbrl/*"],
)
def test_renderings_of_given_filings_are_the_views_of_what_is_stored(pattern: str) -> None:
    readings = []
    for path in sorted(Path(FILINGS).glob(pattern)):
        answer = perform("read", str(path), None, Limits())
        assert answer.filing is not None, answer.error
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        readings += [Reading(each, digest, path.name) for each in answer.filing.statements]
    statements = compiled_of(readings)
    assert statements
    for each in statements:
        assert_same_when_read(each)
