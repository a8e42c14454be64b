import math

import pytest
from reportlab.pdfgen.canvas import Canvas

from app.pipeline.read.pdf.lines import read_lines
from app.pipeline.read.pdf.text import read_words
from tests.pipeline.read.pdf.sheets import A4, Draw, open_page, words_of


def texts(draw: Draw) -> list[str]:
    return [word.text for word in words_of(draw)]


def test_digits_of_a_number_are_one_word_and_end_at_its_last_digit() -> None:
    word = words_of(lambda canvas: canvas.drawString(100, 700, "(1,111,171)"))[0]
    assert word.text == "(1,111,171)"
    assert word.digits < word.x1
    assert abs(word.x0 - 100) < 0.1
    assert abs(word.y - 700) < 0.1
    assert abs(word.size - 9) < 0.1


def test_a_number_drawn_in_pieces_is_one_word() -> None:
    def draw(canvas: Canvas) -> None:
        width = canvas.stringWidth("1,2", "Helvetica", 9)
        canvas.drawString(100 + width, 700, "34)")
        canvas.drawString(50, 650, "something else")
        canvas.drawString(100, 700, "1,2")

    assert texts(draw) == ["1,234)", "something", "else"]


def test_spaces_of_another_text_do_not_divide_a_number_printed_over_them() -> None:
    def draw(canvas: Canvas) -> None:
        width = canvas.stringWidth("12,", "Helvetica", 9)
        canvas.drawString(50, 700, "Revenue" + " " * 60)
        canvas.drawString(100 + width, 700, "345")
        canvas.drawString(100, 700, "12,")

    assert "12,345" in texts(draw)


def test_text_printed_twice_to_look_bold_is_read_once() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(100, 700, "1,122,333")
        width = canvas.stringWidth("1,1", "Helvetica", 9)
        canvas.drawString(100.3, 700, "1,1")
        canvas.drawString(100.3 + width, 700, "22,333")

    assert texts(draw) == ["1,122,333"]


def test_text_at_the_margin_that_runs_upwards_is_left_out() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(100, 700, "Revenue 12")
        canvas.saveState()
        canvas.translate(20, 400)
        canvas.rotate(90)
        canvas.drawString(0, 0, "2022")
        canvas.restoreState()

    assert texts(draw) == ["Revenue", "12"]


def test_a_page_printed_sideways_is_read_and_its_boxes_are_those_of_the_page() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.translate(300, 100)
        canvas.rotate(90)
        canvas.drawString(0, 0, "Revenue 1,234")
        canvas.drawString(0, -20, "Costs (234)")

    words = words_of(draw)
    assert [word.text for word in words] == ["Revenue", "1,234", "Costs", "(234)"]
    x0, y0, x1, y1 = words[0].box
    assert y1 - y0 > 2 * (x1 - x0)  # the word runs up the page
    assert 285 < x0 < 300 < x1 < 306
    assert 99 < y0 < 101


def test_a_page_with_a_rotation_is_read_as_displayed() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setPageRotation(90)
        canvas.translate(300, 100)
        canvas.rotate(90)
        canvas.drawString(0, 0, "Revenue")

    word = words_of(draw)[0]
    assert word.text == "Revenue"
    # Turned clockwise by a quarter, the point (300, 100) of a page 842 wide is at (100, 542).
    assert abs(word.box[0] - 100) < 0.5
    assert abs(word.y - 542) < 0.5


def test_boxes_are_measured_from_the_visible_corner_and_text_outside_is_left_out() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(100, 700, "inside")
        canvas.drawString(5, 20, "outside")

    with open_page(draw) as page:
        page.set_cropbox(50, 60, *A4)
        words = read_words(page, 3)
    assert [word.text for word in words] == ["inside"]
    assert abs(words[0].x0 - 50) < 0.1
    assert abs(words[0].y - 640) < 0.1
    assert words[0].page == 3


def hidden(canvas: Canvas, x: float, y: float, text: str) -> None:
    written = canvas.beginText(x, y)
    written.setTextRenderMode(3)
    written.textLine(text)
    canvas.drawText(written)


def test_hidden_text_counts_only_where_all_text_is_hidden_as_under_a_scan() -> None:
    def both(canvas: Canvas) -> None:
        canvas.drawString(100, 700, "visible words")
        hidden(canvas, 100, 600, "99")

    assert texts(both) == ["visible", "words"]
    assert texts(lambda canvas: hidden(canvas, 100, 600, "Revenue 99")) == ["Revenue", "99"]


def test_superscript_digits_are_marks_and_not_part_of_the_number() -> None:
    words = words_of(lambda canvas: canvas.drawString(100, 700, "1,234\u00b2"))
    assert [(word.text, word.raised) for word in words] == [("1,234", False), ("\u00b2", True)]


def test_a_no_break_space_divides_words_and_a_soft_hyphen_is_a_hyphen() -> None:
    assert texts(lambda canvas: canvas.drawString(9, 700, "1\u00a0234 amorti\u00adsation")) == [
        "1",
        "234",
        "amorti-sation",
    ]


def test_letters_of_a_ligature_stay_in_their_word() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(100, 700, "profit flow offer")

    assert texts(draw) == ["profit", "flow", "offer"]


def test_bold_text_is_known() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(100, 700, "plain")
        canvas.setFont("Helvetica-Bold", 9)
        canvas.drawString(200, 700, "Total")

    assert [word.bold for word in words_of(draw)] == [False, True]


def test_a_page_without_text_has_no_words() -> None:
    assert words_of(lambda canvas: canvas.rect(10, 10, 50, 50)) == []


def test_a_gap_of_a_tenth_of_an_em_divides_digits_and_kerning_does_not() -> None:
    def draw(canvas: Canvas) -> None:
        for gap, y in ((0.12, 700), (0.02, 680)):
            x = 100.0
            for group in ("1", "164", "400"):
                canvas.drawString(x, y, group)
                x += canvas.stringWidth(group, "Helvetica", 9) + gap * 9

    assert texts(draw) == ["1", "164", "400", "1164400"]


def in_pieces(canvas: Canvas, *pieces: str, gap: float) -> None:
    """Draw pieces with a gap between them, in parts of the font's size."""
    x = 100.0
    for piece in pieces:
        canvas.drawString(x, 700, piece)
        x += canvas.stringWidth(piece, "Helvetica", 9) + 9 * gap


@pytest.mark.parametrize(
    ("pieces", "gap", "expected"),
    [
        (("Proceeds of", "debt"), 0.14, ["Proceeds", "of", "debt"]),
        (("net of", "$95"), 0.14, ["net", "of", "$95"]),
        (("Wallace", "”"), 0.14, ["Wallace”"]),
        (("d", "e", "b", "t"), 0.08, ["debt"]),
    ],
    ids=["word", "amount", "closing mark", "letters set apart"],
)
def test_a_gap_behind_a_letter_that_stands_out_divides_words(
    pieces: tuple[str, ...], gap: float, expected: list[str]
) -> None:
    assert texts(lambda canvas: in_pieces(canvas, *pieces, gap=gap)) == expected


def test_uneven_gaps_between_letters_divide_no_word() -> None:
    def draw(canvas: Canvas) -> None:
        x = 100.0
        for letter, gap in zip("finance", (0.02, 0.07, 0.14, 0.03, 0.09, 0.0, 0.0), strict=True):
            canvas.drawString(x, 700, letter)
            x += canvas.stringWidth(letter, "Helvetica", 9) + 9 * gap

    assert texts(draw) == ["finance"]


def crooked(canvas: Canvas, *, level_words: bool) -> None:
    """Draw lines that rise by one in forty, as text recognition leaves them under a scan."""
    canvas.saveState()
    if not level_words:
        canvas.rotate(math.degrees(math.atan(0.025)))
    for row in range(20):
        for x, text in ((50, f"Label{row}"), (300, f"{row}00"), (500, f"{row}01")):
            y = 700 - 12 * row
            hidden(canvas, x, y + 0.025 * x if level_words else y, text)
    canvas.restoreState()


@pytest.mark.parametrize("level_words", [True, False])
def test_lines_of_a_crooked_scan_are_level(*, level_words: bool) -> None:
    words = words_of(lambda canvas: crooked(canvas, level_words=level_words))
    lines = [line.text for line in read_lines(words)]
    assert lines == [f"Label{row} {row}00 {row}01" for row in range(20)]
    assert max(word.x0 for word in words if word.text.startswith("Label")) < 70
    edges = [word.digits for word in words if word.text.endswith("01")]
    assert max(edges) - min(edges) < 14  # numbers of three and of four digits


def test_an_even_scan_is_left_as_it_is() -> None:
    def draw(canvas: Canvas) -> None:
        for row in range(9):
            hidden(canvas, 50, 700 - 9 * row, f"row {row}")

    assert {word.y for word in words_of(draw)} == {700.0 - 9 * row for row in range(9)}
