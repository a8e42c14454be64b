"""The language of a document."""

import pytest

from app.pipeline.read.pdf.language import find_language, fold, is_other_script, is_read


@pytest.mark.parametrize(
    ("sentence", "language", "read"),
    [
        ("The statements of the group are presented in euros, and to the nearest million.",
         "en", True),
        ("Der Abschluss der Gesellschaft ist nach den Regeln und von der Leitung aufgestellt.",
         "de", True),
        ("Les \u00e9tats de la soci\u00e9t\u00e9 sont dans les comptes du groupe et en euros.",
         "fr", True),
        ("De jaarrekening van het bedrijf is opgesteld met de regels en door het bestuur.",
         "nl", True),
        ("Los estados financieros de la sociedad y las cuentas por el ejercicio con sus notas.",
         "es", False),
    ],
)  # fmt: skip
def test_a_language_is_told_by_its_function_words(
    sentence: str, language: str, *, read: bool
) -> None:
    found = find_language(fold(" ".join([sentence] * 10)))
    assert (found, is_read(found)) == (language, read)


def test_another_script_is_told() -> None:
    assert is_other_script(["\u6c7a\u7b97\u5831\u544a\u66f8 \u9023\u7d50\u8ca1\u52d9"])
    assert not is_other_script(["Consolidated balance sheet"])


def test_text_is_folded_for_comparison() -> None:
    assert (
        fold("\u00c9tat\u00a0financier \u2019000 \u2212 pro\ufb01t")
        == "etat financier '000 - profit"
    )
