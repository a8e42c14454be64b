"""The published JSON Schema is that of the models, and holds for what is written."""

import json
from datetime import date
from decimal import Decimal

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from app.cli.main import run as fde
from app.pipeline.schema import FILE, as_text
from app.pipeline.statement import (
    Cell,
    Checks,
    Equation,
    Issue,
    OtherRow,
    Period,
    Row,
    SkippedLine,
    Source,
    Statement,
)

SCHEMA = json.loads(FILE.read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=FormatChecker())


def full() -> Statement:
    """Return a statement with each field of the form, and one with none that may be absent."""
    return Statement(
        statement="income_statement",
        framework="ifrs",
        scope="consolidated",
        language="en",
        title="Income statement",
        currency="CHF",
        scale=3,
        source=Source(kind="pdf", sha256="00", reader="test/1", pages=[1], accession="1"),
        periods=[
            Period(
                key="p0",
                fiscal_year=2023,
                label="2023",
                printed="2023",
                start=date(2023, 1, 1),
                end=date(2023, 12, 31),
                days=365,
            ),
            Period(key="p1", fiscal_year=None, label="?", end=None),
        ],
        rows=[
            Row(
                n=0,
                label="Revenue",
                section=["Income"],
                kind="line",
                note="4",
                concept="ifrs-full:Revenue",
                axes={"a": "m"},
                unit="CHF",
                scale=6,
                cells={
                    "p0": Cell(
                        v=Decimal("-1.50"),
                        printed="(1.50)",
                        at=(1, 1.0, 2.0, 3.0, 4.5),
                        fact="f",
                        tagged=Decimal(1500),
                        by=["e0"],
                    ),
                    "p1": Cell(v=None, at="element"),
                },
            ),
            Row(n=1, label="", kind="heading"),
        ],
        skipped=[SkippedLine(text="1", reason="page_footer", page=1)],
        equations=[
            Equation(id="e0", total=0, terms=[(1, 1), (-1, 0)], diff={"p0": Decimal(0)}),
            Equation(
                id="e1", kind="equal", rows=[0], other=OtherRow(statement="balance_sheet", row=3)
            ),
        ],
        checks=Checks(cells=2, checkable=2, verified=1, status="doubtful"),
        issues=[Issue(code="c", message="m", row=0, period="p0", page=1)],
    )


def test_the_published_schema_is_that_of_the_models() -> None:
    assert FILE.read_text(encoding="utf-8") == as_text(), (
        "the models have changed: cd backend && .venv/bin/python -m app.pipeline.schema"
    )


def test_what_is_written_is_valid() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    VALIDATOR.validate(full().as_json())


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "statement/2"},
        {"rows": None},
        {"currency": 1},
        {"extra": 1},
        {"periods": [{"key": "p0", "label": "2023"}]},
        {"rows": [{"n": 0, "label": "x", "kind": "line", "cells": {"p0": {"v": 1.5}}}]},
        {"rows": [{"n": 0, "label": "x", "kind": "line", "cells": {"p0": {"v": "1e5"}}}]},
    ],
)
def test_another_form_is_not_valid(change: dict[str, object]) -> None:
    assert not VALIDATOR.is_valid({**full().as_json(), **change})


def test_the_schema_is_required_to_be_named() -> None:
    written = full().as_json()
    del written["schema"]
    assert not VALIDATOR.is_valid(written)


def test_the_command_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert fde(["schema"]) == 0
    assert json.loads(capsys.readouterr().out) == SCHEMA


def test_it_names_no_host_but_the_standard_s() -> None:
    text = FILE.read_text(encoding="utf-8")
    assert SCHEMA["$id"] == "urn:financial-data-extractor:statement:1"
    assert text.count("://") == text.count("https://json-schema.org/") == 1
