"""Currencies and scales, as headings and notes print them."""

import pytest

from app.pipeline.read.pdf.stated import document_units, resolve_sign
from app.pipeline.read.pdf.units import fold_units, is_lone_currency, read_units


@pytest.mark.parametrize(
    ("text", "currency", "scale"),
    [
        ("\u00a3\u2019000", "GBP", 3),
        ("\u00a3m", "GBP", 6),
        ("\u20ac million", "EUR", 6),
        ("(in \u20ac millions)", "EUR", 6),
        ("Betr\u00e4ge in Mio. \u20ac", "EUR", 6),
        ("in TEUR", "EUR", 3),
        ("T\u20ac", "EUR", 3),
        ("Mrd. EUR", "EUR", 9),
        ("en milliers d'euros", "EUR", 3),
        ("(en M\u20ac)", "EUR", 6),
        ("in duizenden euro's", "EUR", 3),
        ("x \u20ac 1.000", "EUR", 3),
        ("CHF000", "CHF", 3),
        ("CHF 000", "CHF", 3),
        ("in thousands of Swiss francs", "CHF", 3),
        ("Millions of yen", "JPY", 6),
        ("(\u20b9 in crores)", "INR", 7),
        ("\u20b9 in Lakhs", "INR", 5),
        ("HK$'000", "HKD", 3),
        ("RMB million", "CNY", 6),
        ("RM\u2019000", "MYR", 3),
        ("A$m", "AUD", 6),
        ("Rm", "ZAR", 6),
        ("US$\u2019000", "USD", 3),
        ("In millions of U.S. dollars", "USD", 6),
        ("R$ thousand", "BRL", 3),
        ("SEK m", "SEK", 6),
        ("MSEK", "SEK", 6),
        ("NOK 1 000", "NOK", 3),
        ("DKKm", "DKK", 6),
        ("(Tabular amounts are in thousands of Canadian dollars, except per share)", "CAD", 3),
        ("(unless otherwise stated, in millions of euros)", "EUR", 6),
    ],
)
def test_currency_and_scale_are_read(text: str, currency: str, scale: int) -> None:
    found = read_units(fold_units(text))
    assert (found.currency, found.scale) == (currency, scale)


@pytest.mark.parametrize(
    ("text", "sign", "scale"),
    [
        ("$\u2019000", "$", 3),
        ("(dollars in thousands)", "$", 3),
        ("Mkr", "kr", 6),
        ("Rs. crore", "Rs", 7),
        ("\u00a5 million", "\u00a5", 6),
    ],
)
def test_a_sign_of_several_currencies_is_left_to_the_document(
    text: str, sign: str, scale: int
) -> None:
    found = read_units(fold_units(text))
    assert (found.currency, found.sign, found.scale) == (None, sign, scale)


@pytest.mark.parametrize(
    "text",
    [
        "K Wah International Holdings",
        "Million Hope Industries Limited",
        "pour l'exercice clos le 31 mars 2015",
        "M Group plc",
        "Consolidated balance sheet",
    ],
)
def test_names_and_months_state_no_scale(text: str) -> None:
    assert read_units(fold_units(text)).scale is None


@pytest.mark.parametrize(
    ("text", "scale", "shares"),
    [
        ("(In millions, except per share amounts)", 6, 6),
        ("(In thousands, except share and per share data)", 3, 0),
        (
            (
                "(In millions, except number of shares which are reflected in thousands and "
                "per share amounts)"
            ),
            6,
            3,
        ),
    ],
)
def test_the_scale_of_shares_is_read_apart(text: str, scale: int, shares: int) -> None:
    found = read_units(fold_units(text))
    assert (found.scale, found.shares) == (scale, shares)


def test_a_currency_alone_is_a_unit_of_whole_figures() -> None:
    assert is_lone_currency(fold_units("\u00a3"))
    assert is_lone_currency(fold_units("RM"))
    assert not is_lone_currency(fold_units("\u00a3m"))
    assert read_units(fold_units("(in euros)")).whole


def test_a_document_says_the_unit_of_all_its_figures() -> None:
    presented = "the consolidated financial statements are presented in swiss francs (chf)"
    bonds = "bonds denominated in euros were issued, eur 50 million"
    found = document_units([f"{presented}, rounded to the nearest thousand. {bonds}."])
    assert (found.currency, found.scale) == ("CHF", 3)


def test_contradicting_sentences_leave_the_unit_unknown() -> None:
    found = document_units(
        ["all amounts are in thousands of euros.", "all amounts are stated in millions of euros."]
    )
    assert (found.currency, found.scale) == ("EUR", None)


@pytest.mark.parametrize(
    ("text", "code", "how"),
    [
        ("form 10-k washington, d.c. 20549", "USD", "named"),
        ("these statements are presented in canadian dollars. toronto stock exchange", "CAD", None),
        ("all amounts are expressed in australian dollars", "AUD", "named"),
        ("listed on the australian securities exchange (asx)", "AUD", "country"),
        ("a company of which nothing is known", None, None),
    ],
)
def test_a_dollar_is_whose_the_document_says(text: str, code: str | None, how: str | None) -> None:
    found = resolve_sign("$", [text])
    assert found[0] == code
    if how:
        assert found[1] == how
