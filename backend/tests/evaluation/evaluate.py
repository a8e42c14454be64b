"""Read every filing of a folder, and compare what is read with the truth."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from tests.evaluation import calculation
from tests.evaluation.expected import Statements, of_facts, of_folder, of_inline
from tests.evaluation.folder import (
    Given,
    Kind,
    find_filings,
    is_annual_report_to_the_sec,
    linkbase,
    tagged_filings,
    truths_for,
)
from tests.evaluation.generated import write_packages
from tests.evaluation.judgement import Judgement, judge
from tests.evaluation.labels import labels_by_role
from tests.evaluation.measured import Reading, read
from tests.evaluation.own_facts import judge_own
from tests.evaluation.page_truth import read_pages, statements_of
from tests.evaluation.seeded_faults import Noticed, seed_faults
from tests.evaluation.truth import STATEMENTS, Origin, TruthStatement, find_typed

Group = Literal["10-K PDF", "other PDF", "iXBRL", "XBRL folder", "xBRL-JSON", "companyfacts"]
GROUPS: dict[Kind, Group] = {
    "ixbrl": "iXBRL",
    "xbrl": "XBRL folder",
    "xbrl_json": "xBRL-JSON",
    "companyfacts": "companyfacts",
    "pdf": "other PDF",
}


@dataclass(slots=True)
class Result:
    """One filing: what was read, and how right it is.

    Attributes:
        pages: Of a PDF.
        size: Of the file, in bytes.
        truth: What it was compared with, None where there is no truth.
    """

    given: Given
    group: Group
    reading: Reading
    judgements: list[Judgement] = field(default_factory=list)
    pages: int = 0
    size: int = 0
    truth: str | None = None

    @property
    def checkable(self) -> int:
        """Figures that can be proved."""
        return sum(each.checks.checkable for each in self.reading.statements if each.checks)

    @property
    def verified(self) -> int:
        """Figures that are proved."""
        return sum(each.checks.verified for each in self.reading.statements if each.checks)


@dataclass(slots=True)
class Evaluation:
    """A folder of filings.

    Attributes:
        left: Names of files that are no filing.
        unit: Seconds of the fixed calculation.
        noticed: By kind of damage: how much of it is noticed.
    """

    results: list[Result]
    left: list[str]
    unit: float
    noticed: dict[str, Noticed] = field(default_factory=dict)

    def of(self, *groups: Group) -> list[Result]:
        """Return the results of groups of filings."""
        return [each for each in self.results if each.group in groups]


def evaluate(
    folder: Path,
    truths: Sequence[Path],
    *,
    jobs: int = 1,
    seeded: int = 12,
    progress: Callable[[str], None] = lambda _: None,
) -> Evaluation:
    """Read the filings of a folder, one process each, and compare them.

    Generated ESEF packages are read with them, since filings of that kind cannot be given away.

    Args:
        folder: Filings of any kind, recognised by their content.
        truths: Folders with typed truths.
        jobs: Filings that are read at the same time.
        seeded: Cells of each verified statement that are damaged in each way; 0 for none.
        progress: Is called with the name of each filing that was read.
    """
    before = calculation.seconds()
    with TemporaryDirectory(prefix="evaluation-") as unpacked:
        (made := Path(unpacked, "generated")).mkdir()
        (inside := Path(unpacked, "inside")).mkdir()
        filings, left = find_filings(folder, inside)
        write_packages(made)
        filings += find_filings(made, inside)[0]
        typed = find_typed([each for each in truths if each.is_dir()])
        results = []
        with ThreadPoolExecutor(jobs) as pool:
            readings = pool.map(lambda each: read(each.kind, each.path), filings)
            for given, reading in zip(filings, readings, strict=True):
                progress(given.name)
                results.append(_compare(given, reading, filings, typed))
    evaluation = Evaluation(results, left, min(before, calculation.seconds()))
    if seeded:
        read_well = {
            each.given.name: each.reading.filing for each in results if each.reading.filing
        }
        evaluation.noticed = seed_faults(read_well, cells=seeded)
    return evaluation


def _compare(
    given: Given,
    reading: Reading,
    filings: Sequence[Given],
    typed: Mapping[str, Sequence[TruthStatement]],
) -> Result:
    result = Result(given, GROUPS[given.kind], reading, size=given.main.stat().st_size)
    if given.kind == "pdf":
        _compare_pdf(result, filings, typed)
    else:
        result.judgements = list(_judge_tagged(given, reading))
        result.truth = "its own facts" if result.judgements else None
    return result


def _compare_pdf(
    result: Result, filings: Sequence[Given], typed: Mapping[str, Sequence[TruthStatement]]
) -> None:
    given, reading = result.given, result.reading
    try:
        pages = read_pages(given.path)
    except RuntimeError:  # pypdfium2: it is damaged or encrypted
        return
    result.pages = len(pages)
    if is_annual_report_to_the_sec(pages):
        result.group = "10-K PDF"
    truths = list(typed.get(given.path.name, ()))
    if truths:
        result.truth = "typed"
    else:
        for tagged, end in truths_for(given, pages, filings):
            truths = statements_of(pages, tagged, end)
            if truths:
                result.truth = f"{tagged.path.name} ({tagged.origin})"
                break
    result.judgements = [
        judge(given.name, given.kind, truth, reading.statements) for truth in truths
    ]


def _judge_tagged(given: Given, reading: Reading) -> Iterator[Judgement]:
    for name, accession, expected in _expected(given):
        statements = [
            each
            for each in reading.statements
            if accession is None or each.source.accession == accession
        ]
        shown = f"{given.name} {accession}" if accession else given.name
        for statement in STATEMENTS:
            if statement in expected:
                yield judge_own(shown, name, statement, expected[statement], statements)


def _expected(given: Given) -> Iterator[tuple[Origin, str | None, Statements]]:
    """Yield kind, accession and figures of each filing in a tagged file."""
    if given.kind == "ixbrl":
        yield "ixbrl", None, of_inline(given.main)
        return
    for tagged in tagged_filings(given):
        if given.kind == "xbrl":
            folder = given.main.parent
            presentation = linkbase(folder, b"presentationLink")
            labels = linkbase(folder, b"labelLink")
            if presentation and labels:
                named = labels_by_role(labels)
                yield "xbrl", None, of_folder(tagged, presentation, named)
                continue
        accession = tagged.facts[0].id if given.kind == "companyfacts" else None
        yield tagged.origin, accession, of_facts(tagged)
