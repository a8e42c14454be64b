"""Where a figure comes from, as a person reads it."""

import shlex
from collections.abc import Iterator
from typing import Final

from app.cli.colours import Paint
from app.cli.text import pad, plain, sentence, shorten, wrap
from app.pipeline.compiled import Corrected
from app.pipeline.show.marks import UNPROVED
from app.pipeline.wording import KINDS, unit_name
from app.services.origin_form import OfFiling, OfPlace, Origin, Proof, StatedBy, Term
from app.services.origin_words import SIGNS, difference_of, proof_in_words
from app.services.values import write_value

READABLE: Final = 100  # columns in a pipe
NAMES: Final = 13  # columns
DIGEST: Final = 12  # characters of a SHA-256
FACT: Final = 40  # columns of the id of a fact; all of it with --json


def draw_origin(origin: Origin, width: int | None, paint: Paint) -> Iterator[str]:
    """Yield the lines that answer where a figure comes from.

    Args:
        origin: The answer.
        width: Columns of the terminal, or None in a pipe.
        paint: Colours a text.
    """
    place = " > ".join(plain(each) for each in [*origin.section, origin.label or "(no label)"])
    name = origin.statement.replace("_", " ")
    yield paint(
        f"{plain(origin.company)} · {name} · {place} · {plain(origin.period_label)}", "bold"
    )
    yield ""
    parts = [
        ("", f"{figure_with_unit(origin)} · {_proof_in_words(origin)}"),
        *_correction(origin),
        ("period", f"{origin.start} to {origin.end}" if origin.start else f"{origin.end}"),
        ("filing", " · ".join(describe_filing(origin.filing))),
        ("", f"sha256 {origin.filing.sha256[:DIGEST]} · read by {plain(origin.filing.reader)}"),
        *_place(origin.place),
        *_proofs(origin),
        *(("history", each) for each in map(_stated, origin.history)),
        *_second_readings(origin),
        *(("note", sentence(each)) for each in origin.notes),
    ]
    last = None
    for key, text in parts:
        shown = key if key != last else ""
        for number, line in enumerate(wrap(text, (width or READABLE) - NAMES - 1)):
            yield (pad("" if number else shown, NAMES) + line).rstrip()
        last = key


def figure_with_unit(origin: Origin) -> str:
    """Return a figure with its unit and scale, such as `(110) USD million`."""
    return f"{write_value(origin.v)} {unit_in_words(origin.unit, origin.scale)}"


def unit_in_words(unit: str | None, scale: int | None) -> str:
    """Return a unit with its scale, such as `USD million`, or that it is not known."""
    return unit_name(unit, scale, unknown="unit not known")


def _proof_in_words(origin: Origin) -> str:
    is_unproved = origin.v is not None and origin.checkable and not origin.verified
    mark = f"{UNPROVED} " if is_unproved else ""
    return mark + proof_in_words(origin)


def _correction(origin: Origin) -> Iterator[tuple[str, str]]:
    """Yield that a person corrected it, and how to withdraw the correction."""
    if origin.corrected is None:
        return
    yield "corrected", describe_correction(origin.corrected)
    words = [plain(origin.company), origin.statement, f"id:{origin.line}", origin.period]
    command = f"fde fix {shlex.join(words)} --withdraw"
    yield "corrected", f"what was read stays; withdraw it with: {command}"


def describe_correction(corrected: Corrected) -> str:
    """Return a correction in one line."""
    return (
        f"read as {write_value(corrected.was)}; corrected by {plain(corrected.by)} on "
        f"{corrected.on}, because: {plain(corrected.because)}"
    )


def describe_filing(filing: OfFiling) -> list[str]:
    """Return a filing in words: file, form, year, day of filing, kind, document."""
    return [
        plain(filing.file or "name of the file not known"),
        KINDS[filing.kind],
        *([plain(filing.form)] if filing.form else []),
        *([f"fiscal year {filing.fiscal_year}"] if filing.fiscal_year else []),
        *([f"filed {filing.filed}"] if filing.filed else []),
        *([f"filing {plain(filing.accession)}"] if filing.accession else []),
        filing.status,
        *([f"document {filing.document}"] if filing.document else []),
    ]


def _place(place: OfPlace) -> Iterator[tuple[str, str]]:
    """Yield where and how the figure is printed and tagged."""
    where = []
    if isinstance(place.at, str):
        where.append(f"element {plain(place.at)}")
    elif place.at is not None:
        page, *box = place.at
        left, bottom, right, top = (f"{each:.1f}" for each in box)
        where.append(f"page {page}")
        where.append(f"box {left}, {bottom} to {right}, {top} points from the lower left")
    elif place.page is not None:
        where.append(f"page {place.page}")
    if place.printed is not None:
        where.append(f"printed {plain(place.printed)!r}")
    if place.turned:
        where.append("shown with the sign that newer filings print")
    if place.unconfirmed:
        where.append("not found in the document: a reading made elsewhere states it")
    yield "place", " · ".join(where) or "none: its file has no pages"
    label = " > ".join(plain(each) for each in [*place.section, place.label or "(no label)"])
    yield "label", label + (f" · note {plain(place.note)}" if place.note else "")
    if place.concept:
        axes = ", ".join(f"{plain(a)} = {plain(m)}" for a, m in sorted(place.axes.items()))
        yield "concept", plain(place.concept) + (f" ({axes})" if axes else "")
    if place.tagged is not None:
        rule = f" · {SIGNS[place.sign]}" if place.sign else ""
        fact = f" · fact {shorten(plain(place.fact), FACT)}" if place.fact else ""
        yield "tagged", f"{place.tagged:,f}{rule}{fact}"


def _proofs(origin: Origin) -> Iterator[tuple[str, str]]:
    """Yield the equations in figures and in labels."""
    if not origin.proofs:
        yield (
            "proof",
            "in no sum that holds" if origin.checkable else "none: it is a term of no sum",
        )
    for each in origin.proofs:
        verdict = "" if each.of == "compiled" else "in its filing: "
        verdict += "" if each.holds else "does not hold: "
        yield "proof", f"{verdict}{in_figures(each)} · {difference_of(each)}"
        yield "proof", f"  {in_labels(each)}"


def in_figures(proof: Proof) -> str:
    """Return an equation such as `383,285 = 298,085 + 85,200`; what is not printed is left out."""
    if proof.elsewhere and not proof.terms:
        return write_value(proof.total.v)
    return (
        f"{write_value(proof.total.v)} = {_joined(proof, [write_value(t.v) for t in _of(proof)])}"
    )


def in_labels(proof: Proof) -> str:
    """Return an equation such as `Total net sales = Products + Services`."""
    total = plain(proof.total.label) or "(no label)"
    if proof.elsewhere and not proof.terms:
        return f"{total} = the same in the {proof.elsewhere.replace('_', ' ')} of this filing"
    labels = [plain(each.label) or "(no label)" for each in _of(proof)]
    return f"{total} = {_joined(proof, labels)}"


def _of(proof: Proof) -> list[Term]:
    """Return the terms that are printed."""
    return [each for each in proof.terms if each.v is not None] or proof.terms


def _joined(proof: Proof, texts: list[str]) -> str:
    if proof.kind == "equal":
        return " = ".join(texts)
    terms = _of(proof)
    first = "-" if terms and terms[0].sign < 0 else ""
    joined = (
        f" {'-' if term.sign < 0 else '+'} {text}"
        for term, text in zip(terms[1:], texts[1:], strict=True)
    )
    return first + (texts[0] if texts else "0") + "".join(joined)


def _stated(stated: StatedBy) -> str:
    """Return what one filing states."""
    place = f" page {stated.page}" if stated.page else ""
    year = f"FY{stated.filing.fiscal_year} " if stated.filing.fiscal_year else ""
    accession = f" ({plain(stated.filing.accession)})" if stated.filing.accession else ""
    mark = " ← shown" if stated.shown else ""
    file = plain(stated.filing.file or stated.filing.sha256[:DIGEST])
    return f"{year}{file}{accession}{place}: {write_value(stated.v)} · {stated.in_words}{mark}"


def _second_readings(origin: Origin) -> Iterator[tuple[str, str]]:
    """Yield how far the same filing in another kind agrees."""
    for each in origin.second_readings:
        if each.agrees is None:
            found = "this line is not found in it"
        else:
            found = f"{write_value(each.v)}, {'the same' if each.agrees else 'which is another'}"
        text = " · ".join(describe_filing(each.filing)[:2])
        compared = f"{each.equal} figures agree, {each.different} do not"
        yield "read again", f"{text}: {found} · {compared}"
