"""The body of a table: its lines as entries, and a reason for each line that is none."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from app.pipeline.read.pdf.columns import is_note
from app.pipeline.read.pdf.labels import Entry, join_entries
from app.pipeline.read.pdf.layout import Layout
from app.pipeline.read.pdf.lines import Line
from app.pipeline.read.pdf.rows import clean_label
from app.pipeline.read.pdf.tokens import Token, TokenKind, has_figures
from app.pipeline.statement import SkippedLine

_OF_LABELS: frozenset[TokenKind] = frozenset(
    {"text", "figure", "note", "nil", "leader", "currency"}
)

_MONEY = 4  # digits; a day, a note and 000 have fewer


@dataclass(slots=True)
class Body:
    """Reads the entries of one table.

    Attributes:
        skipped: Lines with digits that are no entry, or not wholly.
    """

    layout: Layout
    skipped: list[SkippedLine] = field(default_factory=list)

    def read(self) -> list[Entry]:
        """Return rows and headings from top to bottom, with whole labels."""
        entries: list[Entry] = []
        for number in range(len(self.layout.lines)):
            reason = self._reason(number)
            if reason is not None:
                self._skip([self.layout.lines[number]], reason)
            if reason is None:
                entries.append(self._entry(number))
            elif number == self.layout.start - 1 and self.layout.begins_section():
                entries.append(self._entry(number, is_heading=True))
        joined = join_entries(entries)
        while joined and not joined[-1].figures:
            self._skip(joined.pop().lines, "footnote")
        for entry in joined:
            if not entry.figures and has_figures(entry.label):
                self._skip(entry.lines, "running_text")
        return joined

    def _skip(self, lines: Sequence[Line], reason: str) -> None:
        text = " ".join(line.text for line in lines)
        if re.search("[0-9]", text):
            self.skipped.append(SkippedLine(text=text, reason=reason, page=lines[0].page))

    def _reason(self, number: int) -> str | None:
        """Return why a line is no entry; None for a row, a heading or a part of a label."""
        layout = self.layout
        if number in layout.margins:
            return layout.margins[number]
        if number < layout.start:
            return "unread_figures" if self._has_money(number) else "header"
        if layout.rows[number]:
            return "header" if layout.repeats_header(number) else None
        if any(token.kind == "figure" and token.loose for token in layout.in_values(number)):
            return "unread_figures"
        if number > layout.last and not layout.may_go_on(number):
            return "footnote"
        return None if self._is_label(number) else "unread_figures"

    def _has_money(self, number: int) -> bool:
        """Whether a line above the first row has figures that no date, unit or note says."""
        return any(
            len(re.findall("[0-9]", token.text)) >= _MONEY and has_figures(token.text)
            for token in self.layout.in_values(number)
        )

    def _is_label(self, number: int) -> bool:
        """Whether a line without figures in columns holds none elsewhere."""
        notes = self._notes(number)
        return not any(
            (token.kind == "figure" and token.loose and token not in notes)
            or self._hides_figures(token)
            for token in self.layout.tokens[number]
        )

    def _notes(self, number: int) -> list[Token]:
        """Return the tokens of a line in columns of notes."""
        return [
            token
            for index, tokens in self.layout.placed[number].items()
            if self.layout.columns[index].kind == "note"
            for token in tokens
        ]

    def _hides_figures(self, token: Token) -> bool:
        """Whether text with digits stands apart among the columns: figures that are not read."""
        area = self.layout.columns[self.layout.values[0]].x0
        apart = token.kind == "text" and token.loose and token.x1 > area
        return apart and re.search("[0-9]", token.text) is not None

    def _entry(self, number: int, *, is_heading: bool = False) -> Entry:
        """Return the entry of a line, and list a figure outside all columns."""
        line, placed, values = (
            self.layout.lines[number],
            self.layout.placed[number],
            self.layout.values,
        )
        label, lone = self._label(number)
        above: list[Token] = []
        figures = {} if is_heading else {i: placed[i] for i in values if i in placed}
        if not figures:
            label, above = _apart(label, self.layout.area)
        note = " ".join(token.text for token in self._notes(number)) or lone
        words = [word for token in label if token.kind != "leader" for word in token.words]
        return Entry(
            label=clean_label(" ".join(word.text for word in words)),
            x0=words[0].x0 if words else line.x0,
            x1=words[-1].x1 if words else line.x0,
            top=line.y,
            bottom=line.y,
            size=line.size,
            bold=2 * sum(word.bold for word in words) > len(words),
            first_word=words[0].x1 - words[0].x0 if words else 0.0,
            lines=(line,),
            figures=figures,
            note=note,
            above=" ".join(token.text for token in above),
            led=any(token.kind == "leader" and token.text.startswith("..") for token in label),
        )

    def _label(self, number: int) -> tuple[list[Token], str | None]:
        """Return the tokens of a line's label, and a note that stands in no column."""
        layout, placed = self.layout, self.layout.placed[number]
        used = [token for tokens in placed.values() for token in tokens]
        rest = [
            token
            for token in layout.tokens[number]
            if token.kind in _OF_LABELS and not any(token is each for each in used)
        ]
        left = layout.lines[number].x0
        stray = [
            token
            for token in rest
            if token.kind in {"figure", "nil"} and token.loose and token.x0 > left
        ]
        complete = all(index in placed for index in layout.values)
        area = layout.columns[layout.values[0]].x0
        # Of a column of notes without a heading and without other notes.
        lone = complete and len(stray) == 1 and stray[0].x1 < area and is_note(stray[0].text)
        hidden = any(map(self._hides_figures, rest)) or (
            not lone and any(token.kind == "figure" for token in stray)
        )
        if hidden and number >= layout.start:
            self._skip([layout.lines[number]], "unread_figures")
        label = [token for token in rest if not any(token is each for each in stray)]
        while label and label[-1].kind == "currency":
            label.pop()
        return self._one_side(label), stray[0].text if lone else None

    def _one_side(self, label: list[Token]) -> list[Token]:
        """Return the words to the left of the figures; if there are none, those to the right."""
        edge = max(self.layout.columns[index].x1 for index in self.layout.values)
        left = [token for token in label if token.x0 < edge]
        return left if any(token.kind == "text" for token in left) else label


def _apart(label: list[Token], area: float) -> tuple[list[Token], list[Token]]:
    """Return the words of a line without figures, and those that stand above the columns."""
    for index, token in enumerate(label):
        before = label[index - 1].x1 if index else float("-inf")
        if token.x1 > area and token.x0 - before > token.size:
            return label[:index], label[index:]
    return label, []
