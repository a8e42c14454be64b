"""Tell the kind of a file by its content, never by its name, and read it with the reader for it.

Source: the signatures of the formats; Inline XBRL 1.1 (namespace), XBRL 2.1 section 4.3, xBRL-JSON
1.0 section 3.1 (`documentType`), and the SEC's interface for companyfacts.
"""

import re
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from app.pipeline.errors import ReadError
from app.pipeline.statement import Filing, SourceKind

if TYPE_CHECKING:
    from app.pipeline.read.package import Package


class Kind(StrEnum):
    """The kinds of files that are read."""

    PDF = "pdf"
    IXBRL = "ixbrl"
    ZIP = "zip"
    XBRL_JSON = "xbrl_json"
    COMPANYFACTS = "companyfacts"


SOURCE_KINDS: Final[dict[Kind, SourceKind]] = {
    Kind.PDF: "pdf",
    Kind.IXBRL: "ixbrl",
    Kind.XBRL_JSON: "xbrl_json",
    Kind.COMPANYFACTS: "companyfacts",
}
"""By kind: its name in the form; that of a zip is known only when it is read."""

_HEAD: Final = 65_536  # bytes in which the first elements of a document stand
_PDF_HEAD: Final = 1024  # bytes: readers of PDF accept the signature anywhere in them
_BINARY_HEAD: Final = 4096
_REPORT: Final = "give the annual report as PDF, iXBRL, XBRL, xBRL-JSON or SEC companyfacts"
_AS_PDF: Final = "save it as PDF, and read that"
_UNPACK: Final = "unpack it, and read the report within"
_FOLDER: Final = "give the folder that holds it together with the instance and the linkbases"

_SIGNATURES: Final = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Word or Excel file", _AS_PDF),
    (b"{\\rtf", "an RTF document", _AS_PDF),
    (b"\x89PNG", "a picture (PNG)", "make a PDF with text of it (OCR), and read that"),
    (b"\xff\xd8\xff", "a picture (JPEG)", "make a PDF with text of it (OCR), and read that"),
    (b"GIF8", "a picture (GIF)", "make a PDF with text of it (OCR), and read that"),
    (b"II*\0", "a picture (TIFF)", "make a PDF with text of it (OCR), and read that"),
    (b"MM\0*", "a picture (TIFF)", "make a PDF with text of it (OCR), and read that"),
    (b"%!PS", "a PostScript file", "convert it to PDF, and read that"),
    (b"\x1f\x8b", "packed with gzip", _UNPACK),
    (b"BZh", "packed with bzip2", _UNPACK),
    (b"\xfd7zXZ\0", "packed with xz", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "packed with zstd", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    (b"Rar!", "a RAR archive", _UNPACK),
    (b"\x7fELF", "a program", _REPORT),
    (b"MZ", "a program", _REPORT),
    (b"SQLite format 3\0", "an SQLite database", _REPORT),
)
_IN_ZIP: Final = (
    (b"word/document.xml", "a Word document", _AS_PDF),
    (b"xl/workbook.", "an Excel file", _REPORT),
    (b"ppt/presentation.xml", "a PowerPoint file", _AS_PDF),
    (b"application/vnd.oasis.opendocument", "an OpenDocument file", _AS_PDF),
    (b"application/epub+zip", "an e-book (EPUB)", _REPORT),
)
_INLINE_XBRL: Final = re.compile(
    rb"""xmlns(?::[\w.-]+)?\s*=\s*["']http://www\.xbrl\.org/20\d\d/inlineXBRL["']"""
)
_SUBMISSION: Final = re.compile(rb"\s*(?:-----BEGIN PRIVACY-ENHANCED|<SEC-(?:DOCUMENT|HEADER)>)")
_INSTANCE: Final = re.compile(rb"<(?:[\w.-]+:)?xbrl[\s>]")
_LINKBASE: Final = re.compile(rb"<(?:[\w.-]+:)?linkbase[\s>]")
_SCHEMA: Final = re.compile(rb"<(?:[\w.-]+:)?schema[\s>]")
_HTML: Final = re.compile(
    rb"<(?:!doctype\s+html|html|head|body|title|table|div|p)[\s>]", re.IGNORECASE
)
_XBRL_JSON: Final = re.compile(rb'"https?:\\?/\\?/(?:www\.)?xbrl\.org\\?/[^"]{1,40}?xbrl-json"')
_TAXONOMY: Final = re.compile(rb'"(?:us-gaap|ifrs-full|dei|srt)"\s*:\s*\{')


def identify(data: bytes) -> Kind:
    """Return the kind of a file.

    Raises:
        ReadError: It is empty, or of a kind that is not read; the message names the kind.
    """
    if not data:
        raise ReadError("empty", "The file is empty: get it again from its source")
    if data.startswith(b"%PDF-"):
        return Kind.PDF
    if data.startswith((b"PK\3\4", b"PK\5\6")):
        _refuse(data, _IN_ZIP)
        return Kind.ZIP
    for signature, name, step in _SIGNATURES:
        if data.startswith(signature):
            raise _refusal(name, step)
    if b"%PDF-" in data[:_PDF_HEAD]:
        return Kind.PDF
    return _identify_text(_as_utf_8(data))


def read_file(data: bytes, path: Path) -> Filing:
    """Read a file with the reader for its kind; nothing is proved yet.

    Args:
        data: Its bytes.
        path: Where it is, for a zip, whose members are read one by one.

    Raises:
        ReadError: It is of no known kind, or its reader cannot read it.
    """
    # A process reads one file: it loads one reader, and no native library of another.
    kind = identify(data)
    if kind is Kind.PDF:
        from app.pipeline.read.pdf import read_pdf  # noqa: PLC0415

        return read_pdf(data)
    if kind is Kind.IXBRL:
        from app.pipeline.read.ixbrl import read_ixbrl  # noqa: PLC0415

        return read_ixbrl(data)
    if kind is Kind.XBRL_JSON:
        from app.pipeline.read.xbrl_json import read_xbrl_json  # noqa: PLC0415

        return read_xbrl_json(data)
    if kind is Kind.COMPANYFACTS:
        from app.pipeline.read.companyfacts import read_companyfacts  # noqa: PLC0415

        return read_companyfacts(data)
    from app.pipeline.read.package import Package, read_package  # noqa: PLC0415

    return read_package(Package.from_zip(path))


def read_folder(package: "Package") -> Filing:
    """Read the XBRL or iXBRL report in a folder; nothing is proved yet.

    Raises:
        ReadError: It holds none, or the reader cannot read it.
    """
    from app.pipeline.read.package import read_package  # noqa: PLC0415

    return read_package(package)


def _refusal(name: str, step: str) -> ReadError:
    return ReadError("not_a_report", f"The file is {name}: {step}")


def _refuse(data: bytes, names: tuple[tuple[bytes, str, str], ...]) -> None:
    """Refuse a zip that holds a document: the names of its members are not packed."""
    for member, name, step in names:
        if member in data:
            raise _refusal(name, step)


def _as_utf_8(data: bytes) -> bytes:
    """Return text without its byte order mark; UTF-16 as UTF-8."""
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return data.decode(encoding, errors="replace").encode()
    if data.startswith(b"<\0"):
        return data.decode("utf-16-le", errors="replace").encode()
    return data.removeprefix(b"\xef\xbb\xbf")


def _identify_text(data: bytes) -> Kind:
    """Return the kind of a file of text."""
    head = data[:_HEAD]
    start = head.lstrip()[:1]
    if start in {b"{", b"["}:
        return _identify_json(data)
    if _SUBMISSION.match(head):
        raise _refusal(
            "a whole SEC submission in one text file",
            "give the report of the filing, its .htm file or its zip of XBRL",
        )
    if start == b"<":
        return _identify_markup(data, head)
    if b"\0" in head[:_BINARY_HEAD]:
        raise _refusal("of an unknown kind", _REPORT)
    raise _refusal("plain text", _REPORT)


def _identify_markup(data: bytes, head: bytes) -> Kind:
    """Return the kind of an XML or HTML document."""
    if _INLINE_XBRL.search(data):
        return Kind.IXBRL
    if _INSTANCE.search(head):
        raise _refusal("an XBRL instance without its linkbases", "give the folder that holds both")
    if _LINKBASE.search(head):
        raise _refusal("an XBRL linkbase", _FOLDER)
    if _SCHEMA.search(head):
        raise _refusal("an XBRL or XML schema", _FOLDER)
    if _HTML.search(head):
        raise _refusal(
            "HTML without inline XBRL", "give the iXBRL document of the filing, or save it as PDF"
        )
    raise _refusal("XML, but not XBRL", _REPORT)


def _identify_json(data: bytes) -> Kind:
    """Return the kind of a JSON file without parsing it: its reader does."""
    if _XBRL_JSON.search(data):
        return Kind.XBRL_JSON
    if b'"facts"' in data and _TAXONOMY.search(data):
        return Kind.COMPANYFACTS
    if b'"taxonomy"' in data and b'"units"' in data:
        raise _refusal(
            "one concept of the SEC's data (companyconcept)", "give the company's companyfacts"
        )
    if b'"recentFilings"' in data or b'"filings"' in data[:_HEAD]:
        raise _refusal("a list of SEC submissions", "give the company's companyfacts")
    raise _refusal("JSON, but neither xBRL-JSON nor SEC companyfacts", _REPORT)
