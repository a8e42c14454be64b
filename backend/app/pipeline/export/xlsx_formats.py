"""The formats of a workbook, each made once."""

from typing import Any, Final

from xlsxwriter import Workbook
from xlsxwriter.format import Format

FILLS: Final = {
    "restated": "#FFF2CC",
    "split": "#DDEBF7",
    "sign": "#E4DFEC",
    "reclassified": "#E2EFDA",
    "corrected": "#F8CBAD",
    "replaced": "#E7E6E6",
}
"""Colours of cells whose figure was stated otherwise, and of those that a person corrected."""
UNPROVED: Final[dict[str, Any]] = {"italic": True, "font_color": "#7F6000"}
UNREADABLE: Final[dict[str, Any]] = {"bold": True, "font_color": "#C00000", "align": "right"}
FONT: Final[dict[str, Any]] = {"font_name": "Calibri", "font_size": 10}


class Formats:
    """Makes formats of a workbook; equal ones are the same object."""

    def __init__(self, workbook: Workbook) -> None:
        self._workbook = workbook
        self._made: dict[tuple[tuple[str, Any], ...], Format] = {}

    def __call__(self, **properties: Any) -> Format:
        """Return a format with these properties of XlsxWriter, in the workbook's font."""
        key = tuple(sorted(properties.items()))
        if key not in self._made:
            self._made[key] = self._workbook.add_format({**FONT, **properties})
        return self._made[key]

    @property
    def title(self) -> Format:
        """Return the format of the first line of a sheet."""
        return self(bold=True, font_size=14)

    @property
    def quiet(self) -> Format:
        """Return the format of remarks."""
        return self(font_color="#595959")

    @property
    def warning(self) -> Format:
        """Return the format of what is missing or wrong."""
        return self(font_color="#C00000")

    @property
    def heading(self) -> Format:
        """Return the format of the heads of columns of text."""
        return self(bold=True, bottom=1, text_wrap=True)

    @property
    def heading_right(self) -> Format:
        """Return the format of the heads of columns of figures."""
        return self(bold=True, bottom=1, text_wrap=True, align="right", indent=1)
