"""The kind of a file is told by its content; one that is not read is named, with a next step."""

import io
import zipfile

import pytest

from app.pipeline.errors import ReadError
from app.pipeline.read.kind import Kind, identify

INLINE = 'xmlns:a1="http://www.xbrl.org/2013/inlineXBRL"'


def zipped(*names: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, "x" * 1000)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"%PDF-1.7\n", Kind.PDF),
        (b"\xef\xbb\xbf\r\nHTTP header\r\n%PDF-1.4", Kind.PDF),
        (f"<?xml version='1.0'?><html {INLINE}>".encode(), Kind.IXBRL),
        (f"\ufeff<!DOCTYPE html><html {INLINE}>".encode(), Kind.IXBRL),
        (f"<html {INLINE}>".encode("utf-16"), Kind.IXBRL),
        (f"<html {INLINE}>".encode("utf-16-le"), Kind.IXBRL),
        (f"<html><!--{'x' * 100_000}--><div {INLINE}>".encode(), Kind.IXBRL),
        (zipped("META-INF/reportPackage.json", "reports/a.xhtml"), Kind.ZIP),
        (b'{"documentInfo":{"documentType":"https://xbrl.org/2021/xbrl-json"}}', Kind.XBRL_JSON),
        (
            rb'{"documentInfo":{"documentType":"https:\/\/xbrl.org\/2021\/xbrl-json"}}',
            Kind.XBRL_JSON,
        ),
        (b'{"cik":1,"entityName":"A","facts":{"us-gaap":{"Assets":{}}}}', Kind.COMPANYFACTS),
        (b' {"raw_payload": {"facts": {"ifrs-full" : {}}}}', Kind.COMPANYFACTS),
    ],
)
def test_a_report_is_known_by_its_content(data: bytes, kind: Kind) -> None:
    assert identify(data) is kind


@pytest.mark.parametrize(
    ("data", "named", "step"),
    [
        (b"", "is empty", "get it again"),
        (zipped("[Content_Types].xml", "word/document.xml"), "a Word document", "save it as PDF"),
        (zipped("[Content_Types].xml", "xl/workbook.xml"), "an Excel file", "as PDF, iXBRL"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Word or Excel file", "save it as PDF"),
        (b"\x89PNG\r\n\x1a\n", "a picture (PNG)", "a PDF with text"),
        (b"\x1f\x8b\x08", "packed with gzip", "unpack it"),
        (b"<!DOCTYPE html><html><p>Report</p></html>", "HTML without inline XBRL", "the iXBRL"),
        (b"<html xmlns='http://www.w3.org/1999/xhtml'>", "HTML without inline XBRL", "the iXBRL"),
        (b"<xbrli:xbrl xmlns:xbrli='x'>", "an XBRL instance", "give the folder"),
        (b"<?xml version='1.0'?><!-- c --><link:linkbase a='b'>", "an XBRL linkbase", "the folder"),
        (b"<xs:schema a='b'>", "schema", "give the folder"),
        (b"<!DOCTYPE l [<!ENTITY a 'b'>]><l>&a;</l>", "XML, but not XBRL", "give the annual"),
        (b"<SEC-DOCUMENT>0000320193-23-000106.txt", "a whole SEC submission", ".htm"),
        (b'{"taxonomy":"us-gaap","tag":"Assets","units":{}}', "companyconcept", "companyfacts"),
        (b'{"a": 1}', "JSON, but neither", "give the annual"),
        (b"[]", "JSON, but neither", "give the annual"),
        (b"Revenue;1,000\n", "plain text", "give the annual"),
        (b"\0\1\2\3", "of an unknown kind", "give the annual"),
    ],
)
def test_another_file_is_named_with_what_to_do(data: bytes, named: str, step: str) -> None:
    with pytest.raises(ReadError) as refusal:
        identify(data)
    message = str(refusal.value)
    assert named in message
    assert step in message
    assert "\n" not in message
