"""Signs of figures as pages write them."""

from typing import Final

MINUS: Final = "\N{MINUS SIGN}"
"""Of a difference or an exact value; figures of statements have parentheses."""
