"""CSV by RFC 4180: commas, CRLF, quotes where they are needed, and no byte order mark."""

import csv
import io
from collections.abc import Iterable, Sequence


def csv_of(header: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Return a table as CSV; its texts must be safe already, since figures begin with a minus."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(header)
    writer.writerows(lines)
    return buffer.getvalue()
