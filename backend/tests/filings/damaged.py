"""Files that are broken, empty or hostile: what a reader of other people's files is given.

`BROKEN` has a maker for each file name; none takes more than a second.
"""

import io
import json
import os
import struct
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from tests.filings.layout import Layout
from tests.filings.pdf import make_report

_IX = (
    'xmlns="http://www.w3.org/1999/xhtml" xmlns:ix="http://www.xbrl.org/2013/inlineXBRL" '
    'xmlns:xbrli="http://www.xbrl.org/2003/instance" '
    'xmlns:ixt="http://www.xbrl.org/inlineXBRL/transformation/2020-02-12" '
    'xmlns:iso4217="http://www.xbrl.org/2003/iso4217" '
    'xmlns:ifrs-full="https://xbrl.ifrs.org/taxonomy/2022-03-24/ifrs-full"'
)
_CONTEXT = """<ix:header><ix:resources>
<xbrli:context id="c"><xbrli:entity><xbrli:identifier scheme="x">1</xbrli:identifier></xbrli:entity>
<xbrli:period><xbrli:instant>2022-12-31</xbrli:instant></xbrli:period></xbrli:context>
<xbrli:unit id="u"><xbrli:measure>iso4217:EUR</xbrli:measure></xbrli:unit>
</ix:resources></ix:header>"""


def _plain_report() -> bytes:
    return make_report(1, Layout()).data


def encrypted_pdf(*, owner_only: bool = False) -> bytes:
    """Return a PDF that needs a password, or one that only restricts printing."""
    buffer = io.BytesIO()
    user = "" if owner_only else "secret"
    canvas = Canvas(buffer, encrypt=StandardEncryption(user, ownerPassword="owner"))
    canvas.drawString(72, 700, "Consolidated income statement 2022 2021 Revenue 1,234 1,100")
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def many_pages(pages: int = 5000, text: str = "Revenue 1,234 1,100") -> bytes:
    """Return a PDF of many pages that share one content, written by hand since that is fast."""
    content = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode()
    kids = b" ".join(b"%d 0 R" % (5 + page) for page in range(pages))
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
    page += b"/Resources<</Font<</F1 3 0 R>>>>>>"
    return write_pdf(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Count %d/Kids[%s]>>" % (pages, kids),
            b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
            b"<</Length %d>>\nstream\n%s\nendstream" % (len(content), content),
            *[page] * pages,
        ]
    )


def write_pdf(objects: list[bytes]) -> bytes:
    """Return a PDF of the given objects, the first of which is its catalogue."""
    out = bytearray(b"%PDF-1.4\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for place in places:
        out += b"%010d 00000 n \n" % place
    size = len(objects) + 1
    out += b"trailer <</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (size, start)
    return bytes(out)


def looping_pages() -> bytes:
    """Return a PDF whose tree of pages is its own child."""
    return write_pdf(
        [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Count 9/Kids[2 0 R]/Parent 2 0 R>>"]
    )


def huge_page() -> bytes:
    """Return a PDF with a page of 14 million points: a picture of it would fill all memory."""
    return write_pdf(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 14400000 14400000]>>",
        ]
    )


def textless_pdf() -> bytes:
    """Return a scanned report: pictures only."""
    return make_report(1, Layout(scanned=True)).data


def foreign_pdf() -> bytes:
    """Return statements in Finnish, which is not read."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, invariant=1)
    titles = ("Konsernin tuloslaskelma", "Konsernin tase", "Konsernin rahavirtalaskelma")
    labels = ("Liikevaihto", "Liiketoiminnan muut tuotot", "Materiaalit ja palvelut", "Poistot")
    for title in titles:
        canvas.setFont("Helvetica", 10)
        canvas.drawString(60, 760, f"{title}, miljoonaa euroa")
        canvas.drawRightString(420, 740, "2022")
        canvas.drawRightString(500, 740, "2021")
        for at, label in enumerate((*labels, "Liikevoitto"), 1):
            canvas.drawString(60, 740 - 14 * at, label)
            canvas.drawRightString(420, 740 - 14 * at, f"{at * 117}")
            canvas.drawRightString(500, 740 - 14 * at, f"{at * 109}")
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def write_sparse(path: Path, size: int = 2 << 30) -> None:
    """Write a "PDF" of two gigabytes that takes no room on the disk."""
    path.write_bytes(b"%PDF-1.7\n")
    os.truncate(path, size)


def xml_bomb() -> bytes:
    """Return a billion laughs: entities of entities, in what claims to be iXBRL."""
    entities = '<!ENTITY a0 "ha">' + "".join(
        f'<!ENTITY a{at} "{f"&a{at - 1};" * 10}">' for at in range(1, 10)
    )
    return (
        f"<?xml version='1.0'?><!DOCTYPE html [{entities}]>"
        f"<html {_IX}><body>{_CONTEXT}<p>&a9;</p></body></html>"
    ).encode()


def quadratic_bomb() -> bytes:
    """Return one long entity that is used many times: no nesting, and 5 GB."""
    entity = "x" * 100_000
    return (
        f"<?xml version='1.0'?><!DOCTYPE html [<!ENTITY a '{entity}'>]>"
        f"<html {_IX}><body>{_CONTEXT}<p>{'&a;' * 50_000}</p></body></html>"
    ).encode()


def external_entity(target: str = "file:///etc/hostname") -> bytes:
    """Return iXBRL whose figure is the content of another file."""
    return (
        f"<?xml version='1.0'?><!DOCTYPE html [<!ENTITY secret SYSTEM '{target}'>]>"
        f"<html {_IX}><body>{_CONTEXT}<p>&secret;<ix:nonFraction name='ifrs-full:Assets' "
        "contextRef='c' unitRef='u' decimals='0'>&secret;</ix:nonFraction></p></body></html>"
    ).encode()


def deep_html(depth: int = 200_000) -> bytes:
    """Return elements in elements, deeper than any stack."""
    return f"<html {_IX}><body>{'<div>' * depth}{'</div>' * depth}</body></html>".encode()


def ixbrl_figure(text: str, **attributes: str) -> bytes:
    """Return iXBRL with one fact, `Assets`, of any text, scale or format."""
    written = "".join(f" {name}='{value}'" for name, value in attributes.items())
    return (
        f"<?xml version='1.0'?><html {_IX}><body>{_CONTEXT}<table><tr><td>Total assets</td><td>"
        f"<ix:nonFraction name='ifrs-full:Assets' contextRef='c' unitRef='u' decimals='0'{written}>"
        f"{text}</ix:nonFraction></td></tr></table></body></html>"
    ).encode()


def xbrl_json(value: str) -> bytes:
    """Return xBRL-JSON with one fact whose value is the JSON text given."""
    head = {"documentType": "https://xbrl.org/2021/xbrl-json", "namespaces": {}}
    dimensions = {
        "concept": "ifrs-full:Assets",
        "entity": "scheme:1",
        "period": "2023-01-01T00:00:00",
        "unit": "iso4217:EUR",
    }
    fact = f'{{"value": {value}, "decimals": 0, "dimensions": {json.dumps(dimensions)}}}'
    return f'{{"documentInfo": {json.dumps(head)}, "facts": {{"f1": {fact}}}}}'.encode()


def zipped(members: Mapping[str, bytes]) -> bytes:
    """Return a zip of members, whose names may be anything."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def zip_bomb(size: int = 200 << 20) -> bytes:
    """Return a zip of 200 kB whose one member is 200 MB of spaces."""
    return zipped({"META-INF/reportPackage.json": b"{}", "reports/report.xhtml": b" " * size})


def nested_zip_bomb(depth: int = 6) -> bytes:
    """Return zips in zips, each with ten of the next."""
    data = zipped({"report.xhtml": b" " * (1 << 20)})
    for _ in range(depth):
        data = zipped({f"{number}.zip": data for number in range(10)})
    return data


def crowded_zip(members: int = 20_000) -> bytes:
    """Return a zip of very many small members."""
    return zipped({f"reports/{number}.xhtml": b"x" for number in range(members)})


def lying_zip() -> bytes:
    """Return a zip whose directory says that a member of 50 MB has 10 bytes."""
    data = bytearray(zipped({"reports/report.xhtml": b" " * (50 << 20)}))
    directory = data.rindex(b"PK\x01\x02")
    struct.pack_into("<I", data, directory + 24, 10)
    return bytes(data)


def encrypted_zip() -> bytes:
    """Return a zip whose member is marked as encrypted."""
    data = bytearray(zipped({"reports/report.xhtml": b"<html/>"}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.rindex(signature) + offset] |= 1
    return bytes(data)


def linked_zip() -> bytes:
    """Return a zip whose report is a symbolic link to a file outside."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        info = zipfile.ZipInfo("reports/report.xhtml")
        info.create_system = 3
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/hostname")
    return buffer.getvalue()


_HTML = b"<!DOCTYPE html><html><head><title>News</title></head><body><p>Hello</p></body></html>"

BROKEN: Mapping[str, Callable[[], bytes]] = {
    "empty.pdf": lambda: b"",
    "encrypted.pdf": encrypted_pdf,
    "truncated.pdf": lambda: _plain_report()[:4000],
    "header-only.pdf": lambda: b"%PDF-1.7\n",
    "zeros.pdf": lambda: bytes(100_000),
    "textless.pdf": textless_pdf,
    "many-pages.pdf": many_pages,
    "looping-pages.pdf": looping_pages,
    "huge-page.pdf": huge_page,
    "finnish.pdf": foreign_pdf,
    "html-inside.pdf": lambda: _HTML,
    "pdf-inside.html": _plain_report,
    "no-ixbrl.html": lambda: _HTML,
    "binary.xhtml": lambda: bytes(range(256)) * 40,
    "half.xhtml": lambda: ixbrl_figure("1,234")[:-60],
    "bomb.xhtml": xml_bomb,
    "quadratic.xhtml": quadratic_bomb,
    "external.xhtml": external_entity,
    "deep.xhtml": deep_html,
    "huge-scale.xhtml": lambda: ixbrl_figure("1", scale="400"),
    "absurd-scale.xhtml": lambda: ixbrl_figure("1", scale="999999999"),
    "word-scale.xhtml": lambda: ixbrl_figure("1", scale="three"),
    "nan.xhtml": lambda: ixbrl_figure("NaN"),
    "unknown-format.xhtml": lambda: ixbrl_figure("1.234", format="ixt:num-klingon"),
    "nothing.json": lambda: b'{"hello": "world"}',
    "empty.json": lambda: b"{}",
    "half.json": lambda: b'{"documentInfo": {"documentType": "https://xb',
    "deep.json": lambda: b"[" * 100_000,
    "nan.json": lambda: xbrl_json("NaN"),
    "huge.json": lambda: xbrl_json('"1e400"'),
    "digits.json": lambda: xbrl_json('"' + "9" * 5000 + '"'),
    "slip.zip": lambda: zipped({"../../evil.xhtml": _HTML, "/etc/evil.xhtml": _HTML}),
    "bomb.zip": zip_bomb,
    "nested-bomb.zip": nested_zip_bomb,
    "crowded.zip": crowded_zip,
    "lying.zip": lying_zip,
    "encrypted.zip": encrypted_zip,
    "linked.zip": linked_zip,
    "no-report.zip": lambda: zipped({"readme.txt": b"hello"}),
    "half.zip": lambda: zipped({"reports/report.xhtml": b"<html/>" * 50})[:60],
    "picture.png": lambda: b"\x89PNG\r\n\x1a\n" + bytes(50),
    "notes.txt": lambda: b"Revenue 1,234\n",
}
"""By file name: what makes its content. The name's extension is wrong for some of them."""
