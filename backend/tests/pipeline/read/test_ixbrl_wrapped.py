"""Tests of Inline XBRL on positioned pages whose labels have several lines."""

import pytest

from tests.pipeline.read.test_ixbrl_layouts import (
    EXPECTED,
    ROWS,
    figure,
    figures,
    positioned,
    read,
)

LONG = "Share of the profit of", "Associates"


def page(beside: float, *, margin: bool = False) -> str:
    """Return a page whose third row has two lines, with its figures so far below the first."""
    parts = [positioned(50, 20, "Consolidated income statement")]
    top = 60.0
    for number, (label, _, concept, now, before) in enumerate(ROWS):
        lines = LONG if number == 2 else (label,)
        parts += [positioned(50, top + 10 * at, text) for at, text in enumerate(lines)]
        height = top + (beside if len(lines) > 1 else 0)
        parts.append(positioned(300, height, figure(concept, "d22", now)))
        parts.append(positioned(400, height, figure(concept, "d21", before)))
        if margin and number in {1, 3}:
            parts.append(positioned(5, top, "Management report"))
        top += 14 + 10 * (len(lines) - 1)
        if number == 0:
            parts.append(positioned(50, top, "Continuing operations"))
            top += 14
    return f'<div class="page" style="position:relative">{"".join(parts)}</div>'


@pytest.mark.parametrize("beside", [0, 5, 10])
def test_a_label_of_two_lines_is_one_wherever_its_figures_stand(beside: float) -> None:
    found = read(page(beside))

    whole = {" ".join(LONG) if each == ROWS[2][0] else each: v for each, v in EXPECTED.items()}
    assert figures(found) == whole
    headings = [each.label for each in found.rows if each.kind == "heading"]
    assert headings == ["Continuing operations"]


def test_texts_in_the_margin_are_no_part_of_labels() -> None:
    assert figures(read(page(0, margin=True))) == figures(read(page(0)))


@pytest.mark.parametrize(
    "style",
    [
        "position:absolute;left:{x}%;top:{y}%",
        "position:absolute;left:0;top:0;transform:translate({x}px,{y}px)",
        "position:absolute;transform:matrix(1,0,0,1,{x},{y})",
    ],
)
def test_positions_may_be_in_percent_or_made_by_a_transformation(style: str) -> None:
    scale = 0.2 if "%" in style else 1.0
    parts = [
        f'<div style="{style.format(x=x * scale, y=y * scale)}">{text}</div>'
        for number, (label, _, concept, now, before) in enumerate(ROWS)
        for x, y, text in (
            (50, 60 + 10 * number, label),
            (300, 60 + 10 * number, figure(concept, "d22", now)),
            (400, 60 + 10 * number, figure(concept, "d21", before)),
        )
    ]
    title = f'<div style="{style.format(x=50 * scale, y=20 * scale)}">Income statement</div>'
    found = read(f'<div class="page" style="position:relative">{title}{"".join(parts)}</div>')

    assert figures(found) == EXPECTED
