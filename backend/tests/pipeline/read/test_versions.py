"""The registry of readers names the one that reads each kind."""

from pathlib import Path
from typing import get_args

import pytest

from app.pipeline.read.kind import read_file
from app.pipeline.read.versions import READERS
from app.pipeline.statement import SourceKind
from tests.filings.inline import Inline
from tests.filings.ixbrl import make_ixbrl
from tests.filings.pdf import make_report
from tests.filings.samples import SAMPLES
from tests.filings.xbrl import make_xbrl, make_xbrl_json
from tests.fuzz.mutations import zipped
from tests.fuzz.small import companyfacts

MAKE = {
    "pdf": lambda: make_report(1, SAMPLES["british"]).data,
    "ixbrl": lambda: make_ixbrl(1, SAMPLES["ifrs"], Inline()).data,
    "xbrl": lambda: zipped(dict(make_xbrl(1, SAMPLES["ifrs"]).members)),
    "xbrl_json": lambda: make_xbrl_json(1, SAMPLES["ifrs"])[0],
    "companyfacts": companyfacts,
}


def test_every_kind_that_a_program_reads_has_a_reader() -> None:
    assert set(READERS) == set(get_args(SourceKind)) - {"llm", "manual"} == set(MAKE)


@pytest.mark.parametrize("kind", READERS)
def test_statements_name_the_registered_reader(kind: SourceKind, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(MAKE[kind]())
    filing = read_file(path.read_bytes(), path)
    assert filing.kind == kind
    assert {each.source.reader for each in filing.statements} == {READERS[kind]}
