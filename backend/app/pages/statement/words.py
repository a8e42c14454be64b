"""Sentences of which parts come from filings and persons, so that a page can set those apart."""

from typing import NamedTuple

from app.pipeline.compiled import Input
from app.pipeline.plain import plain


class Part(NamedTuple):
    """A piece of a sentence.

    Attributes:
        is_outside: Whether a filing or a person wrote it: its direction of writing is its own.
    """

    text: str
    is_outside: bool = False

    @property
    def is_after_space(self) -> bool:
        """Return whether a space stands before it; a template cleans texts, and removes those."""
        return self.text[:1] == " "

    @property
    def is_before_space(self) -> bool:
        """Return whether a space stands behind it."""
        return self.text[-1:] == " "


Words = tuple[Part, ...]
"""A sentence."""


def say(*parts: str | Part) -> Words:
    """Return a sentence of our own words, and of parts that are marked already."""
    return tuple(each if isinstance(each, Part) else Part(each) for each in parts)


def outside(text: str) -> Part:
    """Return a text of a filing or a person, without characters that hide or steer."""
    return Part(plain(text), is_outside=True)


def text_of(words: Words) -> str:
    """Return a sentence as plain text."""
    return "".join(each.text for each in words)


def filing_of(source: Input) -> Words:
    """Return a filing in a few words: its form and day, or the year that it reports."""
    if source.form:
        filed = f" of {source.filed.day} {source.filed:%b %Y}" if source.filed else ""
        if not filed and source.fiscal_year:
            filed = f" for {source.fiscal_year}"
        return say(outside(source.form), filed)
    return say(f"the report for {source.fiscal_year or 'an unknown year'}")
