"""What `fde read --json` says of filings in the folder FILINGS is valid by its schema."""

import json
import os
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from app.cli.exit_codes import Exit
from app.pipeline.schema import FILE
from tests.helpers.shell import run

KINDS = {"pdf": "pdf", "ixbrl": "ixbrl", "xbrl": "xbrl", "xbrl-json": "xbrl_json"}


EACH = 3
"""Filings of a kind; `make eval` reads all of them."""


@pytest.mark.slow
def test_given_filings_are_read_as_their_kinds_in_the_published_form() -> None:
    given = os.environ.get("FILINGS")
    if not given:
        pytest.skip("FILINGS names no folder of filings")
    paths = [
        path
        for kind in sorted(Path(given).iterdir())
        if kind.is_dir() and kind.name != "truth"
        for path in sorted(kind.iterdir(), key=lambda each: (each.stat().st_size, each))[:EACH]
    ]
    done = run("python", "-m", "app", "read", "--json", *map(str, paths), timeout=600)
    assert done.returncode in {Exit.OK, Exit.DOUBTFUL}, done.stderr
    validator = Draft202012Validator(json.loads(FILE.read_text(encoding="utf-8")))
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["file"] for line in lines] == [str(each) for each in paths]
    for path, line in zip(paths, lines, strict=True):
        assert line["kind"] == KINDS.get(path.parent.name, path.parent.name)
        assert line["statements"], path
        for statement in line["statements"]:
            validator.validate(statement)
            assert len(statement["source"]["sha256"]) == 64
