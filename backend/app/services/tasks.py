"""The tasks of a worker: read and prove a file, explain its pages, draw them."""

import hashlib
import os
import traceback
from dataclasses import dataclass
from pathlib import Path

from app import BACKEND
from app.pipeline.cycles import without_cycle_collection
from app.pipeline.errors import ReadError
from app.pipeline.read import kind as kinds
from app.pipeline.read.package import Package
from app.pipeline.statement import Filing, Issue
from app.services.answer import (
    NOT_FOUND,
    Answer,
    AskedPlace,
    Candidate,
    DrawnPlace,
    Elsewhere,
    Picture,
    missing_statements,
)
from app.services.limits import MEGABYTE, Limits, too_large


def perform(task: str, path: str, more: str | None, limits: Limits) -> Answer:
    """Return the answer of a task; every failure is an answer, but for a lack of memory.

    Args:
        task: `read`, `pages`, `picture`, `prove` or `place`.
        path: The file, or the folder of an XBRL report.
        more: For the task `picture`, the beginning of the paths of pictures; for `prove`, the file
            with the reading to prove; for `place`, the place as JSON.
        limits: The resources that reading may use.
    """
    answer = Answer()
    try:
        return _performed(_open(Path(path), limits, answer), task, more, answer)
    except ReadError as error:
        return Answer.failed(error.code, str(error), answer.kind)
    except MemoryError:
        raise
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return Answer.failed("unreadable", f"It cannot be read: {reason}", answer.kind)
    except RecursionError:
        return Answer.failed(
            "too_deep", "The file is nested too deeply: give the report itself", answer.kind
        )
    except Exception as error:  # noqa: BLE001 a file must not end in a traceback
        if "FDE_TRACEBACK" in os.environ:
            traceback.print_exc()
        return Answer.failed("internal_error", _describe(error), answer.kind)


def _performed(given: "_Given", task: str, more: str | None, answer: Answer) -> Answer:
    """Return the answer of a task on a file that is open."""
    if task == "pages":
        answer.candidates = _explain(given)
    elif task == "prove" and more is not None:
        answer.filing = _prove(given, Path(more))
    elif task == "place" and more is not None:
        answer.place = _draw_place(given, AskedPlace.model_validate_json(more))
    else:
        with without_cycle_collection():
            filing = _read(given)
        if not filing.statements:
            return _without_statements(filing)
        answer.filing, answer.kind = filing, filing.kind
        if more is not None:
            answer.pictures = _draw(given, filing, Path(more))
    return answer


@dataclass(frozen=True, slots=True)
class _Given:
    """A file or a folder.

    Attributes:
        content: The bytes of the file, or the files of the folder.
    """

    path: Path
    sha256: str
    content: bytes | Package


def _open(path: Path, limits: Limits, answer: Answer) -> _Given:
    """Return the file with its digest; set the kind of the answer, as soon as it is known.

    The digest of a folder is that of its files' names, sizes and bytes, in order.
    """
    digest = hashlib.sha256()
    if path.is_dir():
        package = Package.from_folder(path)
        for name in package.names:
            content = package.read(name)
            digest.update(f"{name}\0{len(content)}\0".encode(errors="surrogateescape"))
            digest.update(content)
        return _Given(path, digest.hexdigest(), package)
    data = path.read_bytes()
    if len(data) > limits.file_size * MEGABYTE:  # it has grown
        raise ReadError(*too_large(len(data), limits))
    answer.kind = kinds.SOURCE_KINDS.get(kinds.identify(data))
    return _Given(path, hashlib.sha256(data).hexdigest(), data)


def _read(given: _Given) -> Filing:
    """Read and prove the statements of a file."""
    from app.pipeline.verify import verify  # noqa: PLC0415 only when a file was opened

    if isinstance(given.content, Package):
        filing = kinds.read_folder(given.content)
    else:
        filing = kinds.read_file(given.content, given.path)
    filing.statements = verify(filing.statements)
    for statement in filing.statements:
        statement.source.sha256 = given.sha256
    for name in missing_statements(filing):
        words = name.replace("_", " ")
        # A reader may know more about it.
        if not any(words in each.message for each in filing.issues):
            filing.issues.append(Issue(code=NOT_FOUND, message=f"No {words} was found"))
    return filing


def _prove(given: _Given, file: Path) -> Filing:
    """Prove a reading that was made elsewhere, by what the document shows."""
    from app.pipeline.read.shown import read_shown  # noqa: PLC0415 only when a file was opened
    from app.pipeline.verify.elsewhere import prove_elsewhere  # noqa: PLC0415

    asked = Elsewhere.model_validate_json(file.read_bytes())
    shown, reason = Filing(kind=asked.stated.source.kind), asked.unsearched
    if isinstance(given.content, Package):
        reason = reason or "it is a folder"
    elif reason is None:
        try:
            with without_cycle_collection():
                shown = read_shown(
                    given.content, given.path, asked.stated.statement, asked.stated.source.pages
                )
        except ReadError as error:
            reason = str(error)
    accession = asked.stated.source.accession
    proved = prove_elsewhere(
        asked.stated,
        [each for each in shown.statements if each.source.accession == accession],
        asked.others,
        kind=shown.kind,
        unsearched=reason,
    )
    return Filing(kind=shown.kind, statements=[proved])


def _without_statements(filing: Filing) -> Answer:
    """Return the answer for a file that can be read, and holds none of the three statements."""
    step = "see why with --pages" if filing.kind == "pdf" else "give the annual report itself"
    message = f"None of the three statements was found: {step}"
    answer = Answer.failed("no_statements", message, filing.kind)
    answer.noted = [each for each in filing.issues if each.code != NOT_FOUND]
    return answer


def _explain(given: _Given) -> list[Candidate]:
    """Return why each page that may hold a statement was taken or not."""
    data = given.content
    if isinstance(data, Package) or kinds.identify(data) is not kinds.Kind.PDF:
        raise ReadError("no_pages", "Only a PDF has pages to choose from: leave out --pages")
    from app.pipeline.read.pdf import explain_pages  # noqa: PLC0415

    return [
        Candidate(
            page=each.page,
            statement=each.statement,
            taken=each.taken,
            score=float(each.score),
            reasons=list(each.reasons),
        )
        for each in explain_pages(data)
    ]


def _draw(given: _Given, filing: Filing, prefix: Path) -> list[str]:
    """Write a picture of each page that was used; return the names of the files."""
    if isinstance(given.content, Package) or filing.kind != "pdf":
        raise ReadError("no_pages", "Only a PDF has pages to draw: leave out --picture")
    from app.pipeline.draw.pages import draw_pages  # noqa: PLC0415

    written: list[str] = []
    for page, image in draw_pages(given.content, filing.statements):
        file = prefix.with_name(f"{prefix.name}-page-{page:03}.png")
        file.write_bytes(image)
        written.append(str(file))
    return written


def _draw_place(given: _Given, asked: AskedPlace) -> DrawnPlace:
    """Return the pictures of the place of a figure, in the file in which it was read."""
    if given.sha256 != asked.sha256:
        raise ReadError("damaged_file", "The stored file is not the one that was read")
    if isinstance(given.content, Package) or kinds.identify(given.content) is not kinds.Kind.PDF:
        raise ReadError("no_pages", "Only a PDF has pages to draw")
    from app.pipeline.draw.place import Place, draw_place  # noqa: PLC0415

    place = Place(asked.page, asked.box, asked.others, asked.state)
    drawn = draw_place(given.content, place)
    detail = None if drawn.detail is None else Picture(png=drawn.detail)
    return DrawnPlace(page=Picture(png=drawn.page), detail=detail, text=drawn.text)


def _describe(error: Exception) -> str:
    """Return where this program failed, in one line without a value from the file."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [each for each in frames if each.filename.startswith(str(BACKEND / "app"))]
    place = f"{Path(own[-1].filename).relative_to(BACKEND)}:{own[-1].lineno}" if own else "unknown"
    return (
        f"The program failed ({type(error).__name__} at {place}): report this with the file; "
        "FDE_TRACEBACK=1 shows more"
    )
