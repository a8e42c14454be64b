"""The published JSON Schema of compiled/1 is that of the models, and holds for what is written."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from app.cli.main import run as fde
from app.pipeline.compile.build import compile_statement
from app.pipeline.compiled import Compiled
from app.pipeline.schema import as_text, file_of
from tests.helpers.reports import reading

FILE = file_of("compiled")
SCHEMA = json.loads(FILE.read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=FormatChecker())
NEW = "Revenue | 48,211 | 44,087\n Cost | ? | -28,450\n = Result | 18,039 | 15,637"
OLD = "Revenue | 44,187 | 40,112\n Cost | -28,550 | -26,003\n = Result | 15,637 | 14,109"


@pytest.fixture(scope="module")
def written() -> dict[str, Any]:
    accepted: dict[str, Any] = {"accepted": True}
    compiled = compile_statement(
        "income_statement",
        [
            reading(2023, NEW, **accepted),
            reading(2023, NEW, kind="companyfacts", accession="1", **accepted),
            reading(2022, OLD, **accepted),
            reading(2018, OLD, currency=None, scope=None, scale=None, title=None, **accepted),
        ],
    )
    assert compiled
    assert compiled.others
    return compiled.as_json()


def test_the_published_schema_is_that_of_the_models() -> None:
    assert FILE.read_text(encoding="utf-8") == as_text("compiled"), (
        "the models have changed: cd backend && .venv/bin/python -m app.pipeline.schema"
    )


def test_what_is_written_is_valid_and_read_again(written: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(SCHEMA)
    VALIDATOR.validate(written)
    assert Compiled.model_validate(written).as_json() == written
    assert Compiled.model_validate_json(json.dumps(written)).as_json() == written


def test_unknown_is_null(written: dict[str, Any]) -> None:
    (other,) = written["others"]
    assert [other[each] for each in ("currency", "scope", "scale", "title")] == [None] * 4
    cells = {row["label"]: row["cells"] for row in written["rows"]}
    assert cells["Cost"]["2023"]["v"] is None


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "compiled/2"},
        {"rows": None},
        {"currency": 1},
        {"extra": 1},
        {"others": [{"schema": "compiled/1"}]},
    ],
)
def test_another_form_is_not_valid(written: dict[str, Any], change: dict[str, object]) -> None:
    assert not VALIDATOR.is_valid({**written, **change})


def test_the_schema_is_required_to_be_named(written: dict[str, Any]) -> None:
    assert not VALIDATOR.is_valid({k: v for k, v in written.items() if k != "schema"})


def test_the_command_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert fde(["schema", "compiled"]) == 0
    assert json.loads(capsys.readouterr().out) == SCHEMA
