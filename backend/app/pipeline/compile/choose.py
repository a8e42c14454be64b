"""The cells of a compiled statement: the newest filing's figure, and what all others state."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from app.pipeline.compile.blocks import Blocks, Chosen, Sum, difference, find_sums, shown, unite
from app.pipeline.compile.classify import Changes, gravest
from app.pipeline.compile.entry import UNPRINTED
from app.pipeline.compile.grid import Grid, Point
from app.pipeline.compile.signs import find_signs
from app.pipeline.compiled import Change, CompiledCell, Stated
from app.pipeline.statement import Equation
from app.pipeline.verify.lookup import members


@dataclass(slots=True)
class Choice:
    """The cells of each line, and the sums that hold between them.

    Attributes:
        cells: By line: by column.
        replaced: By line: what only older filings state, by column.
        equations: That hold between lines; the columns are in `diff`.
        sums: All that any filing proves.
        taken: Line and column of totals whose block is an older filing's.
        open: Line and column of totals whose block does not close.
        unsigned: Line and columns of figures whose sign may be another than that of the line's
            other figures, the newest first, by rank of their filing.
    """

    cells: list[dict[str, CompiledCell]]
    replaced: list[dict[str, list[Stated]]]
    equations: list[Equation]
    sums: list[Sum]
    taken: set[tuple[int, str]]
    open: set[tuple[int, str]]
    unsigned: dict[tuple[int, int], list[str]]


def choose(grid: Grid, inputs: Sequence[int], columns: Sequence[str]) -> Choice:
    """Return the cells.

    Args:
        grid: What all filings state.
        inputs: By rank: position of the filing among the inputs.
        columns: Keys, the newest first.
    """
    signs = find_signs(grid)
    turned = signs.turned
    sums = find_sums(grid, turned)
    chosen: Chosen = [
        {column: _first_chosen(points) for column, points in at.items()} for at in grid.points
    ]
    blocks = Blocks(grid, turned, sums, chosen)
    for column in columns:
        blocks.settle(column)
    unite(sums, chosen)
    equations = _equations(blocks)
    changes = Changes(grid, sums, turned)
    cells = _Cells(grid, inputs, turned, blocks, changes, _proofs(equations), _known(grid))
    shown_cells = [
        {
            column: cells.cell(line, column, points)
            for column, points in at.items()
            if column in chosen[line]
        }
        for line, at in enumerate(grid.points)
    ]
    _mark_unadjusted(shown_cells, chosen, changes)
    return Choice(
        cells=shown_cells,
        replaced=[
            {
                column: cells.stated(line, column, points)
                for column, points in at.items()
                if column not in chosen[line]
            }
            for line, at in enumerate(grid.points)
        ],
        equations=equations,
        sums=sums,
        taken=blocks.taken,
        open=blocks.open,
        unsigned={
            (rank, line): own
            for rank, line in sorted(signs.unproved)
            if (own := [key for key in columns if _is_of(chosen[line].get(key), rank)])
        },
    )


def _mark_unadjusted(
    cells: Sequence[Mapping[str, CompiledCell]], chosen: Chosen, changes: Changes
) -> None:
    """Say which figures per share and numbers of shares no filing adjusts for a later split."""
    for at, points in zip(cells, chosen, strict=True):
        for column, cell in at.items():
            point = points[column]
            if not point.value or point.row.kind not in {"per_share", "shares"}:
                continue
            ratio = changes.splits_since(point.age)
            if ratio != 1:
                cell.unadjusted = f"{ratio.numerator}:{ratio.denominator}"


def _is_of(point: Point | None, rank: int) -> bool:
    return point is not None and point.rank == rank and bool(point.value)


def _first_chosen(points: Sequence[Point]) -> Point:
    """Return the newest filing's figure, or a corrected one that newer filings only repeat.

    They repeat what was read, or state what cannot be read.
    """
    for point in points:
        if point.corrected is not None:
            was = point.corrected.was
            newer = points[: points.index(point)]
            return point if all(each.value in (None, was) for each in newer) else points[0]
    return points[0]


def _equations(blocks: Blocks) -> list[Equation]:
    """Return the sums that hold, each in the columns in which a filing proves it."""
    written: list[Equation] = []
    balances = 0
    for each in blocks.sums:
        diff = {
            column: value
            for column in each.claims
            if blocks.holds(each, column)
            and not _is_unconfirmed(each, column, blocks.chosen)
            and (value := difference(each, column, blocks.chosen, blocks.grid, blocks.turned))
            is not None
        }
        if not diff:
            continue
        name = f"e{len(written) - balances}"
        if each.is_balance:
            name = f"balance{balances or ''}"
            balances += 1
        written.append(
            Equation(id=name, kind="equal", rows=sorted(each.lines), diff=diff)
            if each.is_equal and all(sign > 0 for sign, _ in each.terms)
            else Equation(
                id=name,
                total=each.total,
                terms=[(1 if sign > 0 else -1, line) for sign, line in each.terms],
                diff=diff,
                tolerance=max((each.tolerance(column) for column in diff), default=Decimal(0)),
            )
        )
    return written


def _is_unconfirmed(each: Sum, column: str, chosen: Chosen) -> bool:
    """Return whether a sum has a figure that its document does not show: it proves nothing."""
    points = (chosen[line].get(column) for line in each.lines)
    return any(point is not None and point.cell.unconfirmed for point in points)


def _known(grid: Grid) -> list[set[str]]:
    """Return by rank the ids of the filing's equations of which all rows are on lines."""
    return [
        {
            each.id
            for each in entry.statement.equations
            if all(row in grid.at[rank] for row in members(each))
        }
        for rank, entry in enumerate(grid.entries)
    ]


def _proofs(equations: Sequence[Equation]) -> dict[tuple[int, str], list[str]]:
    """Return the ids of equations by line and column."""
    found: dict[tuple[int, str], list[str]] = {}
    for each in equations:
        lines = {line for _, line in each.terms} | set(each.rows)
        if each.total is not None:
            lines.add(each.total)
        for line in lines:
            for column in each.diff:
                found.setdefault((line, column), []).append(each.id)
    return found


@dataclass(slots=True)
class _Cells:
    grid: Grid
    inputs: Sequence[int]
    turned: frozenset[tuple[int, int]]
    blocks: Blocks
    changes: Changes
    proofs: Mapping[tuple[int, str], list[str]]
    known: Sequence[Collection[str]]

    def cell(self, line: int, column: str, points: Sequence[Point]) -> CompiledCell:
        """Return a cell: the figure that is shown, and what other filings state."""
        point = self.blocks.chosen[line][column]
        by = self.proofs.get((line, column), [])
        own: list[str] = []
        if not by and not point.corrected and not self._is_open(line, column):
            own = [each for each in point.cell.by if each in self.known[point.rank]]
        is_turned = bool((point.rank, line) in self.turned and point.value)
        steps = self._steps(line, column, points)
        changes = list(steps.values())
        if is_turned and self.grid.entries[point.rank].kind not in UNPRINTED:
            changes.append("sign")
        return CompiledCell(
            **self._place(point),
            v=shown(self.blocks.chosen, line, column, self.turned),
            verified=bool(point.value is not None and (by or own)),
            by=by,
            own=own,
            turned=is_turned,
            change=gravest(changes),
            corrected=point.corrected,
            history=self._history(point, points, steps),
        )

    def stated(self, line: int, column: str, points: Sequence[Point]) -> list[Stated]:
        """Return what filings state, the oldest first."""
        return self._history(None, points, self._steps(line, column, points))

    def _steps(self, line: int, column: str, points: Sequence[Point]) -> dict[int, Change]:
        """Return by age how the next newer filing states the figure otherwise."""
        return {
            older.age: self.changes.between(line, column, older, newer)
            for newer, older in pairwise(points)
        }

    def _history(
        self, shown_: Point | None, points: Sequence[Point], steps: Mapping[int, Change]
    ) -> list[Stated]:
        return [
            Stated(
                **self._place(each),
                v=each.value,
                label=each.row.label,
                change=steps.get(each.age, "none"),
                corrected=each.corrected,
            )
            for each in reversed(points)
            if each is not shown_
        ]

    def _place(self, point: Point) -> dict[str, object]:
        at = point.cell.at
        pages = self.grid.entries[point.rank].statement.source.pages
        return {
            "input": self.inputs[point.rank],
            "row": point.row.n,
            "period": point.period,
            "page": at[0] if isinstance(at, tuple) else pages[0] if len(pages) == 1 else None,
            "at": at,
            "printed": point.cell.printed,
            "unconfirmed": point.cell.unconfirmed,
        }

    def _is_open(self, line: int, column: str) -> bool:
        """Return whether a line is part of a block that does not close."""
        return any(
            line in each.lines and column in each.claims
            for each in self.blocks.sums
            if (each.total, column) in self.blocks.open
        )
