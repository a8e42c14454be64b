"""Tests of XML that is hostile or slightly broken."""

import pytest

from app.pipeline.errors import ReadError
from app.pipeline.read.xml import parse_xhtml, parse_xml

LAUGHS = '<!DOCTYPE a [<!ENTITY l "ha"><!ENTITY m "&l;&l;&l;">]><a>&m;</a>'


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (LAUGHS.encode(), "xml_entities"),
        (LAUGHS.encode("utf-16"), "xml_entities"),
        (LAUGHS.encode("utf-16-le"), "xml_entities"),
        (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "xml_entities"),
        (b'<!DOCTYPE a [<!ATTLIST a b CDATA "c">]><a/>', "xml_dtd"),
        (b'<?xml version="1.0" encoding="UTF-7"?><a/>', "unknown_encoding"),
        (b"\xff\xfe<\x00a\x00>\x00", "not_well_formed"),
        (b"\xff\xfe<\x00a\x00>\x00\xd8", "unknown_encoding"),
        (b"<a>" * 5000 + b"</a>" * 5000, "too_deep"),
        (b"<a><b></a>", "not_well_formed"),
        (b"plain text", "not_well_formed"),
        (b" \n", "empty"),
        (b"", "empty"),
    ],
)
def test_what_cannot_be_parsed_is_one_clear_line(data: bytes, code: str) -> None:
    for parse in (parse_xml, parse_xhtml):
        with pytest.raises(ReadError) as caught:
            parse(data)
        assert caught.value.code == code
        assert "\n" not in str(caught.value)


def test_a_large_document_is_refused_before_it_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.pipeline.read.xml.MAX_BYTES", 100)
    with pytest.raises(ReadError, match="more than") as caught:
        parse_xml(b"<a>" + b" " * 100 + b"</a>")
    assert caught.value.code == "too_large"


def test_a_dtd_of_the_network_is_not_loaded_and_its_character_names_are_known() -> None:
    doctype = b'<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0//EN" "http://example.invalid/x.dtd">'
    root, repaired = parse_xhtml(doctype + b"<html>a&nbsp;b &eacute;</html>")

    assert root.text == "a\u00a0b \u00e9"
    assert repaired is None


def test_unclosed_void_elements_and_bare_ampersands_are_repaired_and_said() -> None:
    root, repaired = parse_xhtml(b'<html><p>Profit &amp; loss<br>A & B<img src="x>y"></p></html>')

    assert "".join(root.itertext()) == "Profit & lossA & B"
    assert repaired is not None
    assert repaired.startswith("line 1")


def test_tags_closed_in_the_wrong_order_are_an_error_and_not_repaired() -> None:
    with pytest.raises(ReadError, match="get the file again"):
        parse_xhtml(b"<html><table><tr><td>1</tr></td></table></html>")


def test_utf_16_is_read() -> None:
    text = '<?xml version="1.0" encoding="utf-16"?><a>\u00e9</a>'
    assert parse_xml(text.encode("utf-16")).text == "\u00e9"
    assert parse_xml(text.encode("utf-16-be")).text == "\u00e9"


def test_pictures_within_the_document_are_left_out() -> None:
    root, _ = parse_xhtml(b'<html><img src="data:image/png;base64,' + b"A" * 1000 + b'"/></html>')
    assert root[0].get("src") == ""


def test_white_space_before_the_declaration_is_passed_over() -> None:
    assert parse_xml(b"\xef\xbb\xbf\r\n <?xml version='1.0' encoding='UTF-8'?><a/>").tag == "a"


@pytest.mark.parametrize(
    "data",
    [
        b"<html><body><table><tr><td>1</td></tr></table></body></html>",
        b"<html xmlns='http://www.w3.org/1999/xhtml'><TABLE><TR><TD>1</TD></TR></TABLE></html>",
    ],
)
def test_elements_of_html_have_the_names_of_xhtml(data: bytes) -> None:
    root, repaired = parse_xhtml(data)

    assert repaired is None
    assert [each.text for each in root.iter("{http://www.w3.org/1999/xhtml}td")] == ["1"]
