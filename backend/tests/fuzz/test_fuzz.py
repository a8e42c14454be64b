"""Damaged files end in one line or in figures that agree, and the fuzzer notices when not."""

import os
import signal
from pathlib import Path
from random import Random

import pytest

from tests.filings.damaged import ixbrl_figure, many_pages
from tests.fuzz import corpus, small
from tests.fuzz.mutations import MUTATIONS, zipped
from tests.fuzz.oracle import contradictions
from tests.fuzz.pool import Worker
from tests.fuzz.readers import Line, Summary
from tests.fuzz.run import SHARES, fuzz

SEED = 20261126
# About 40 s of the processor: a PDF takes a quarter of a second.
INPUTS = {
    "pdf": 70,
    "any": 30,
    "ixbrl": 120,
    "package": 100,
    "xbrl": 120,
    "xbrl_json": 300,
    "companyfacts": 200,
}


def summary(*figures: tuple[str | None, ...], status: str = "verified") -> Summary:
    lines = tuple(Line(f"row {n}", each, proved=True) for n, each in enumerate(figures))
    return Summary("balance_sheet", None, status, ("2022-12-31", "2021-12-31"), lines)


@pytest.mark.parametrize(
    ("damaged", "contradicts"),
    [
        (summary(("1", "2"), ("3", "4")), False),
        (summary(("1", "2")), False),
        (summary(("1", None), ("3", "4")), False),
        (summary(("1", "2"), ("3", "5")), True),
        (summary(("1", "2"), ("-3", "4")), True),
        (summary(("2", "1"), ("3", "4")), True),
        (summary(("1", "2"), ("3", "5"), status="doubtful"), False),
    ],
)
def test_verified_figures_of_a_damaged_file_must_be_those_of_the_sound_one(
    damaged: Summary, *, contradicts: bool
) -> None:
    sound = [summary(("1", "2"), ("3", "4"))]
    assert bool(contradictions(sound, [damaged])) == contradicts


def test_a_statement_that_the_sound_file_does_not_have_contradicts_it() -> None:
    assert contradictions([], [summary(("1", "2"))])


@pytest.mark.parametrize("reader", list(SHARES))
def test_the_same_seed_damages_alike(reader: str) -> None:
    figure = ixbrl_figure("1,234")
    files = [many_pages(2), figure, zipped({"reports/a.xhtml": figure}), small.companyfacts()]
    for mutation in set(MUTATIONS[reader]):
        for data in files:
            once, again = (mutation(data, Random(7), files) for _ in range(2))  # noqa: S311
            assert once == again


def test_a_hang_and_the_end_of_the_process_are_noticed() -> None:
    with Worker(seconds=0.001, megabytes=2048) as worker:
        assert (worker.read("companyfacts", small.companyfacts()).fault or "").startswith("hangs")
    with Worker(seconds=60, megabytes=2048) as worker:
        assert worker.read("xbrl_json", b"{}").refused
        os.kill(worker.pid, signal.SIGSEGV)
        # Ended before it is written to: the pipe is broken.
        os.waitid(os.P_PID, worker.pid, os.WEXITED | os.WNOWAIT)
        assert worker.read("xbrl_json", b"{}").fault == "the process ended: SIGSEGV"
        assert worker.read("xbrl_json", b"{}").refused


@pytest.mark.slow
@pytest.mark.parametrize("reader", list(SHARES))
def test_damaged_files_end_in_one_line_or_in_figures_that_agree(
    reader: str, tmp_path: Path
) -> None:
    seeds = list(corpus.generated())
    if os.environ.get("FILINGS") and reader != "pdf":
        seeds += corpus.given(Path(os.environ["FILINGS"]), kinds={reader})
    tally = fuzz(reader, seeds, INPUTS[reader], SEED, tmp_path)
    assert tally.inputs >= INPUTS[reader]
    assert not tally.faults, tally.faults
