"""Parquet, long: the columns of the long CSV with exact types; needs the extra `parquet`."""

import io
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from app.pipeline.compiled import Compiled, digest_of
from app.pipeline.export.errors import ExportError
from app.pipeline.export.records import COLUMNS, Record, records_of
from app.pipeline.plain import plain

if TYPE_CHECKING:
    import pyarrow as pa

FORM: Final = "long/1"
FIGURES: Final = ("value", "v", "first_v", "read_as")
NARROW: Final = (38, 10)
"""Precision and decimals of figures: what every reader of Parquet knows."""
WIDE: Final = (76, 20)
"""For figures that do not fit: not every reader knows decimals of 256 bits."""
MISSING: Final = (
    "parquet needs pyarrow, which is not installed: run make install in backend/, or pip install "
    "--require-hashes -r requirements/parquet.lock in its environment"
)


def write_parquet(company: str, statements: Sequence[Compiled]) -> bytes:
    """Return all figures of statements; same input, same bytes.

    Args:
        company: Its name.
        statements: One or more, cut to the periods that are wanted.

    Raises:
        ExportError: pyarrow is not installed, or a figure has more than 76 digits.
    """
    try:
        import pyarrow as pa  # noqa: PLC0415 optional, and slow to import
        import pyarrow.parquet as pq  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise ExportError("pyarrow_missing", MISSING) from error
    records = list(records_of(company, statements))
    schema = _schema(pa, records, _metadata(company, statements))
    arrays = [
        pa.array([_value(getattr(each, field.name)) for each in records], field.type)
        for field in schema
    ]
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), buffer, compression="zstd")
    return buffer.getvalue()


def _value(value: Any) -> Any:
    return plain(value) if isinstance(value, str) else value


def _metadata(company: str, statements: Sequence[Compiled]) -> dict[str, str]:
    """Return what a reader needs to tell two files apart: form, company and digests."""
    digests = {f"digest.{each.statement}": digest_of(each.as_json()) for each in statements}
    return {"form": FORM, "company": plain(company), **digests}


def _schema(pa: Any, records: Sequence[Record], metadata: dict[str, str]) -> "pa.Schema":
    text, day, number = pa.string(), pa.date32(), pa.int32()
    special = {
        **dict.fromkeys(("period_start", "period_end", "filed"), day),
        **dict.fromkeys(("fiscal_year", "scale", "page"), number),
        **dict.fromkeys(("verified", "turned", "corrected"), pa.bool_()),
    }
    for name in FIGURES:
        precision, decimals = _size(name, [getattr(each, name) for each in records])
        wide = precision > NARROW[0]
        special[name] = (pa.decimal256 if wide else pa.decimal128)(precision, decimals)
    fields = [pa.field(name, special.get(name, text)) for name in COLUMNS]
    return pa.schema(fields, metadata=metadata)


def _size(name: str, figures: Iterable[Decimal | None]) -> tuple[int, int]:
    """Return precision and decimals that hold each figure exactly."""
    known = [each for each in figures if each is not None]
    for precision, decimals in (NARROW, WIDE):
        if all(_fits(each, precision, decimals) for each in known):
            return precision, decimals
    raise ExportError("too_long", f"a figure in {name} has more digits than parquet: write CSV")


def _fits(figure: Decimal, precision: int, decimals: int) -> bool:
    _, digits, exponent = figure.as_tuple()
    return -int(exponent) <= decimals and len(digits) + int(exponent) <= precision - decimals
