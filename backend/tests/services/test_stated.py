"""Readings made elsewhere as they arrive: in the form, within bounds, and exactly as written."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.pipeline.statement import Statement
from app.services.stated import BadReadingError, read_stated
from tests.helpers.accounts import income

SHA256 = "a" * 64


def body(**changes: Any) -> dict[str, Any]:
    """Return a reading as JSON."""
    written = income().as_json()
    written["source"] = {"kind": "manual", "reader": "ada", "sha256": SHA256, "pages": [1]}
    return {**written, **changes}


def read(value: Any) -> Statement:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return read_stated(data, "income_statement")


def refused(value: Any) -> BadReadingError:
    with pytest.raises(BadReadingError) as caught:
        read(value)
    return caught.value


def source(**changes: Any) -> dict[str, Any]:
    return body(source={**body()["source"], **changes})


def period(**changes: Any) -> dict[str, Any]:
    return body(periods=[{**body()["periods"][0], **changes}, body()["periods"][1]])


def row(**changes: Any) -> dict[str, Any]:
    rows = body()["rows"]
    return body(rows=[{**rows[0], **changes}, *rows[1:]])


def cell(text: str) -> bytes:
    """Return a reading with a figure as it is written in JSON."""
    return json.dumps(row(cells={"p0": {"v": "@"}})).replace('"@"', text).encode()


def test_a_reading_is_taken_as_it_is_written() -> None:
    read_as = read(body())
    assert read_as.as_json()["rows"] == body()["rows"]
    assert (read_as.source.reader, read_as.periods[0].days) == ("ada", 365)


FIGURES = st.decimals(allow_nan=False, allow_infinity=False, places=20).filter(
    lambda v: abs(v) < Decimal(10) ** 40
) | st.integers(-(10**40) + 1, 10**40 - 1).map(Decimal)


@settings(deadline=None)
@given(v=FIGURES, label=st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), max_size=99))
def test_every_figure_and_label_is_kept_exactly(v: Decimal, label: str) -> None:
    text = format(v, "f")
    kept = read(row(label=label, cells={"p0": {"v": text}})).as_json()["rows"][0]
    assert (kept["cells"]["p0"]["v"], kept["label"]) == (text if v else text.lstrip("-"), label)


@pytest.mark.parametrize(
    "figure",
    [
        *("NaN", "Infinity", "-Infinity", "1e999999", "1.5", "true", '"1e5"', '"NaN"', '"\uff11"'),
        *('""', '" 1"', '"1,000"', '"0x10"', '"1_000"', f'"{"9" * 400}"', "9" * 400, "9" * 5000),
        *(f'"0.{"1" * 21}"', "[1]", "{}"),
    ],
    ids=lambda text: text[:12],
)
def test_what_is_no_figure_is_refused(figure: str) -> None:
    assert refused(cell(figure)).code in {"bad_json", "invalid_statement"}


@pytest.mark.parametrize("figure", ["7", '"7"', '"-0.50"', "null", '"007"'])
def test_figures_are_strings_or_whole_numbers(figure: str) -> None:
    assert read(cell(figure)).rows[0].cells["p0"].v in {Decimal(7), Decimal("-0.50"), None}


@pytest.mark.parametrize(
    "text",
    ["\0", "\ud800", "\u202e", "\u2066", "\u200f", "\x1b", "\n", "\u2028", "\x85"],
    ids=lambda text: f"{ord(text):x}",
)
def test_text_that_hides_or_damages_is_refused(text: str) -> None:
    assert refused(row(label=f"Rev{text}enue")).code == "bad_json"
    assert refused(body(title=f"A{text}")).code == "bad_json"
    assert refused({**body(), f"x{text}": 1}).code == "bad_json"


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"{", b"[]", b"null", b"1", b'"x"', b"\xff", b"\xef\xbb\xbf{}", b"{}{}"),
        *(b"[" * 100_000, b'{"a":' * 100_000, b'{"rows": []}', b'{"a": 1, "a": 1}'),
        json.dumps(body()).replace('"p0":', '"p1":').encode(),
        json.dumps(body(note=json.loads("[" * 40 + "]" * 40))).encode(),
    ],
    ids=range(15),
)
def test_hostile_json_is_refused(data: bytes) -> None:
    assert refused(data).code in {"bad_json", "invalid_statement"}


@pytest.mark.parametrize(
    ("value", "where"),
    [
        (body(statement="balance_sheet"), "statement"),
        (body(schema="compiled/1"), "schema"),
        (body(extra=1), "extra"),
        (body(currency="usd"), "currency"),
        (body(framework="x" * 99), "framework"),
        (body(scale=99), "scale"),
        (body(scale="6"), "scale"),
        (body(title="x" * 1001), "title"),
        (source(kind="pdf"), "source.kind"),
        (source(reader=""), "source.reader"),
        (source(reader="x" * 101), "source.reader"),
        (source(reader="PDF-Geometry/9"), "source.reader"),
        (source(sha256=None), "source.sha256"),
        (source(pages=[0]), "source.pages"),
        (source(pages=[1, 1]), "source.pages"),
        (source(pages=[10**9]), "source.pages"),
        (period(key="p1"), "periods.1.key"),
        (period(start="2024-01-01"), "periods.0.start"),
        (period(end="0001-01-01"), "periods.0.end"),
        (period(end="9999-12-31"), "periods.0.end"),
        (period(end=19000), "periods.0.end"),
        (period(days=3), "periods.0.days"),
        (period(fiscal_year=10**6), "periods.0.fiscal_year"),
        (body(periods=[body()["periods"][0], {**body()["periods"][0], "key": "x"}]), "periods.1"),
        (row(n=5), "rows.0.n"),
        (row(label="x" * 1001), "rows.0.label"),
        (row(section=["x"] * 21), "rows.0.section"),
        (row(kind="heading"), "rows.0.cells"),
        (row(cells={"p9": {"v": "1"}}), "rows.0.cells"),
        (row(cells={"p0": {"v": "1", "printed": "1" * 201}}), "rows.0.cells"),
        (row(scale=10**9), "rows.0.scale"),
        (body(rows=[]), "rows"),
        (body(rows=[body()["rows"][0]] * 501), "rows"),
        (body(periods=[body()["periods"][0]] * 21), "periods"),
        (body(issues=[{"code": "reader_note", "message": "x", "row": 99}]), "issues"),
        (body(skipped=[{"text": "x" * 5001, "reason": "note"}]), "skipped.0.text"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_out_of_bounds_is_refused_with_its_place(value: Any, where: str) -> None:
    error = refused(value)
    assert where in [each[0] for each in error.faults], error.faults
    assert len(str(error)) < 300


@pytest.mark.parametrize("number", [501, pytest.param(1_000_000, marks=pytest.mark.slow)])
def test_a_million_rows_are_refused_before_they_are_looked_at(number: int) -> None:
    rows = b",".join([b"{ }"] * number)
    assert refused(b'{"rows":[' + rows + b"]}").code == "too_large"


def test_claims_of_proof_need_no_sense_since_they_are_discarded() -> None:
    claims = [{"id": "e0", "total": 10**9, "terms": [[7, -1]], "diff": {"p0": "NaN"}}]
    kept = read(body(equations=claims, checks={"status": "verified"}))
    assert (kept.equations, kept.checks) == ([], None)
