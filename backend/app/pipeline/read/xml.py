"""Parse XML that may be hostile or slightly broken: no entities, no DTD, no network."""

import re
from html.entities import html5
from typing import Final

from lxml import etree

from app.pipeline.errors import ReadError

MAX_BYTES: Final = 256 * 1024 * 1024

# Every encoding whose markup characters are those of ASCII, so that a scan of the bytes sees
# each declaration; UTF-16 is transcoded first.
_ENCODINGS: Final = re.compile(
    rb"(?:utf-?8|us-ascii|ascii|iso-?8859-\d{1,2}|latin-?1|windows-125\d|cp125\d)", re.IGNORECASE
)
_DECLARED: Final = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([^"']{1,40})["']""")
_DECLARATION: Final = re.compile(rb"^\s*<\?xml[^>]*\?>")
_DOCTYPE: Final = re.compile(rb"<!DOCTYPE[^>\[]*(\[?)", re.IGNORECASE)
_NAMED: Final = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos);)([A-Za-z][A-Za-z0-9]{1,31};)")
_BARE_AMPERSAND: Final = re.compile(rb"&(?!#?[A-Za-z0-9]{1,32};)")
_VOID: Final = re.compile(
    rb"<(area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr)"
    rb"(\s(?:[^<>\"']|\"[^\"]*\"|'[^']*')*?)?(?<!/)>(?!\s*</\1\s*>)"
)
_CAPITALS: Final = re.compile(rb"<(?:TABLE|TR|TD|DIV|SPAN|P)\b")
_XHTML: Final = "{http://www.w3.org/1999/xhtml}"
_EMBEDDED: Final = re.compile(rb"""(["'])data:[a-z][^"'<>]{512,}\1""")


def parse_xml(data: bytes) -> etree._Element:
    """Return the root of a well-formed document.

    Args:
        data: The document in UTF-8, UTF-16 or a Latin encoding.

    Raises:
        ReadError: It declares entities, is not well-formed, or too large or too deep.
    """
    try:
        return _parse(_prepare(data))
    except etree.XMLSyntaxError as error:
        raise _damaged(error) from None


def parse_xhtml(data: bytes) -> tuple[etree._Element, str | None]:
    """Return the root of an XHTML document, and how it was repaired if it was not well-formed.

    Unclosed void elements (`<br>`) and bare ampersands are repaired, for each has one meaning
    only. Any other fault is an error: closing tags in the
    wrong order could move a figure to another row.

    Raises:
        ReadError: As of `parse_xml`.
    """
    if b"data:" in data:
        data = _EMBEDDED.sub(b'""', data)
    data = _prepare(data)
    if _NAMED.search(data):  # legal with a DTD of XHTML, which is never loaded
        data = _NAMED.sub(_numbered, data)
    try:
        return _named(_parse(data), data), None
    except etree.XMLSyntaxError as error:
        first = error
    repaired = _BARE_AMPERSAND.sub(b"&amp;", _VOID.sub(rb"<\1\2/>", data))
    try:
        return _named(_parse(repaired), data), _place(first)
    except etree.XMLSyntaxError as error:
        raise _damaged(error) from None


def _named(root: etree._Element, data: bytes) -> etree._Element:
    """Give the elements of HTML the names of XHTML: in its namespace, and in small letters."""
    if root.tag == f"{_XHTML}html" and not _CAPITALS.search(data):
        return root
    for element in root.iter(etree.Element):
        namespace, _, name = str(element.tag).rpartition("}")
        if f"{namespace}}}" in {"}", _XHTML}:
            element.tag = _XHTML + name.lower()
    return root


def _prepare(data: bytes) -> bytes:
    """Return the bytes in an encoding that can be scanned, after the checks that need no tree."""
    if len(data) > MAX_BYTES:
        raise ReadError(
            "too_large",
            f"The XML has {len(data) >> 20} MB, more than {MAX_BYTES >> 20}: give a smaller file",
        )
    if not data.strip():
        raise ReadError("empty", "The XML is empty: get the file again from its source")
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"} or b"\0" in data[:4]:
        data = _from_utf16(data)
    data = data.removeprefix(b"\xef\xbb\xbf").lstrip()
    declared = _DECLARED.match(data)
    if declared and not _ENCODINGS.fullmatch(declared[1]):
        raise ReadError(
            "unknown_encoding",
            f"The XML is in the encoding {declared[1].decode('ascii', 'replace')!r}: "
            "convert it to UTF-8",
        )
    if b"<!ENTITY" in data:
        raise ReadError(
            "xml_entities",
            "The XML declares entities, which no report needs: give the report as it was filed",
        )
    doctype = _DOCTYPE.search(data, 0, 65536)
    if doctype and doctype[1]:
        raise ReadError(
            "xml_dtd", "The XML carries a DTD of its own: give the report as it was filed"
        )
    return data


def _from_utf16(data: bytes) -> bytes:
    """Return UTF-16 as UTF-8 without its declaration, so that a scan sees what the parser sees."""
    big = data[:1] in {b"\xfe", b"\0"}
    try:
        text = data.decode("utf-16-be" if big else "utf-16-le")
    except UnicodeDecodeError:
        raise ReadError(
            "unknown_encoding", "The XML is damaged UTF-16: get the file again from its source"
        ) from None
    return _DECLARATION.sub(b"", text.lstrip("\ufeff").encode("utf-8", "replace"))


def _parse(data: bytes) -> etree._Element:
    # huge_tree lifts libxml2's limit of 10 MB a text, which pictures in reports exceed; what
    # that limit is against, entities, is refused before.
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=True,
        remove_comments=True,
        remove_pis=True,
    )
    root = etree.fromstring(data, parser)
    if root is None:
        raise ReadError("empty", "The XML is empty: get the file again from its source")
    return root


def _numbered(match: re.Match[bytes]) -> bytes:
    """Return a character's name as its number; an unknown name stays, and fails."""
    text = html5.get(match[1].decode("ascii"))
    return "".join(f"&#{ord(each)};" for each in text).encode() if text else match[0]


def _place(error: etree.XMLSyntaxError) -> str:
    message = " ".join(str(error.msg).split()).split(", line ")[0][:120]
    return f"line {error.lineno}: {message}"


def _damaged(error: etree.XMLSyntaxError) -> ReadError:
    place = _place(error)
    if "depth" in place.lower():
        return ReadError(
            "too_deep", "The XML is nested too deeply: give the report as it was filed"
        )
    return ReadError(
        "not_well_formed",
        f"The XML is damaged ({place}): get the file again from its source",
    )
