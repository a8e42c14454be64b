"""Pictures of the pages: `python -m tests.pages.screenshots` writes those of the documentation.

They show the demo company. With a folder of filings they show those, and are written elsewhere: a
given filing is no part of the repository. Times in the database are set to fixed ones first.
"""

import argparse
import io
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Literal

import pypdfium2
from PIL import Image
from playwright.sync_api import Browser, Page
from sqlalchemy import URL, create_engine
from sqlalchemy.pool import NullPool

from alembic_zero_downtime.embedded.disposable import disposable_server
from alembic_zero_downtime.tables import LEDGER_TABLE
from app.pages import addresses
from tests.helpers.api_server import api_server
from tests.helpers.chromium import DESKTOP, PHONE, chromium, find_chromium, make_context
from tests.helpers.demo_company import COMPANY, TICKER, add_demo, correct_demo, run_fde
from tests.helpers.shell import BACKEND, as_text, run

ROOT: Final = BACKEND.parent
OUT: Final = ROOT / "docs" / "_static" / "pages"
MOST_BYTES: Final = 200_000
"""Of a picture in the repository."""
_SCALE = 1.5
_PRINT_SCALE = 1.6
_COLOURS = 256
_TIMES = (
    "UPDATE documents SET created_at = '2026-02-03 09:15:00Z'",
    "UPDATE corrections SET created_at = '2026-02-03 10:30:00Z'",
    "UPDATE corrections SET withdrawn_at = '2026-02-04 08:45:00Z' WHERE withdrawn_at IS NOT NULL",
    f"UPDATE {LEDGER_TABLE} SET recorded_at = '2026-02-02 08:00:00Z', duration = '12 ms'",
)
_HIDDEN_ROWS = """
Math.max(0, ...[...document.querySelectorAll(".box")].map(
  (each) => each.scrollHeight - each.clientHeight))
"""


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture to take.

    Attributes:
        name: Of the file, without its suffix.
        path: The address of the page.
        size: Of the window, in CSS pixels.
        scheme: Colours.
        form: All of the page, as much as the window shows, or the first page of its print.
    """

    name: str
    path: str
    size: tuple[int, int] = DESKTOP
    scheme: Literal["light", "dark"] = "light"
    form: Literal["whole", "window", "print"] = "whole"


_TALL = (1280, 1200)
_INCOME = addresses.statement(COMPANY, "income_statement")
_BALANCE = addresses.statement(COMPANY, "balance_sheet", {"show": "share"})
_PROFIT = {"line": "Profit for the year", "year": "2023"}
AS_ADDED: Final = (
    Shot("companies", addresses.COMPANIES),
    Shot("statement", _INCOME),
    Shot("statement-phone", _INCOME, PHONE, form="window"),
    Shot("statement-dark", _INCOME, scheme="dark"),
    Shot("statement-print", _INCOME, form="print"),
    Shot("statement-shares", _BALANCE, form="window"),
    Shot("figure", addresses.figure(COMPANY, "income_statement", _PROFIT), _TALL, form="window"),
    Shot("documents", addresses.documents(COMPANY)),
    Shot("document", addresses.document(10), _TALL, form="window"),
    Shot("schema", addresses.SCHEMA, form="window"),
)
CORRECTED: Final = (Shot("corrections", addresses.corrections(COMPANY), (1280, 420)),)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a server gets its data from.

    Attributes:
        database: Which is migrated.
        folder: For the storage and reports.
    """

    database: URL
    folder: Path

    @property
    def storage(self) -> Path:
        """The folder of the files."""
        return self.folder / "storage"

    def execute(self, *statements: str) -> None:
        """Execute statements, each in a transaction."""
        engine = create_engine(self.database, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with engine.connect() as connection:
            for each in statements:
                connection.exec_driver_sql(each)
        engine.dispose()


def main() -> None:
    """Write the pictures that the arguments ask for."""
    parser = argparse.ArgumentParser(prog="python -m tests.pages.screenshots", description=__doc__)
    parser.add_argument("--out", type=Path, help="where to write them; needed for filings")
    parser.add_argument("filings", type=Path, nargs="?", help="a folder of reports of one company")
    arguments = parser.parse_args()
    if find_chromium() is None:
        sys.exit("screenshots: there is no Chromium: install Debian's package chromium")
    out = arguments.out or OUT
    if arguments.filings is not None and out.resolve().is_relative_to(ROOT):
        sys.exit("screenshots: pictures of filings need --out DIR, outside of the repository")
    out.mkdir(parents=True, exist_ok=True)
    with migrated() as place, chromium() as browser:
        if arguments.filings is None:
            add_demo(place.database, place.storage, place.folder / "reports")
            _write(browser, place, AS_ADDED, out)
            correct_demo(place.database, place.storage)
            _write(browser, place, CORRECTED, out)
        else:
            files = sorted(str(each) for each in arguments.filings.iterdir())
            run_fde(place.database, place.storage, "add", "--create", TICKER, *files)
            _write(browser, place, _of_filings(), out)


def _write(browser: Browser, place: Place, shots: Sequence[Shot], out: Path) -> None:
    """Take pictures of what is in a database now, and write them into a folder."""
    place.execute(*_TIMES)
    with api_server(place.database, place.folder) as server:
        for shot in shots:
            written = out / f"{shot.name}.png"
            written.write_bytes(_take(browser, f"http://127.0.0.1:{server.port}", shot))
            print(f"{written}: {written.stat().st_size:,} bytes")  # noqa: T201


@contextmanager
def migrated() -> Iterator[Place]:
    """Yield a new database at head, on a server in memory."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        database = stack.enter_context(disposable_server())
        url = {"DATABASE_URL": as_text(database)}
        done = run("python", "scripts/run_alembic.py", "upgrade", "head", env=url)
        if done.returncode:
            sys.exit(done.stderr)
        yield Place(database, folder)


def _of_filings() -> Sequence[Shot]:
    """Return the three statements of the company, and its documents."""
    shots: list[Shot] = []
    for name, slug in addresses.SLUGS.items():
        path = addresses.statement(COMPANY, name)
        shots += [
            Shot(slug, path),
            Shot(f"{slug}-all-years", addresses.statement(COMPANY, name, {"years": "all"})),
            Shot(f"{slug}-phone", path, PHONE, form="window"),
            Shot(f"{slug}-dark", path, scheme="dark"),
            Shot(f"{slug}-print", path, form="print"),
        ]
    return [*shots, Shot("documents", addresses.documents(COMPANY))]


def _take(browser: Browser, origin: str, shot: Shot) -> bytes:
    """Return a picture as PNG.

    Raises:
        AssertionError: Something went wrong in the page.
    """
    context, watch = make_context(
        browser, origin, size=shot.size, color_scheme=shot.scheme, device_scale_factor=_SCALE
    )
    page = context.new_page()
    page.goto(shot.path, wait_until="networkidle")
    if shot.form == "whole":
        width, height = shot.size
        page.set_viewport_size({"width": width, "height": height + page.evaluate(_HIDDEN_ROWS)})
    if shot.form == "print":
        image = _printed(page)
    else:
        taken = page.screenshot(full_page=shot.form == "whole", animations="disabled")
        image = Image.open(io.BytesIO(taken))
    context.close()
    assert not watch.problems, watch.problems
    return _as_png(image)


def _printed(page: Page) -> Image.Image:
    """Return the first page of a print."""
    document = pypdfium2.PdfDocument(page.pdf(prefer_css_page_size=True, print_background=True))
    bitmap = document[0].render(scale=_PRINT_SCALE)
    image: Image.Image = bitmap.to_pil().copy()
    document.close()
    return image


def _as_png(image: Image.Image) -> bytes:
    """Return a small PNG: text on a plain ground needs few colours."""
    few = image.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
    written = io.BytesIO()
    few.save(written, "PNG", optimize=True)
    return written.getvalue()


if __name__ == "__main__":
    main()
