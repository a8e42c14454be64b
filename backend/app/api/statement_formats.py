"""The formats of a statement: how a client asks for one, and what its answer is called."""

import hashlib
import importlib.util
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Final, Literal, get_args

from fastapi import Query, Request
from pydantic import BeforeValidator, WithJsonSchema

from app.api.media_types import preferred
from app.pipeline.compile.view import View
from app.pipeline.statement import StatementName
from app.services.exporting import Format
from app.services.statements import Stored
from app.web.problems import ProblemError

JSON: Final = "application/json"
CSV: Final = "text/csv"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PARQUET: Final = "application/vnd.apache.parquet"
MEDIA_TYPES: Final[dict[Format, str]] = {
    "json": JSON,
    "csv": CSV,
    "long-csv": CSV,
    "xlsx": XLSX,
    "parquet": PARQUET,
}
ENDINGS: Final[dict[Format, str]] = {
    "csv": ".csv",
    "long-csv": "-long.csv",
    "xlsx": ".xlsx",
    "parquet": ".parquet",
}
"""Of the names of files; JSON is shown, and not saved."""
DEFAULT_YEARS: Final = 10
MOST_YEARS: Final = 200
_LONGEST_NAME: Final = 60
_DIGEST: Final = 64  # characters
_FINGERPRINT: Final = 16
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,2}")


def _years(value: object) -> object:
    """Return the years of a URL's text, which is a number as people write it, or `all`."""
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = int(value)
    if value == "all" or (type(value) is int and 1 <= value <= MOST_YEARS):
        return value
    raise ValueError(f"it is neither a number from 1 to {MOST_YEARS} nor 'all'")


Years = Annotated[
    int | Literal["all"],
    BeforeValidator(_years),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": MOST_YEARS},
                {"type": "string", "const": "all"},
            ]
        }
    ),
    Query(description="The newest fiscal years; those that no filing states count too."),
]


@dataclass(frozen=True, slots=True)
class Asked:
    """The representation of a statement that a client asks for.

    Attributes:
        years: None for all.
    """

    format: Format = "json"
    years: int | None = DEFAULT_YEARS
    view: View = "latest"
    framework: str | None = None
    currency: str | None = None

    @property
    def is_default(self) -> bool:
        """Return whether its rendering is kept."""
        return self == _DEFAULT

    def etag(self, stored: Stored) -> str:
        """Return the entity tag: the digest, and a fingerprint of everything else but defaults."""
        if self.is_default:
            return stored.digest
        parts = (self.format, self.years, self.view, self.framework, self.currency, stored.company)
        fingerprint = hashlib.sha256(repr(parts).encode(errors="replace")).hexdigest()
        return f"{stored.digest}-{fingerprint[:_FINGERPRINT]}"

    def headers(self, statement: StatementName, company: str | None) -> dict[str, str]:
        """Return the headers that let a browser save a file under a safe name."""
        if self.format not in ENDINGS:
            return {}
        name = f"{_safe(company or '')}-{statement.replace('_', '-')}{ENDINGS[self.format]}"
        return {"Content-Disposition": f'attachment; filename="{name}"'}


_DEFAULT: Final = Asked()


def known_digests(tags: Sequence[str]) -> list[str]:
    """Return the digests that entity tags of a client may begin with; `*` stands for itself."""
    return [each if each == "*" else each[:_DIGEST] for each in tags]


def choose_format(request: Request, asked: Format | None) -> Format:
    """Return the format that a client asks for: by its parameter, else by `Accept`.

    Raises:
        ProblemError: 406; the message names what there is.
    """
    if asked == "parquet" and not has_parquet():
        raise _not_acceptable()
    if asked is not None:
        return asked
    accept = request.headers.getlist("accept")
    if not accept or accept == ["*/*"]:
        return "json"
    chosen = preferred(accept, offered())
    if chosen is None:
        raise _not_acceptable()
    return next(name for name, media_type in MEDIA_TYPES.items() if media_type == chosen)


@cache
def has_parquet() -> bool:
    """Return whether the extra `parquet` is installed."""
    return importlib.util.find_spec("pyarrow") is not None


def offered() -> list[str]:
    """Return the media types that this server can write, the default first."""
    types = dict.fromkeys(MEDIA_TYPES.values())
    return [each for each in types if each != PARQUET or has_parquet()]


def openapi_content(example: dict[str, Any]) -> dict[str, Any]:
    """Return the media types of the answer for the OpenAPI document."""
    binary = {"schema": {"type": "string", "format": "binary"}}
    return {
        JSON: {"example": example},
        CSV: {"schema": {"type": "string"}},
        XLSX: binary,
        PARQUET: binary,
    }


def _not_acceptable() -> ProblemError:
    missing = "" if has_parquet() else (
        f"; {PARQUET} needs pyarrow, which the extra parquet installs, and it is not installed"
    )  # fmt: skip
    formats = ", ".join(each for each in get_args(Format) if each != "parquet" or has_parquet())
    return ProblemError(
        406,
        "not_acceptable",
        f"there are {', '.join(offered())}{missing}; or choose a format: {formats}",
    )


def _safe(name: str) -> str:
    """Return the letters and digits of a name in ASCII, with hyphens between."""
    plain = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    words = "-".join(re.findall(r"[a-z0-9]+", plain))
    return words[:_LONGEST_NAME].strip("-") or "company"
