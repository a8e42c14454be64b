"""Where a figure comes from: its filing and place, its proof, what other filings state.

All of it is told by a compiled statement and the readings of its filings; nothing is looked up
elsewhere, and nothing is guessed.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Final, Literal

from app.pipeline.compile.units import power_of
from app.pipeline.compiled import (
    Change,
    Compiled,
    CompiledCell,
    CompiledPeriod,
    CompiledRow,
    Input,
    Place,
)
from app.pipeline.statement import Cell, Equation, Row, SourceKind, Statement
from app.services.change_words import describe_change
from app.services.origin_form import (
    OfFiling,
    OfPlace,
    Origin,
    Proof,
    SecondReading,
    SignRule,
    StatedBy,
    Term,
)

EXACT: Final = Context(prec=200)
UNPRINTED: Final[frozenset[SourceKind]] = frozenset({"xbrl_json", "companyfacts"})
"""Kinds that have facts, and no printed signs."""
_WEEK: Final = 7
"""Days by which the ends of one fiscal year may differ between two readings of a filing."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of an input: the id of its document, and the statement that was read in it."""

    document: int
    statement: Statement


def explain(  # noqa: PLR0913 each is a part of the question
    latest: Compiled,
    shown: Compiled,
    row: CompiledRow,
    period: CompiledPeriod,
    *,
    company: str,
    kept: Mapping[int, Kept],
    view: Literal["latest", "original"] = "latest",
) -> Origin:
    """Return where a figure comes from.

    Args:
        latest: The compiled statement, whose cells have every filing.
        shown: The same, with the figures of the view.
        row: Of `latest`; in `shown` it has a cell in the period.
        period: Of `latest`.
        company: Its name.
        kept: By number of the input; those that are missing are told without it.
        view: Which of the filings gives the figure.
    """
    position = next(n for n, each in enumerate(latest.rows) if each.id == row.id)
    cell = shown.rows[position].cells[period.key]
    scale = scale_of(latest, row)
    return Origin(
        company=company,
        statement=latest.statement,
        framework=latest.framework,
        line=row.id,
        label=row.label,
        section=row.section,
        kind=row.kind,
        period=period.key,
        period_label=period.label,
        start=period.start,
        end=period.end,
        view=view,
        v=cell.v,
        unit=row.unit or latest.currency,
        scale=scale,
        value=None if cell.v is None or scale is None else scaled(cell.v, scale),
        verified=cell.verified,
        checkable=row.kind in {"line", "total"},
        change=cell.change,
        filing=filing_of(latest, cell.input, kept),
        place=_place_of(cell, row, kept.get(cell.input)),
        proofs=[
            *_proofs_of(shown, position, period.key),
            *_own_proofs(cell, kept.get(cell.input)),
        ],
        history=list(_history_of(latest, row, period.key, cell.input, kept)),
        second_readings=list(_second_readings_of(latest, row, period, kept)),
        corrected=cell.corrected,
        notes=[
            each.message
            for each in latest.issues
            if each.row in {None, position} and each.period in {None, period.key}
        ],
    )


def scale_of(compiled: Compiled, row: CompiledRow) -> int | None:
    """Return the power of ten of a row's figures."""
    return compiled.scale if row.scale is None else row.scale


def scaled(value: Decimal, scale: int) -> Decimal:
    """Return value x 10^scale, exactly."""
    return EXACT.scaleb(value, scale)


def filing_of(compiled: Compiled, number: int, kept: Mapping[int, Kept]) -> OfFiling:
    """Return an input of a compiled statement as a filing."""
    one = compiled.inputs[number]
    return OfFiling(
        document=kept[number].document if number in kept else None,
        file=one.file,
        form=one.form,
        fiscal_year=one.fiscal_year,
        filed=one.filed,
        kind=one.kind,
        reader=one.reader,
        sha256=one.sha256,
        accession=one.accession,
        status=one.status,
    )


def _place_of(place: CompiledCell, row: CompiledRow, kept: Kept | None) -> OfPlace:
    """Return where a figure stands, with what only the reading of the filing tells."""
    label = next((each.label for each in row.labels if place.input in each.inputs), row.label)
    found = OfPlace(
        page=place.page,
        at=place.at,
        printed=place.printed,
        label=label,
        turned=place.turned,
        unconfirmed=bool(place.unconfirmed),
    )
    if kept is None:
        return found
    source = next((each for each in kept.statement.rows if each.n == place.row), None)
    if source is None:
        return found
    found.label, found.section, found.note = source.label, source.section, source.note
    found.concept, found.axes = source.concept, source.axes
    cell = source.cells.get(place.period)
    if cell is not None:
        scale = kept.statement.scale if source.scale is None else source.scale
        found.fact, found.tagged = cell.fact, cell.tagged
        if kept.statement.source.kind not in UNPRINTED:
            found.sign = sign_rule(cell, scale)
    return found


def sign_rule(cell: Cell, scale: int | None) -> SignRule | None:
    """Return how a printed figure follows from its tag; None where it has no tag."""
    if cell.tagged is None or cell.v is None or scale is None:
        return None
    value = scaled(cell.v, scale)
    if value == cell.tagged:
        return "as_tagged"
    if value == -cell.tagged:
        return "negated"
    exponent = cell.v.as_tuple().exponent
    step = scaled(Decimal(1), scale + (exponent if isinstance(exponent, int) else 0))
    if abs(value - cell.tagged) < step:
        return "rounded"
    return "rounded_and_negated" if abs(value + cell.tagged) < step else "differs"


def _proofs_of(compiled: Compiled, position: int, key: str) -> Iterator[Proof]:
    """Yield the equations of a row that were tested in a period; those that prove it first."""
    cell = compiled.rows[position].cells[key]
    mine = [
        each
        for each in compiled.equations
        if key in each.diff and (each.id in cell.by or position in rows_of(each))
    ]
    seen = []
    for each in sorted(mine, key=lambda one: one.id not in cell.by):
        proof = proof_of(compiled, each, key)
        if proof is None:
            continue
        printed = [term for term in proof.terms if term.v is not None]
        if (told := (proof.total, printed, proof.elsewhere)) not in seen:
            seen.append(told)
            yield proof


def rows_of(equation: Equation) -> list[int]:
    """Return the positions of the rows of an equation."""
    total = [] if equation.total is None else [equation.total]
    return [*total, *(row for _, row in equation.terms), *equation.rows]


def proof_of(compiled: Compiled, equation: Equation, key: str) -> Proof | None:
    """Return an equation with the figures of a period; None where it is about no row."""

    def term(sign: Literal[1, -1], position: int) -> Term:
        row = compiled.rows[position]
        cell = row.cells.get(key)
        return Term(sign=sign, id=row.id, label=row.label, v=cell.v if cell else None)

    return _proof(equation, key, term)


def _own_proofs(cell: CompiledCell, kept: Kept | None) -> Iterator[Proof]:
    """Yield the equations of its filing that prove a figure, where no compiled one does."""
    if kept is None:
        return
    rows = {each.n: each for each in kept.statement.rows}

    def term(sign: Literal[1, -1], number: int) -> Term:
        stated = rows[number].cells.get(cell.period)
        return Term(sign=sign, id=None, label=rows[number].label, v=stated.v if stated else None)

    for each in kept.statement.equations:
        if each.id in cell.own and cell.period in each.diff:
            proof = _proof(each, cell.period, term)
            if proof is not None:
                yield proof.model_copy(update={"of": "filing"})


def _proof(
    equation: Equation, key: str, term: Callable[[Literal[1, -1], int], Term]
) -> Proof | None:
    signed: Sequence[tuple[Literal[1, -1], int]] = equation.terms
    first = equation.total
    if first is None and equation.rows:
        first, signed = equation.rows[0], [(1, each) for each in equation.rows[1:]]
    if first is None:
        return None
    difference = equation.diff[key]
    return Proof(
        id=equation.id,
        kind=equation.kind,
        holds=abs(difference) <= equation.tolerance,
        total=term(1, first),
        terms=[term(sign, row) for sign, row in signed],
        elsewhere=equation.other.statement if equation.other else None,
        difference=difference,
        tolerance=equation.tolerance,
    )


def as_stated(cell: CompiledCell) -> Decimal | None:
    """Return a figure as its filing was read: not corrected, and with its own sign."""
    if cell.corrected is not None:
        return cell.corrected.was
    return -cell.v if cell.v and cell.turned else cell.v


_Stated = tuple[Place, Decimal | None, str, Change]
"""Where a filing states a figure, the figure as read, its label, and how the next one differs."""


def _stated_by(row: CompiledRow, key: str) -> list[_Stated]:
    """Return what each filing states for a period, the oldest first."""
    every: list[_Stated] = []
    cell = row.cells.get(key)
    for each in (*(cell.history if cell else ()), *row.replaced.get(key, ())):
        read = each.v if each.corrected is None else each.corrected.was
        every.append((each, read, each.label, each.change))
    if cell is not None:
        label = next((each.label for each in row.labels if cell.input in each.inputs), row.label)
        every.append((cell, as_stated(cell), label, "none"))
    return sorted(every, key=lambda one: -one[0].input)  # the newest input is 0


def _history_of(
    compiled: Compiled, row: CompiledRow, key: str, shown: int, kept: Mapping[int, Kept]
) -> Iterator[StatedBy]:
    """Yield the figure of each filing, with how it differs from the filing before."""
    every = _stated_by(row, key)
    before: tuple[Decimal | None, Change] | None = None
    for place, value, name, change in every:
        words = "first stated here"
        if before is not None:
            words = describe_change(before[1], before[0], value, row.kind)
        yield StatedBy(
            filing=filing_of(compiled, place.input, kept),
            page=place.page,
            at=place.at,
            printed=place.printed,
            label=name,
            v=value,
            shown=place.input == shown,
            change=before[1] if before else None,
            in_words=words,
        )
        before = (value, change)


def _second_readings_of(
    compiled: Compiled,
    row: CompiledRow,
    period: CompiledPeriod,
    kept: Mapping[int, Kept],
) -> Iterator[SecondReading]:
    """Yield the filings that state the figure in other kinds."""
    stated = [(place.input, value) for place, value, _, _ in _stated_by(row, period.key)]
    for number, each in enumerate(compiled.inputs):
        own = next((one for one in stated if _is_same_filing(compiled.inputs[one[0]], each)), None)
        if each.role != "second_reading" or own is None:
            continue
        found = SecondReading(
            filing=filing_of(compiled, number, kept), equal=each.equal, different=each.different
        )
        there = kept.get(number)
        value = _same_figure(there.statement, compiled, row, period) if there else None
        if value is not None:
            kinds = {compiled.inputs[own[0]].kind, each.kind}
            found.v, found.agrees = value, _agrees(value, own[1], kinds)
        yield found


def _is_same_filing(one: Input, other: Input) -> bool:
    if one.period_end is None or other.period_end is None or one.amends != other.amends:
        return False
    if one.accession and other.accession and one.accession != other.accession:
        return False
    return abs((one.period_end - other.period_end).days) <= _WEEK


def _agrees(one: Decimal, other: Decimal | None, kinds: Collection[SourceKind]) -> bool:
    """Whether two figures differ by less than the last digit; facts alone have no printed sign."""
    if other is None:
        return False
    if not UNPRINTED.isdisjoint(kinds):
        one, other = abs(one), abs(other)
    places = [each.as_tuple().exponent for each in (one, other)]
    coarser = max(each for each in places if isinstance(each, int))
    return one == other or abs(one - other) < scaled(Decimal(1), coarser)


def same_cell(
    statement: Statement, row: CompiledRow, period: CompiledPeriod
) -> tuple[Row, str, Cell] | None:
    """Return the only row of a reading with this label or concept, with period and figure."""
    keys = [each.key for each in statement.periods if each.end == period.end]
    labels = {each.label for each in row.labels} | {row.label}
    for is_it in (
        lambda one: one.label in labels and one.section == row.section,
        lambda one: one.concept in row.concepts and one.axes == row.axes,
        lambda one: one.label in labels,
    ):
        cells = [
            (one, key, one.cells[key])
            for one in statement.rows
            if is_it(one)
            for key in keys
            if key in one.cells
        ]
        if len(cells) == 1:
            return cells[0]
    return None


def _same_figure(
    statement: Statement, compiled: Compiled, row: CompiledRow, period: CompiledPeriod
) -> Decimal | None:
    """Return the figure of the only row with this label or concept, in the compiled scale."""
    same = same_cell(statement, row, period)
    if same is None:
        return None
    one, _, found = same
    own = statement.scale if one.scale is None else one.scale
    target = scale_of(compiled, row)
    if found.v is None or own is None or target is None:
        return None
    return scaled(found.v, own + power_of(one.unit) - target - power_of(row.unit))
