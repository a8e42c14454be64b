from reportlab.pdfgen.canvas import Canvas

from app.pipeline.read.pdf.lines import read_lines, split_page
from tests.pipeline.read.pdf.sheets import lines_of, words_of


def test_numbers_a_little_above_their_label_are_on_its_line() -> None:
    def draw(canvas: Canvas) -> None:
        for row in range(4):
            canvas.drawString(50, 700 - 11 * row, f"Label {chr(65 + row)}")
            canvas.drawString(300, 702.5 - 11 * row, f"{row}00")

    assert [line.text for line in lines_of(draw)] == [
        "Label A 000",
        "Label B 100",
        "Label C 200",
        "Label D 300",
    ]


def test_lines_that_stand_close_are_not_joined() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 8)
        for row in range(5):
            canvas.drawString(50, 700 - 8 * row, f"line {row}")

    assert len(lines_of(draw)) == 5


def test_figures_half_a_line_lower_are_a_line_of_their_own() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(50, 700, "Label")
        canvas.drawString(300, 695, "100")

    assert [line.text for line in lines_of(draw)] == ["Label", "100"]


def test_a_small_number_beside_a_figure_is_a_mark_on_its_line() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(50, 700, "Revenue")
        canvas.drawString(300, 700, "1,234")
        canvas.setFont("Helvetica", 5)
        canvas.drawString(300 + canvas.stringWidth("1,234", "Helvetica", 9), 703.5, "1")

    (line,) = lines_of(draw)
    assert line.text == "Revenue 1,234"
    assert [word.raised for word in line.words] == [False, False, True]


def test_a_mark_in_parentheses_at_the_same_height_is_a_mark_too() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(300, 700, "1,234")
        canvas.setFont("Helvetica", 6)
        canvas.drawString(301 + canvas.stringWidth("1,234", "Helvetica", 9), 700, "(1)")

    assert lines_of(draw)[0].text == "1,234"


def test_small_print_beside_larger_text_is_no_mark() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica-Bold", 11)
        canvas.drawString(50, 700, "Total")
        canvas.setFont("Helvetica", 8)
        canvas.drawString(54 + canvas.stringWidth("Total", "Helvetica-Bold", 11), 700, "(net) 12")

    assert lines_of(draw)[0].text == "Total (net) 12"


def test_a_spread_is_read_page_by_page() -> None:
    def draw(canvas: Canvas) -> None:
        for shift in (0, 595):
            canvas.drawString(60 + shift, 800, "Consolidated statement")
            for row in range(12):
                canvas.drawString(60 + shift, 700 - 14 * row, f"Label number {row}")
                canvas.drawString(400 + shift, 700 - 14 * row, f"{row}00")

    halves = split_page(words_of(draw, (1190, 842)))
    assert len(halves) == 2
    assert all(len(read_lines(half)) == 13 for half in halves)
    assert read_lines(halves[1])[1].text == "Label number 0 000"


def test_a_table_across_a_wide_page_is_not_split_at_its_blank_middle() -> None:
    def draw(canvas: Canvas) -> None:
        for row in range(14):
            canvas.drawString(60, 500 - 14 * row, f"Label number {row}")
            for column in range(4):
                canvas.drawString(560 + 60 * column, 500 - 14 * row, f"{row}00")

    assert len(split_page(words_of(draw, (842, 595)))) == 1


def test_an_account_form_with_a_title_across_has_two_halves() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(250, 800, "Bilanz zum 31. Dezember 2022")
        for row in range(10):
            for side, name in ((40, "Aktivposten"), (310, "Passivposten")):
                canvas.drawString(side, 700 - 14 * row, f"{name} Nummer")
                canvas.drawString(side + 190, 700 - 14 * row, f"{row}.000")

    assert [len(read_lines(half)) for half in split_page(words_of(draw))] == [11, 10]


def test_the_gutter_of_an_account_form_may_be_narrower_than_its_columns() -> None:
    def draw(canvas: Canvas) -> None:
        for row in range(8):
            for side in (40, 300):
                canvas.drawString(side, 700 - 14 * row, "Posten der Bilanz")
                canvas.drawRightString(side + 170, 700 - 14 * row, f"{row}.000")
                canvas.drawRightString(side + 240, 700 - 14 * row, f"{row}.500")

    halves = split_page(words_of(draw))
    assert [read_lines(half)[1].text for half in halves] == ["Posten der Bilanz 1.000 1.500"] * 2


def test_no_words_make_no_lines() -> None:
    assert read_lines([]) == []
    assert split_page([]) == []
