"""Names of uploaded files, which are hostile."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.web.file_names import LONGEST, UNNAMED, safe_name


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        (b"Annual report 2024.pdf", "Annual report 2024.pdf"),
        ("Årsredovisning 年報.pdf".encode(), "Årsredovisning 年報.pdf"),
        (b"../../etc/passwd", "passwd"),
        (b"C:\\Users\\a\\report.zip", "report.zip"),
        (b"a\0b.pdf", "ab.pdf"),
        (b"a\r\nb.pdf", "a  b.pdf"),
        ("annual\u202efdp.exe".encode(), "annualfdp.exe"),
        (b"b\xffyte.pdf", "b_yte.pdf"),
        (b"...", UNNAMED),
        (b"", UNNAMED),
        (b"/", UNNAMED),
        (b" . ", UNNAMED),
        (b"\xff\xff", UNNAMED),
        (None, UNNAMED),
        (b'<a href="x">?.html', "_a href=_x___.html"),
    ],
)
def test_a_name_is_its_last_part_without_what_is_not_safe(
    given_name: bytes | None, kept: str
) -> None:
    assert safe_name(given_name) == kept


def test_a_long_name_keeps_its_suffix() -> None:
    name = safe_name(("é" * 300 + ".pdf").encode())
    assert name.endswith("é.pdf")
    assert LONGEST - 1 <= len(name.encode()) <= LONGEST
    assert len(safe_name(b"x." + b"y" * 1000)) == LONGEST


@settings(max_examples=50)
@given(
    st.binary(max_size=400) | st.text(max_size=300).map(lambda each: each.encode(errors="replace"))
)
def test_every_name_is_one_safe_part_of_a_path(name: bytes) -> None:
    kept = safe_name(name)
    assert kept == safe_name(kept.encode())
    assert 0 < len(kept.encode()) <= LONGEST
    assert not set(kept) & set('/\\\0<>:"|?*')
    assert kept not in {".", ".."}
    assert not any(unicodedata.category(each) in {"Cc", "Cf", "Cs"} for each in kept)
