"""Compile the readings of one statement of a company into one statement over years."""

from collections.abc import Sequence
from decimal import Decimal, localcontext

from app.pipeline.compile.choose import Choice, choose
from app.pipeline.compile.corrected import apply_corrections
from app.pipeline.compile.entry import UNPRINTED, Entry
from app.pipeline.compile.grid import Grid, make_grid
from app.pipeline.compile.groups import Group, group
from app.pipeline.compile.lines import Line, Numbered
from app.pipeline.compile.merge import merge
from app.pipeline.compile.notices import (
    block_issues,
    breaks_between,
    breaks_of,
    doubtful_issues,
    gaps_of,
    sign_issues,
    year_checks,
)
from app.pipeline.compile.off_face import OFF_FACE, without_notes
from app.pipeline.compile.periods import Columns, find_columns
from app.pipeline.compile.readings import Correction, Reading
from app.pipeline.compile.row_ids import row_ids
from app.pipeline.compile.scales import settle_scales
from app.pipeline.compile.second_reading import Comparison, compare
from app.pipeline.compiled import Compiled, CompiledRow, Input, LabelUse, Unplaced
from app.pipeline.statement import Issue, StatementName
from app.pipeline.verify.figures import EXACT


def compile_statement(
    name: StatementName, readings: Sequence[Reading], corrections: Sequence[Correction] = ()
) -> Compiled | None:
    """Return one statement over years; None where there is nothing to compile.

    The same readings and corrections give the same, in whatever order they are given.

    Args:
        name: Of the statement; readings of other statements are not used.
        readings: Of all filings of one company.
        corrections: Those of this statement that people have made, the oldest first.
    """
    return compile_or_explain(name, readings, corrections)[0]


def compile_or_explain(
    name: StatementName, readings: Sequence[Reading], corrections: Sequence[Correction] = ()
) -> tuple[Compiled | None, list[Issue]]:
    """Return what `compile_statement` does; where that is None, also why each reading is left out.

    A statement that is compiled has its issues itself.
    """
    with localcontext(EXACT):
        compiled, issues = _compile(name, readings, corrections)
    return compiled, [] if compiled else issues


def _compile(
    name: StatementName, readings: Sequence[Reading], corrections: Sequence[Correction]
) -> tuple[Compiled | None, list[Issue]]:
    """Return one statement over years, in a context of as many digits as figures may have."""
    own = [each for each in readings if each.statement.statement == name]
    entries, issues = apply_corrections(own, corrections)
    kept: list[Entry] = []
    doubtful: list[Entry] = []
    for entry in entries:
        if entry.status == "doubtful" and not entry.reading.accepted:
            doubtful.append(entry)
        elif not entry.statement.periods:
            message = f"{entry.named()} states no period: it is left out"
            issues.append(Issue(code="period_end_unknown", message=message))
        else:
            kept.append(entry)
    compiled: list[Compiled] = []
    groups = group(kept)
    issues += doubtful_issues(doubtful, groups)
    for each in groups:
        result = _compile_group(name, each)
        if result is not None:
            compiled.append(result)
        else:
            for entry in each.entries:
                message = f"the end of no period of {entry.named()} is known: it is left out"
                issues.append(Issue(code="period_end_unknown", message=message))
    if not compiled:
        return None, issues
    shown, *others = compiled
    shown.others = others
    shown.breaks += [gap for other in others if (gap := breaks_between(other, shown))]
    shown.issues = [*issues, *shown.issues]
    return shown, issues


def _compile_group(name: StatementName, group_: Group) -> Compiled | None:
    """Return the statement of one framework and currency."""
    issues = settle_scales(group_)
    columns = find_columns(group_.compiled)
    issues += columns.issues
    if not columns.columns:
        return None
    # Facts alone have no printed order and labels: another filing is the frame, where there is one.
    ranked = sorted(group_.compiled, key=lambda each: each.kind in UNPRINTED)
    of = [columns.of.get(each, {}) for each in ranked]
    merged = merge([Numbered(rank, e.statement, of[rank]) for rank, e in enumerate(ranked)])
    second = {each: compare(first, each) for each, first in group_.second.items()}
    lines, off_face = without_notes(merged, ranked, second)
    ages = {each: age for age, each in enumerate(group_.compiled)}
    grid = make_grid(ranked, [ages[each] for each in ranked], of, lines)
    inputs = {each: number for number, each in enumerate(group_.entries)}
    positions = [inputs[each] for each in ranked]
    choice = choose(grid, positions, [each.key for each in columns.columns])
    frame = ranked[0]
    rows = _rows(grid, choice, positions, frame)
    differing = _mark_differing(rows, grid, columns, group_, second)
    framework, currency, scope = group_.key
    return Compiled.model_validate(
        {
            "statement": name,
            "framework": framework,
            "currency": currency,
            "scope": scope,
            "scale": frame.scale,
            "title": frame.statement.title,
            "inputs": [_input(each, second) for each in group_.entries],
            "periods": [each.compiled(inputs) for each in columns.columns],
            "rows": rows,
            "equations": choice.equations,
            "gaps": gaps_of(columns.columns),
            "breaks": breaks_of(columns),
            "unplaced": [
                Unplaced(input=positions[rank], row=row.n, label=row.label, reason=OFF_FACE)
                for line in off_face
                for rank, row in sorted(line.rows.items())
            ],
            "checks": year_checks(rows, grid, choice, columns),
            "issues": [
                *issues,
                *differing,
                *block_issues(rows, choice),
                *sign_issues(rows, choice, ranked),
            ],
        }
    )


def _rows(grid: Grid, choice: Choice, inputs: Sequence[int], frame: Entry) -> list[CompiledRow]:
    ids = row_ids([(line.newest.label, line.section, _name(line)) for line in grid.lines])
    return [
        _row(grid, number, inputs, frame).model_copy(
            update={
                "id": ids[number],
                "cells": choice.cells[number],
                "replaced": choice.replaced[number],
            }
        )
        for number in range(len(grid.lines))
    ]


def _name(line: Line) -> str:
    """Return a name for a row without a label."""
    concept = next((row.concept for _, row in sorted(line.rows.items()) if row.concept), None)
    return concept.rpartition(":")[2] if concept else line.newest.kind


def _row(grid: Grid, number: int, inputs: Sequence[int], frame: Entry) -> CompiledRow:
    """Return a row without its figures."""
    line = grid.lines[number]
    newest = line.newest
    by_age = sorted(line.rows, key=lambda rank: grid.ages[rank])
    rows = [line.rows[rank] for rank in by_age]
    labels: dict[str, list[int]] = {}
    for rank in by_age:
        labels.setdefault(line.rows[rank].label, []).append(inputs[rank])
    scale = grid.scales[number]
    is_own = newest.kind != "heading" and scale != (frame.scale or 0)
    return CompiledRow(
        id="",
        label=newest.label,
        section=line.section,
        level=newest.level if line.level is None else line.level,
        kind=newest.kind,
        unit=newest.unit,
        scale=scale if is_own else None,
        concepts=list(dict.fromkeys(row.concept for row in rows if row.concept)),
        axes=newest.axes,
        labels=[LabelUse(label=label, inputs=used) for label, used in labels.items()],
    )


def _input(entry: Entry, second: dict[Entry, Comparison]) -> Input:
    statement = entry.statement
    comparison = second.get(entry)
    return Input(
        sha256=entry.reading.sha256,
        accession=entry.accession,
        file=entry.reading.file,
        kind=entry.kind,
        reader=statement.source.reader,
        form=entry.form,
        filed=entry.filed,
        period_end=entry.end,
        fiscal_year=entry.newest.fiscal_year if entry.newest else None,
        status=entry.status,
        title=statement.title,
        pages=statement.source.pages,
        amends=entry.amends,
        role="second_reading" if comparison else "compiled",
        equal=comparison.equal if comparison else 0,
        different=len(comparison.different) if comparison else 0,
    )


def _mark_differing(
    rows: Sequence[CompiledRow],
    grid: Grid,
    columns: Columns,
    group_: Group,
    second: dict[Entry, Comparison],
) -> list[Issue]:
    """Take the proof from figures that a second reading states otherwise; return the issues."""
    ranks = {entry: rank for rank, entry in enumerate(grid.entries)}
    inputs = {entry: number for number, entry in enumerate(group_.entries)}
    issues: list[Issue] = []
    for entry, comparison in second.items():
        first = group_.second[entry]
        for (row, period), value in sorted(comparison.different.items()):
            line = grid.at[ranks[first]].get(row)
            column = columns.of[first].get(period)
            if line is None or column is None:
                continue
            cell = rows[line].cells.get(column)
            if cell is None or (cell.input, cell.row) != (inputs[first], row):
                continue  # a newer filing states the figure
            cell.verified = False
            message = (
                f"{rows[line].label!r} is {_text(cell.v)}, and {value:f} in {entry.named()}, "
                "another reading of the same filing"
            )
            issues.append(
                Issue(code="second_reading_differs", message=message, row=line, period=column)
            )
    return issues


def _text(value: Decimal | None) -> str:
    return "not readable" if value is None else f"{value:f}"
