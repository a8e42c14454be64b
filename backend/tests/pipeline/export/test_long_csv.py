"""Long CSV: each figure with its worth, its filing and what became of it."""

import csv
import io
from datetime import date

from app.pipeline.compile.view import view_of
from app.pipeline.compiled import Compiled
from app.pipeline.export.long_csv import long_csv
from tests.helpers.compiled import typed_compiled

INCOME = """
# Sales
Products | 298,085* | 316,199 < restated 316,100
= Total | 298,085 | ?
% Diluted earnings per share | 6.13 | 2.97 < split 11.89
^ Shares | 15.5 | (16) ! 61
"""


def records_of(*statements: Compiled) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(long_csv("Apple Inc.", statements), newline="")))


def test_a_figure_names_its_period_unit_and_filing() -> None:
    record = records_of(typed_compiled("income_statement", INCOME))[0]
    assert record == {
        "company": "Apple Inc.",
        "statement": "income_statement",
        "framework": "us-gaap",
        "row": "products",
        "label": "Products",
        "section": "Sales",
        "kind": "line",
        "concept": "",
        "axes": "",
        "period": "2024",
        "fiscal_year": "2024",
        "period_start": "2024-01-01",
        "period_end": "2024-12-31",
        "value": "298085000000",
        "unit": "USD",
        "v": "298085",
        "scale": "6",
        "verified": "false",
        "change": "none",
        "first_v": "298085",
        "turned": "false",
        "unadjusted": "",
        "corrected": "false",
        "read_as": "",
        "because": "",
        "file": "report-2024.pdf",
        "form": "10-K",
        "filed": "2025-02-20",
        "accession": "",
        "sha256": f"{2024:064x}",
        "page": "30",
    }


def test_a_figure_from_before_a_split_names_the_ratio() -> None:
    compiled = typed_compiled("income_statement", "Sales | 5")
    compiled.rows[0].cells["2024"].unadjusted = "4:1"
    assert records_of(compiled)[0]["unadjusted"] == "4:1"


def test_a_restated_figure_keeps_the_first_one() -> None:
    record = records_of(typed_compiled("income_statement", INCOME))[1]
    assert (record["v"], record["first_v"], record["change"]) == ("316199", "316100", "restated")


def test_an_unreadable_figure_is_a_record_without_value() -> None:
    record = records_of(typed_compiled("income_statement", INCOME))[3]
    assert (record["row"], record["v"], record["value"]) == ("total", "", "")


def test_a_figure_that_is_not_stated_is_no_record() -> None:
    assert not records_of(typed_compiled("income_statement", "# Sales\nProducts | "))


def test_a_row_has_its_own_scale_and_unit() -> None:
    per_share, _, shares, _ = records_of(typed_compiled("income_statement", INCOME))[4:]
    assert (per_share["value"], per_share["unit"]) == ("6.13", "USD/share")
    assert (shares["value"], shares["unit"]) == ("15500", "shares")


def test_the_worth_of_a_figure_of_unknown_scale_is_unknown() -> None:
    record = records_of(typed_compiled("income_statement", INCOME, scale=None))[0]
    assert (record["v"], record["scale"], record["value"]) == ("298085", "", "")


def test_a_correction_keeps_what_was_read() -> None:
    record = records_of(typed_compiled("income_statement", INCOME))[7]
    assert (record["v"], record["corrected"], record["read_as"]) == ("-16", "true", "61")
    assert record["because"] == "misread"


def test_a_turned_sign_is_told_and_the_first_figure_has_its_own() -> None:
    compiled = typed_compiled("cash_flow_statement", "Capital expenditure | (5)")
    compiled.rows[0].cells["2024"].turned = True
    record = records_of(compiled)[0]
    assert (record["v"], record["turned"], record["first_v"]) == ("-5", "true", "5")


def test_dimensions_and_the_newest_concept_are_named() -> None:
    compiled = typed_compiled("income_statement", "Sales | 1")
    compiled.rows[0].axes = {"srt:ProductAxis": "us-gaap:ProductMember", "a:B": "c:D"}
    compiled.rows[0].concepts = ["us-gaap:Revenues", "us-gaap:SalesRevenueNet"]
    record = records_of(compiled)[0]
    assert record["axes"] == "a:B=c:D; srt:ProductAxis=us-gaap:ProductMember"
    assert record["concept"] == "us-gaap:Revenues"


def test_texts_of_a_file_are_no_formulas() -> None:
    compiled = typed_compiled("income_statement", "Sales | 1")
    compiled.inputs[0].file = "=cmd.pdf"
    compiled.inputs[0].form = "@10-K"
    compiled.periods[0].end = date(2024, 9, 28)
    record = records_of(compiled)[0]
    assert (record["file"], record["form"]) == ("'=cmd.pdf", "'@10-K")


def test_in_the_original_view_the_first_figure_is_the_one_shown() -> None:
    shown = view_of(typed_compiled("income_statement", INCOME), view="original")
    record = records_of(shown)[1]
    assert (record["v"], record["first_v"], record["change"]) == ("316100", "316100", "restated")
    assert record["file"] == "report-2023.pdf"
