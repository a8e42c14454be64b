"""Names of one company are told from names of two."""

import pytest

from app.services.company_names import clean_name, is_part_of, is_same_name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("APPLE INC", "Apple Inc."),
        ("ASML HOLDING NV", "ASML Holding N.V."),
        ("3M Company", "3M CO"),
        ("AT&T Inc.", "AT & T INC"),
        ("The Procter & Gamble Company", "PROCTER AND GAMBLE CO"),
        ("BANK OF AMERICA CORP /DE/", "Bank of America Corporation"),
        ("Société Générale S.A.", "SOCIETE GENERALE"),
        ("Eni S.p.A.", "ENI SPA"),
        ("SAP AG", "SAP SE"),
        ("A.P. Møller - Mærsk A/S", "AP MOLLER MAERSK AS"),
        ("Ørn A/S", "Orn AS"),
        ("Großbank AG", "GROSSBANK Aktiengesellschaft"),
        ("Coca-Cola Co", "COCA COLA CO"),
        ("CocaCola", "Coca Cola"),
        ("McDonald\N{RIGHT SINGLE QUOTATION MARK}s Corp", "MCDONALDS CORPORATION"),
        ("International Business Machines Corporation", "IBM"),
        ("Nestlé Group", "Nestlé S.A."),
        ("Compagnie Financière Tradition", "Compagnie Financiere Tradition SA"),
        ("The Limited Company", "The Limited Company"),
        ("Swiss Water Decaffeinated Coffee", "Swiss Water Decaffeinated Cofee"),
        ("トヨタ自動車株式会社", "トヨタ自動車株式会社"),
    ],
)
def test_one_company(one: str, other: str) -> None:
    assert is_same_name(one, other)
    assert is_same_name(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Apple Inc.", "Netflix, Inc."),
        ("Siemens AG", "Siemens Energy AG"),
        ("Toyota Motor Corporation", "Toyota Motor Credit Corporation"),
        ("Facebook, Inc.", "Meta Platforms, Inc."),
        ("Kia", "Kio"),
        ("Real Estate Fund 1", "Real Estate Fund 2"),
        ("Acme Insurance", "Acme Assurance"),
        ("Delta", "Delta Air Lines"),
        ("Holding AG", "Company Inc"),
        ("", "Apple"),
        ("トヨタ自動車株式会社", "ソニー株式会社"),
    ],
)
def test_two_companies(one: str, other: str) -> None:
    assert not is_same_name(one, other)
    assert not is_same_name(other, one)


def test_a_short_name_is_part_of_a_name() -> None:
    assert is_part_of("Costco", "Costco Wholesale Corporation")
    assert is_part_of("ibm", "International Business Machines")
    assert not is_part_of("Microsoft", "Apple Inc.")


def test_a_name_is_one_line_of_printable_characters() -> None:
    assert clean_name(" Acme\n\x1b[31m\0 Inc\udcff \u202e") == "Acme [31m Inc"
    assert clean_name("\n\0") is None
    assert clean_name(None) is None
    assert clean_name("x" * 1000) == "x" * 200
