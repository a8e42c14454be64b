"""The demo company in a database, as `make demo` makes it: generated reports, really added."""

from pathlib import Path

from sqlalchemy import URL

from app.cli.exit_codes import Exit
from tests.filings.decade import DEMO, DEMO_SEED, make_decade
from tests.filings.decade_readings import write_files
from tests.helpers.shell import as_text, run

TICKER = "CVF"
COMPANY = 7
"""Its number: the seeds of the migrations are six companies."""
_LONGEST = 600  # seconds


def add_demo(database: URL, storage: Path, folder: Path) -> None:
    """Write the reports into a folder, and add them by the command line.

    Args:
        database: Which is migrated, and has no documents.
        storage: Where their files are kept.
        folder: For the reports as they are sent.
    """
    write_files(make_decade(DEMO_SEED, DEMO), folder)
    run_fde(database, storage, "add", "--create", TICKER, str(folder))


def correct_demo(database: URL, storage: Path) -> None:
    """Correct a figure of the company, and withdraw another correction."""
    by = ("--by", "A. Reader", "--because")
    figure = (TICKER, "income", "Administrative expenses", "2020")
    reason = "The report of 2021 prints 471 in its note on employees"
    run_fde(database, storage, "fix", *figure, "--value", "(471)", *by, reason)
    figure = (TICKER, "income", "Finance costs", "2024")
    run_fde(database, storage, "fix", *figure, "--value", "(107)", *by, "Misread on page 4")
    run_fde(database, storage, "fix", *figure, "--withdraw")


def run_fde(database: URL, storage: Path, *arguments: str) -> str:
    """Run a command on a database and a storage; return what it prints.

    Raises:
        AssertionError: It has failed; that a figure is doubtful is no failure.
    """
    environment = {"DATABASE_URL": as_text(database), "STORAGE_URL": str(storage)}
    done = run("python", "-m", "app", *arguments, env=environment, timeout=_LONGEST)
    assert done.returncode in {Exit.OK, Exit.DOUBTFUL}, done.stdout + done.stderr
    return done.stdout
