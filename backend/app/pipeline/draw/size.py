"""The size of the picture of the lines around a figure, known before it is drawn."""

from typing import Final

DETAIL_WIDTH: Final = 1920
DETAIL_HEIGHT: Final = 540
"""Pixels, whatever the page."""
POINTS: Final = 640.0
"""Width of the lines around a figure: the label of the line is seen beside its figures."""
BEHIND: Final = 0.12
"""Share of the width that is shown behind a figure where the page is wider than the detail."""
