"""Parquet: exact types, and one line of advice without pyarrow."""

import io
import sys
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from app.pipeline.compiled import Compiled, digest_of
from app.pipeline.export.errors import ExportError
from app.pipeline.export.parquet import write_parquet
from app.pipeline.export.records import COLUMNS
from tests.helpers.compiled import typed_compiled

INCOME = """
Sales | 298,085 | 316,199 < restated 316,100
% Diluted earnings per share | 6.13 | ?
"""


def table_of(*statements: Compiled) -> Any:
    return pq.read_table(io.BytesIO(write_parquet("Apple Inc.", statements)))


def test_columns_are_those_of_the_long_csv_with_exact_types() -> None:
    table = table_of(typed_compiled("income_statement", INCOME))
    assert tuple(table.schema.names) == COLUMNS
    types = {name: table.schema.field(name).type for name in COLUMNS}
    for name in ("value", "v", "first_v", "read_as"):
        assert types[name] == pa.decimal128(38, 10)
    for name in ("period_start", "period_end", "filed"):
        assert types[name] == pa.date32()
    assert types["verified"] == pa.bool_()
    assert not any(pa.types.is_floating(each) for each in types.values())


def test_figures_dates_and_unknowns_come_back() -> None:
    rows = table_of(typed_compiled("income_statement", INCOME)).to_pylist()
    assert [each["value"] for each in rows] == [
        *(Decimal(298_085_000_000), Decimal(316_199_000_000), Decimal("6.13"), None),
    ]
    assert rows[1]["first_v"] == Decimal(316_100)
    assert rows[0]["period_end"] == date(2024, 12, 31)
    assert rows[0]["accession"] is None


def test_a_figure_of_60_digits_is_kept() -> None:
    compiled = typed_compiled("income_statement", "Sales | 1 | 2")
    figure = Decimal("9" * 40 + "." + "9" * 20)
    compiled.rows[0].cells["2024"].v = figure
    table = table_of(compiled)
    assert table.schema.field("v").type == pa.decimal256(76, 20)
    assert table.column("v").to_pylist() == [figure, 2]


def test_a_figure_of_15_decimals_is_kept() -> None:
    compiled = typed_compiled("income_statement", "% Per share | 1.123456789012345")
    assert table_of(compiled).column("v").to_pylist() == [Decimal("1.123456789012345")]


def test_a_figure_without_a_type_is_an_error_and_not_rounded() -> None:
    compiled = typed_compiled("income_statement", "Sales | 1", scale=60)
    with pytest.raises(ExportError, match="value has more digits") as caught:
        write_parquet("A", [compiled])
    assert caught.value.code == "too_long"


def test_the_file_names_company_form_and_digest() -> None:
    compiled = typed_compiled("income_statement", INCOME)
    metadata = table_of(compiled).schema.metadata
    assert metadata == {
        b"form": b"long/1",
        b"company": b"Apple Inc.",
        b"digest.income_statement": digest_of(compiled.as_json()).encode(),
    }


def test_same_input_gives_same_bytes() -> None:
    statements = [typed_compiled("income_statement", INCOME)]
    assert write_parquet("A", statements) == write_parquet("A", statements)


def test_without_pyarrow_one_line_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ExportError) as caught:
        write_parquet("A", [typed_compiled("income_statement", INCOME)])
    assert caught.value.code == "pyarrow_missing"
    message = str(caught.value)
    assert "pyarrow" in message
    assert "make install" in message
    assert "\n" not in message
