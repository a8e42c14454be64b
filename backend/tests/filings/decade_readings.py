"""The reports of a decade as the compiler takes them: as a perfect reader would, or as read."""

from pathlib import Path

from app.pipeline.compile.readings import Reading
from app.pipeline.statement import SourceKind, Statement
from app.pipeline.verify import verify
from app.services.limits import Limits
from app.services.tasks import perform
from tests.filings.decade import Decade, Filed
from tests.filings.instance import tagged_statement


def true_statements(report: Filed) -> list[Statement]:
    """Return the statements of a report as a perfect reader has them, proved."""
    printed = report.truth.statements
    if report.kind == "pdf":
        statements = [each.as_statement() for each in printed]
    else:
        kind: SourceKind = (
            "xbrl" if report.kind == "zip" and report.layout.framework != "ifrs" else "ixbrl"
        )
        statements = [tagged_statement(each, kind, dimensions=kind == "ixbrl") for each in printed]
    proved = verify(statements)
    for each in proved:
        each.source.sha256 = report.sha256
    return proved


def true_readings(decade: Decade) -> list[Reading]:
    """Return the statements of all reports as a perfect reader has them, the newest first."""
    return [
        Reading(each, report.sha256, report.file)
        for report in decade.reports
        for each in true_statements(report)
    ]


def write_files(decade: Decade, folder: Path) -> list[Path]:
    """Write the reports into a folder; return their paths, the newest first."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for report in decade.reports:
        path = folder / report.file
        path.write_bytes(report.data)
        paths.append(path)
    return paths


def read_decade(decade: Decade, folder: Path) -> list[Reading]:
    """Write the reports into a folder and read them; return their statements, the newest first."""
    readings = []
    for path, report in zip(write_files(decade, folder), decade.reports, strict=True):
        answer = perform("read", str(path), None, Limits())
        if answer.filing is None:
            raise AssertionError(answer.error)
        readings += [Reading(each, report.sha256, report.file) for each in answer.filing.statements]
    return readings
