"""The JSON that a process keeps."""

from app.api.rendered import Rendered
from app.api.statement_formats import Asked


def test_it_is_found_by_statement_options_and_digest() -> None:
    kept = Rendered()
    kept.keep("income_statement", Asked(), "a", b"1")
    kept.keep("income_statement", Asked(years=3), "b", b"2")
    kept.keep("income_statement", Asked(), "c", b"3")
    assert kept.digests("income_statement", Asked()) == ["a", "c"]
    assert kept.digests("balance_sheet", Asked()) == []
    assert kept.get("income_statement", Asked(years=3), "b") == b"2"
    assert kept.get("income_statement", Asked(years=3), "a") is None


def test_what_was_asked_for_longest_ago_is_forgotten() -> None:
    kept = Rendered(most=2)
    for digest in ("a", "b"):
        kept.keep("income_statement", Asked(), digest, b"1")
    kept.get("income_statement", Asked(), "a")
    kept.keep("income_statement", Asked(), "c", b"1")
    assert kept.digests("income_statement", Asked()) == ["a", "c"]


def test_its_size_is_bounded() -> None:
    kept = Rendered(most_bytes=100)
    for number in range(50):
        kept.keep("income_statement", Asked(), "same", b"x" * 10)  # replaced, and counted once
        kept.keep("income_statement", Asked(), str(number), b"x" * 10)
    assert len(kept.digests("income_statement", Asked())) == 10
    kept.keep("income_statement", Asked(), "big", b"x" * 11)
    assert kept.get("income_statement", Asked(), "big") is None
