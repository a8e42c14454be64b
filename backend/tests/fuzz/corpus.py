"""The sound files that are damaged: generated ones, and shortened ones of a folder of filings."""

import io
import json
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pypdfium2 as pdfium

from tests.evaluation.concepts import CORE
from tests.evaluation.folder import Given, find_filings
from tests.filings.esef import make_esef
from tests.filings.inline import Inline
from tests.filings.ixbrl import make_ixbrl
from tests.filings.pdf import make_report
from tests.filings.samples import SAMPLES
from tests.filings.xbrl import make_xbrl, make_xbrl_json
from tests.fuzz.mutations import zipped
from tests.fuzz.small import companyfacts

_LARGE = 700_000  # bytes: larger files are read too slowly to be damaged often
_PAGES = 3  # of a PDF on each side of a statement
_INLINE = {
    "american": Inline(tables="american"),
    "british": Inline(tables="divisions", registry=1, numbered=True),
    "ifrs": Inline(),
    "german": Inline(registry=3, nested=True, blocks=True),
}
_KINDS = ("pdf", "ixbrl", "xbrl", "xbrl_json", "companyfacts")
_CONCEPTS = 60  # of companyfacts


@dataclass(frozen=True, slots=True)
class Seed:
    """A sound file."""

    reader: str
    name: str
    data: bytes

    @property
    def weight(self) -> float:
        """How often it is damaged: the larger the file, the less often."""
        return 1 / (50_000 + len(self.data))


def generated() -> Iterator[Seed]:
    """Yield the files that need no folder of filings."""
    for name, layout in SAMPLES.items():
        yield Seed("pdf", f"generated {name}", make_report(1, layout).data)
    for name, inline in _INLINE.items():
        layout = SAMPLES[name]
        yield Seed("ixbrl", f"generated {name}", make_ixbrl(1, layout, inline).data)
        if layout.framework == "ifrs":
            yield Seed("package", f"generated {name}", make_esef(1, layout, inline).data)
    for name in ("american", "ifrs"):
        folder = zipped(dict(make_xbrl(1, SAMPLES[name]).members))
        yield Seed("xbrl", f"generated {name}", folder)
        yield Seed("package", f"generated folder {name}", folder)
        yield Seed("xbrl_json", f"generated {name}", make_xbrl_json(1, SAMPLES[name])[0])
    yield Seed("companyfacts", "small", companyfacts())


def given(folder: Path, kinds: Container[str] = frozenset(_KINDS)) -> Iterator[Seed]:
    """Yield the filings of a folder of these kinds, large ones shortened."""
    with TemporaryDirectory(prefix="fuzz-") as unpacked:
        for filing in find_filings(folder, Path(unpacked))[0]:
            for reader, data in _SHORTEN[filing.kind](filing) if filing.kind in kinds else ():
                yield Seed(reader, filing.name, data)


def _pdf(filing: Given) -> Iterator[tuple[str, bytes]]:
    """Yield the pages of the statements and those around them as a PDF of its own."""
    from app.pipeline.read.pdf import read_pdf  # noqa: PLC0415 not in other readers' processes

    whole = filing.path.read_bytes()
    statements = read_pdf(whole).statements
    used = {page for each in statements for page in each.source.pages}
    near = {page + step for page in used for step in range(-_PAGES, _PAGES + 1)}
    source = pdfium.PdfDocument(whole)
    kept = sorted(page for page in near if 1 <= page <= len(source))
    if kept:
        target = pdfium.PdfDocument.new()
        target.import_pages(source, [page - 1 for page in kept])
        buffer = io.BytesIO()
        target.save(buffer)
        target.close()
        yield "pdf", buffer.getvalue()
    source.close()


def _inline(filing: Given) -> Iterator[tuple[str, bytes]]:
    data = filing.main.read_bytes()
    if len(data) < 3 * _LARGE:
        yield "ixbrl", data
    if len(data) < _LARGE:
        yield "package", zipped({"META-INF/reportPackage.json": b"{}", "reports/a.xhtml": data})


def _folder(filing: Given) -> Iterator[tuple[str, bytes]]:
    files = {each.name: each.read_bytes() for each in filing.main.parent.iterdir()}
    if sum(map(len, files.values())) < 2 * _LARGE:
        yield "xbrl", zipped(files)


def _json(filing: Given) -> Iterator[tuple[str, bytes]]:
    yield "xbrl_json", filing.main.read_bytes()


def _companyfacts(filing: Given) -> Iterator[tuple[str, bytes]]:
    """Yield the usual concepts of statements, and some others."""
    whole = json.loads(filing.main.read_bytes())
    inner = whole.get("raw_payload", whole)
    usual = frozenset().union(*CORE.values())
    for taxonomy, concepts in inner["facts"].items():
        others = Random(1).sample(  # noqa: S311 no secret
            sorted(concepts), min(_CONCEPTS, len(concepts))
        )
        inner["facts"][taxonomy] = {
            name: concepts[name] for name in concepts if name in usual or name in others
        }
    yield "companyfacts", json.dumps(whole).encode()


_SHORTEN: dict[str, Callable[[Given], Iterator[tuple[str, bytes]]]] = {
    "pdf": _pdf,
    "ixbrl": _inline,
    "xbrl": _folder,
    "xbrl_json": _json,
    "companyfacts": _companyfacts,
}
