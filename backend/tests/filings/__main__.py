"""Writes a few generated reports to look at: `python -m tests.filings --seed 1 --out DIR`."""

import argparse
import json
from dataclasses import fields
from pathlib import Path

from tests.filings.decade import DEMO, DEMO_SEED, make_decade
from tests.filings.decade_readings import write_files
from tests.filings.decade_truth import as_json
from tests.filings.esef import make_esef
from tests.filings.inline import Inline
from tests.filings.ixbrl import make_ixbrl
from tests.filings.layout import Layout
from tests.filings.pdf import make_report
from tests.filings.samples import SAMPLES
from tests.filings.truth import Truth


def _option(text: str) -> tuple[str, object]:
    """Return name and value of `name=value`, in the type of the layout's field."""
    name, _, value = text.partition("=")
    defaults = {each.name: each.default for each in fields(Layout)}
    if name not in defaults:
        raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(defaults)}")
    default = defaults[name]
    if isinstance(default, bool):
        return name, value != "no"
    if isinstance(default, int):
        return name, int(value)
    return name, float(value) if name == "label_width" else value


def _made(kind: str, seed: int, layout: Layout) -> tuple[bytes, Truth]:
    """Return the content of a file of a kind, and its truth."""
    if kind == "pdf":
        report = make_report(seed, layout)
        return report.data, report.truth
    inline = Inline(tables="american" if layout.variant == "us" else "plain")
    if kind == "zip":
        package = make_esef(seed, layout, inline)
        return package.data, package.report.truth
    document = make_ixbrl(seed, layout, inline)
    return document.data, document.truth


def _write_decade(seed: int, folder: Path, truth: Path | None) -> None:
    """Write ten related reports, and what statements over all their years must hold."""
    decade = make_decade(seed, DEMO)
    write_files(decade, folder)
    if truth is not None:
        truth.write_text(json.dumps(as_json(decade), indent=1, ensure_ascii=False))


def main() -> None:
    """Write the reports that the arguments ask for, each with its truth as JSON beside it."""
    parser = argparse.ArgumentParser(prog="python -m tests.filings", description=__doc__)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument(
        "--layout",
        nargs="*",
        type=_option,
        metavar="NAME=VALUE",
        help="one report with these choices, such as variant=de spread=yes; by default all samples",
    )
    parser.add_argument("--kind", choices=("pdf", "xhtml", "zip"), default="pdf")
    parser.add_argument(
        "--decade",
        action="store_true",
        help="ten related reports of one company, as `make demo` has them",
    )
    parser.add_argument("--truth", type=Path, help="where to write the truth of the ten")
    arguments = parser.parse_args()
    if arguments.decade:
        seed = DEMO_SEED if arguments.seed is None else arguments.seed
        _write_decade(seed, arguments.out, arguments.truth)
        return
    seed = 1 if arguments.seed is None else arguments.seed
    arguments.out.mkdir(parents=True, exist_ok=True)
    chosen = {"report": Layout(**dict(arguments.layout))} if arguments.layout else SAMPLES
    for name, layout in chosen.items():
        data, truth = _made(arguments.kind, seed, layout)
        file = arguments.out / f"{name}-{seed}.{arguments.kind}"
        file.write_bytes(data)
        typed = truth.as_typed(file.name)
        file.with_suffix(".json").write_text(json.dumps(typed, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
