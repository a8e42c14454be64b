"""`fde add`: keep the filings of a company."""

from collections.abc import Callable
from typing import Annotated

import typer

from app.cli.limit_options import (
    MAX_SIZE,
    MEMORY,
    TIMEOUT,
    Jobs,
    MaxSize,
    Memory,
    Timeout,
)
from app.limit_settings import number_of_jobs

EXAMPLES = """\b
Examples:
  fde add AAPL 10-K_2023.pdf report.zip   any kind: PDF, iXBRL, XBRL, ESEF
  fde add --create AAPL reports/          make the company from its filings
  fde add --create UNA:XAMS "20*.pdf"     with its exchange; a pattern
  fde add cik:320193 CIK0000320193.json   SEC companyfacts
"""


def add(  # noqa: PLR0913 each is an option
    company: Annotated[
        str,
        typer.Argument(
            metavar="COMPANY",
            help="Ticker, exact name, TICKER:EXCHANGE, id:, cik: or lei: and a number.",
        ),
    ],
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...",
            help="Annual reports, the folder of an XBRL filing, folders of filings, patterns.",
        ),
    ],
    *,
    create: Annotated[
        bool,
        typer.Option(
            "--create",
            help="Make the company, if there is none, from what its filings say: name, CIK, LEI, "
            "end of the fiscal year. COMPANY becomes its ticker, listing or name.",
        ),
    ] = False,
    same_company: Annotated[
        bool,
        typer.Option(
            "--same-company",
            help="The files are of this company, though another name, identifier or other figures "
            "say otherwise: after a change of name or a merger.",
        ),
    ] = False,
    accept_doubtful: Annotated[
        bool,
        typer.Option(
            "--accept-doubtful",
            help="Compile the doubtful statements of these files too, also of files that are "
            "there already.",
        ),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object with the company and each file.")
    ] = False,
    timeout: Timeout = TIMEOUT,
    memory: Memory = MEMORY,
    max_size: MaxSize = MAX_SIZE,
    jobs: Jobs = None,
) -> Callable[[], int]:
    """Keep annual reports of a company, and compile its statements.

    A file is known by its content: adding it again changes nothing. Each file is kept as soon as it
    is read; after an interruption the same command finishes. A filing of another company is
    refused.
    """

    def run() -> int:
        from app.cli.adding import run  # noqa: PLC0415 `--help` imports nothing slow
        from app.services.adding import Options  # noqa: PLC0415
        from app.services.limits import Limits  # noqa: PLC0415

        limits = Limits(seconds=timeout, memory=memory, file_size=max_size)
        number = number_of_jobs(jobs)
        options = Options(create, same_company, accept_doubtful, limits, number)
        return run(company, files, options, as_json=as_json)

    return run
