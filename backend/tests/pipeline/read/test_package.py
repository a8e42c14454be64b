"""Tests of zips and folders: names and bytes within limits, and the report among them."""

import io
import os
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from app.pipeline.errors import ReadError
from app.pipeline.read.ixbrl import read_ixbrl
from app.pipeline.read.package import Package, read_package
from tests.pipeline.read.ixbrl_builder import INCOME_ROWS, document, table, tag

REPORT = document("<p>Consolidated income statement</p>", table(*INCOME_ROWS))


def packed(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def write(folder: Path, files: Mapping[str, bytes]) -> Path:
    path = folder / "package.zip"
    path.write_bytes(packed(files))
    return path


def read_all(path: Path) -> None:
    package = Package.from_zip(path)
    for name in package.names:
        package.read(name)


def refusal(path: Path) -> str:
    """Return the code of the error that reading every file of a zip raises."""
    with pytest.raises(ReadError) as caught:
        read_all(path)
    assert "\n" not in str(caught.value)
    return caught.value.code


def test_a_zip_gives_its_files_and_those_of_a_zip_within(tmp_path: Path) -> None:
    inner = packed({"reports/a.xhtml": b"A"})
    path = write(tmp_path, {"inner.zip": inner, "top/b.txt": b"B", "__MACOSX/c": b"", "d/": b""})
    package = Package.from_zip(path)

    assert package.names == ("inner.zip/reports/a.xhtml", "top/b.txt")
    assert [package.read(name) for name in package.names] == [b"A", b"B"]


@pytest.mark.parametrize("name", ["../evil", "/etc/passwd", "a/../../b", "C:/x", "..\\x", "a//b"])
def test_a_name_that_leads_out_of_the_zip_is_refused(tmp_path: Path, name: str) -> None:
    assert refusal(write(tmp_path, {name: b"x"})) == "unsafe_name"


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    assert refusal(write(tmp_path, {"a": b"\0" * (20 << 20)})) == "zip_bomb"


def test_sizes_and_counts_are_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, {f"f{n}": os.urandom(100) for n in range(5)})
    monkeypatch.setattr("app.pipeline.read.package.MAX_MEMBERS", 4)
    assert refusal(path) == "too_many_files"
    monkeypatch.setattr("app.pipeline.read.package.MAX_MEMBERS", 5)
    monkeypatch.setattr("app.pipeline.read.package.MAX_MEMBER_BYTES", 99)
    assert refusal(path) == "too_large"
    monkeypatch.setattr("app.pipeline.read.package.MAX_MEMBER_BYTES", 100)
    monkeypatch.setattr("app.pipeline.read.package.MAX_TOTAL_BYTES", 499)
    assert refusal(path) == "too_large"


def test_a_size_that_the_zip_understates_does_not_unpack_more(tmp_path: Path) -> None:
    data = bytearray(packed({"a": b"x" * 1000}))
    true_size = (1000).to_bytes(4, "little")
    for at in (data.find(true_size), data.rfind(true_size)):
        data[at : at + 4] = (10).to_bytes(4, "little")
    path = tmp_path / "package.zip"
    path.write_bytes(data)
    assert refusal(path) == "damaged_member"


def test_links_and_special_files_in_a_zip_are_refused(tmp_path: Path) -> None:
    for mode in (0o120777, 0o010644):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            member = zipfile.ZipInfo("link")
            member.external_attr = mode << 16
            archive.writestr(member, "/etc/passwd")
        path = tmp_path / "package.zip"
        path.write_bytes(buffer.getvalue())
        assert refusal(path) == "special_file"


def test_an_encrypted_zip_is_refused(tmp_path: Path) -> None:
    data = bytearray(packed({"a": b"x"}))
    data[data.find(b"PK\1\2") + 8] |= 1
    path = tmp_path / "package.zip"
    path.write_bytes(data)
    assert refusal(path) == "encrypted"


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_stands_twice_is_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.xhtml", b"1")
        archive.writestr("a.xhtml", b"2")
    path = tmp_path / "package.zip"
    path.write_bytes(buffer.getvalue())
    assert refusal(path) == "duplicate_name"


def test_a_zip_three_deep_is_refused(tmp_path: Path) -> None:
    inner = packed({"c.zip": packed({"a": b""})})
    assert refusal(write(tmp_path, {"b.zip": inner})) == "nested_zip"


@pytest.mark.parametrize("keep", [slice(0, 100), slice(30, None), slice(0, 0)])
def test_a_truncated_zip_is_one_clear_line(tmp_path: Path, keep: slice) -> None:
    path = write(tmp_path, {"a.xhtml": os.urandom(500)})
    path.write_bytes(path.read_bytes()[keep])
    assert refusal(path) in {"not_a_zip", "damaged_member"}


def test_a_folder_gives_its_files_but_hidden_ones(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.xml").write_bytes(b"B")
    (tmp_path / "a.xml").write_bytes(b"A")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_bytes(b"")
    package = Package.from_folder(tmp_path)

    assert package.names == ("a.xml", "sub/b.xml")
    assert package.read("sub/b.xml") == b"B"


def test_a_folder_with_links_outwards_or_pipes_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "link").symlink_to("/etc/hostname")
    with pytest.raises(ReadError) as caught:
        Package.from_folder(folder)
    assert caught.value.code == "link_outside"
    (folder / "link").unlink()
    os.mkfifo(folder / "pipe")
    with pytest.raises(ReadError) as caught:
        Package.from_folder(folder)
    assert caught.value.code == "special_file"


def test_a_report_package_is_read(tmp_path: Path) -> None:
    files = {
        "base/META-INF/reportPackage.json": b"{}",
        "base/META-INF/taxonomyPackage.xml": b"<x/>",
        "base/reports/report-2022-12-31-en.xhtml": REPORT,
        "base/www.example.com/report_lab-en.xml": b"<x/>",
    }
    filing = read_package(Package.from_zip(write(tmp_path, files)))

    assert filing.kind == "ixbrl"
    assert [each.statement for each in filing.statements] == ["income_statement"]
    assert "several_reports" not in {issue.code for issue in filing.issues}


def test_of_several_reports_the_english_one_is_read_and_the_others_are_named() -> None:
    french = REPORT.replace(b">500<", b">777<").replace(b'xml:lang="en"', b'xml:lang="fr"')
    package = Package.of(
        {
            "x/reports/a-2022-fr.xhtml": french,
            "x/reports/a-2022-en.xhtml": REPORT,
            "x/reports/a-2022-de.xhtml": french,
        }
    )
    filing = read_package(package)

    assert filing.statements[0].rows[0].cells["p0"].v == 500
    issue = next(each for each in filing.issues if each.code == "several_reports")
    assert "a-2022-de.xhtml" in issue.message
    assert "a-2022-fr.xhtml" in issue.message


def test_without_an_english_report_the_first_by_name_is_read() -> None:
    other = REPORT.replace(b">500<", b">777<")
    files = {"b.zip/reports/r-fr.xhtml": other, "a.zip/reports/r-de.xhtml": REPORT}
    filing = read_package(Package.of(files))

    assert filing.statements[0].rows[0].cells["p0"].v == 500


def without_contexts(data: bytes) -> bytes:
    return re.sub(rb"<xbrli:context.*</xbrli:context>", b"", data)


def test_the_documents_of_one_folder_that_share_contexts_are_one_report() -> None:
    main = document("<p>Annual report</p>", tag("ifrs-full:Revenue", "d22", "500"))
    exhibit = without_contexts(REPORT)
    others = {"R2.htm": b"<html/>", "lab.xml": b"<x/>"}
    for files in ({"10k.htm": main, "ex13.htm": exhibit}, {"a.htm": exhibit, "b.htm": main}):
        filing = read_package(Package.of(files | others))
        assert [each.statement for each in filing.statements] == ["income_statement"]
        assert filing.statements[0].rows[0].cells["p0"].tagged == 500_000


def test_reports_of_several_companies_in_one_folder_are_never_mixed() -> None:
    other = REPORT.replace(b"LEI0000000042", b"LEI0000000043").replace(b">500<", b">777<")
    filing = read_package(Package.of({"a.htm": REPORT, "b.htm": other}))

    assert filing.company.identifiers == {"lei": "EXAMPLELEI0000000042"}
    assert filing.statements[0].rows[0].cells["p0"].v == 500
    assert {issue.code for issue in filing.issues} >= {"several_reports"}


def test_a_document_that_redefines_contexts_is_not_read_with_another() -> None:
    other = REPORT.replace(b"2022-12-31", b"2019-12-31").replace(b"2022-01-01", b"2019-01-01")
    filing = read_ixbrl(REPORT, others={"other.htm": other})

    assert {issue.code for issue in filing.issues} >= {"unread_document"}
    assert str(filing.statements[0].periods[0].end) == "2022-12-31"


def test_a_package_without_a_report_is_one_clear_line() -> None:
    with pytest.raises(ReadError) as caught:
        read_package(Package.of({"readme.txt": b"hello", "page.html": b"<html/>"}))
    assert caught.value.code == "no_report"
