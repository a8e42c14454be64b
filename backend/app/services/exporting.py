"""Write compiled statements in a format, for the command line and the API alike."""

from collections.abc import Sequence
from typing import Final, Literal

from app.pipeline.compile.view import View
from app.pipeline.compiled import Compiled
from app.pipeline.json_text import json_line

Format = Literal["json", "csv", "long-csv", "xlsx", "parquet"]
BINARY: Final[frozenset[str]] = frozenset({"xlsx", "parquet"})


def export(format_: Format, company: str, shown: Sequence[Compiled], view: View) -> bytes:
    """Return statements as a file; same input, same bytes. Text is UTF-8.

    Args:
        format_: How they are written; `json` is an object a line.
        company: Its name.
        shown: One or more, cut to the periods that are wanted.
        view: That they are cut to.

    Raises:
        ExportError: The format cannot be written.
    """
    match format_:
        case "json":
            return "".join(json_line(each.as_json()) for each in shown).encode()
        case "csv":
            from app.pipeline.export.wide_csv import wide_csv  # noqa: PLC0415 JSON needs none

            return wide_csv(company, shown).encode()
        case "long-csv":
            from app.pipeline.export.long_csv import long_csv  # noqa: PLC0415

            return long_csv(company, shown).encode()
        case "xlsx":
            from app.pipeline.export.xlsx import write_xlsx  # noqa: PLC0415

            return write_xlsx(company, shown, view)
        case "parquet":
            from app.pipeline.export.parquet import write_parquet  # noqa: PLC0415

            return write_parquet(company, shown)
