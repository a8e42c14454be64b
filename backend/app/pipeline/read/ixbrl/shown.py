"""The printed lines of an Inline XBRL document that have tagged figures, wherever they stand."""

from collections import Counter
from collections.abc import Iterator

from app.pipeline.read import versions
from app.pipeline.read.ixbrl.columns import is_money
from app.pipeline.read.ixbrl.divisions import read_blocks
from app.pipeline.read.ixbrl.document import Document, Tag, parse_document
from app.pipeline.read.ixbrl.figures import is_label, is_negative
from app.pipeline.read.ixbrl.layout import Line
from app.pipeline.read.ixbrl.periods import make_period
from app.pipeline.read.ixbrl.regions import Pages
from app.pipeline.statement import Cell, Period, Row, Source, Statement, StatementName
from app.pipeline.verify.confirm import FACTS, worth


def read_tagged_lines(data: bytes, name: StatementName) -> Statement:
    """Return all lines with tagged figures as one list, each with its own scale.

    Raises:
        ReadError: It is no iXBRL, or cannot be parsed.
    """
    document = parse_document(data)
    units = Counter(tag.unit for tag in document.tags if is_money(tag.unit))
    currency = units.most_common(1)[0][0] if units else None
    pages = Pages(document, read_blocks(document))
    periods: dict[object, Period] = {}
    rows: list[Row] = []
    for index in range(len(pages.blocks)):
        for line in pages.lines(index):
            for row in _rows(line, document, currency, periods):
                rows.append(row.model_copy(update={"n": len(rows)}))
    return Statement(
        statement=name,
        framework=None,
        scope=None,
        language=None,
        title=FACTS,
        currency=currency,
        scale=None,
        source=Source(kind="ixbrl", reader=versions.IXBRL),
        periods=list(periods.values()),
        rows=rows,
    )


def _rows(
    line: Line, document: Document, currency: str | None, periods: dict[object, Period]
) -> Iterator[Row]:
    """Yield a row for each concept, unit and set of dimensions of a line."""
    label = " ".join(run.text for run in line.runs if is_label(run))
    found: dict[object, Row] = {}
    for index, run in enumerate(line.runs):
        if is_label(run):
            continue  # facts within a sentence are no figures of a line
        for tag in run.tags:
            if tag.number is None or tag.scale is None or tag.context.end is None:
                continue
            key = tag.concept, tag.context.axes, tag.unit
            row = found.get(key)
            if row is None:
                row = found[key] = Row(
                    n=0,
                    label=label,
                    kind="line",
                    concept=tag.concept,
                    axes=dict(tag.context.axes),
                    unit=None if tag.unit == currency else tag.unit,
                    scale=tag.scale,
                )
            period = _period(tag, document, periods)
            number = -tag.number if is_negative(line.runs, index) and tag.number else tag.number
            row.cells.setdefault(
                period.key,
                Cell(
                    v=worth(number, tag.scale - (row.scale or 0)),
                    printed=run.text,
                    at=tag.id,
                    fact=tag.id,
                    tagged=tag.value,
                ),
            )
    yield from found.values()


def _period(tag: Tag, document: Document, periods: dict[object, Period]) -> Period:
    key = tag.context.start, tag.context.end
    if key not in periods:
        periods[key] = make_period(f"p{len(periods)}", tag.context, None, document)
    return periods[key]
