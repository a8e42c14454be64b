"""Text of a hostile file on a terminal: neutralized, measured and wrapped."""

from rich.cells import cell_len, chop_cells

from app.pipeline.plain import plain

__all__ = ["pad", "pad_left", "plain", "sentence", "shorten", "wrap"]


def sentence(text: str) -> str:
    """Return plain text that begins with a capital letter, unless its first word is a name."""
    text = plain(text)
    return text[:1].upper() + text[1:] if text.partition(" ")[0].islower() else text


def wrap(text: str, width: int) -> list[str]:
    """Return lines of at most `width` columns; a wide character takes two."""
    lines = [""]
    for word in text.split():
        for part in chop_cells(word, width) if cell_len(word) > width else [word]:
            longer = f"{lines[-1]} {part}" if lines[-1] else part
            if cell_len(longer) <= width:
                lines[-1] = longer
            else:
                lines.append(part)
    return lines


def pad(text: str, width: int) -> str:
    """Return text with spaces up to a width in columns."""
    return text + " " * (width - cell_len(text))


def pad_left(text: str, width: int) -> str:
    """Return text behind spaces, up to a width in columns."""
    return " " * (width - cell_len(text)) + text


def shorten(text: str, width: int) -> str:
    """Return text that is cut to a width in columns."""
    return text if cell_len(text) <= width else f"{chop_cells(text, width - 1)[0]}…"
