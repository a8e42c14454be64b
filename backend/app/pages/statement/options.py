"""How a statement is shown: what the query of its address says."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, get_args

from app.pipeline.compile.view import View

Show = Literal["amounts", "share", "growth"]
"""Figures as stated, as a percentage of one line, or against the year before."""
Order = Literal["newest", "oldest"]
"""Which year is on the left."""
YEARS: Final[dict[str, int | None]] = {"5": 5, "10": 10, "all": None}
DEFAULT_YEARS: Final = 10
LONGEST: Final = 40
"""Characters of the name of a framework or currency; no longer one is compared."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a statement is shown.

    Attributes:
        years: The newest fiscal years, or None for all.
        view: Which filing gives a figure.
        framework: Where there are several; None for that which comes first.
        currency: Likewise.
    """

    years: int | None = DEFAULT_YEARS
    view: View = "latest"
    show: Show = "amounts"
    order: Order = "newest"
    framework: str | None = None
    currency: str | None = None

    @classmethod
    def of_query(cls, query: Mapping[str, str]) -> "Options":
        """Return the options of a query; a value that means nothing is the default."""
        return cls(
            years=YEARS.get(query.get("years", ""), DEFAULT_YEARS),
            view=_one_of(query.get("view"), get_args(View)),
            show=_one_of(query.get("show"), get_args(Show)),
            order=_one_of(query.get("order"), get_args(Order)),
            framework=_name(query.get("framework")),
            currency=_name(query.get("currency")),
        )

    @property
    def query(self) -> dict[str, str | None]:
        """Return the query that says the same; what is None is the default."""
        years = next(name for name, number in YEARS.items() if number == self.years)
        return {
            "years": None if self.years == DEFAULT_YEARS else years,
            "view": None if self.view == "latest" else self.view,
            "show": None if self.show == "amounts" else self.show,
            "order": None if self.order == "newest" else self.order,
            **self.group,
        }

    @property
    def group(self) -> dict[str, str | None]:
        """Return the part of the query that names framework and currency."""
        return {"framework": self.framework, "currency": self.currency}

    @property
    def figure(self) -> dict[str, str | None]:
        """Return the part of the query that says which figure of a line and a year is meant."""
        return {"view": self.query["view"], **self.group}

    @property
    def download(self) -> dict[str, str | None]:
        """Return the part of the query that also a file depends on."""
        return {"years": self.query["years"], **self.figure}

    def but(self, **changes: Any) -> "Options":
        """Return these options with some changed."""
        return replace(self, **changes)


def _one_of(value: str | None, known: tuple[Any, ...]) -> Any:
    """Return a value, or the default, which comes first."""
    return value if value in known else known[0]


def _name(value: str | None) -> str | None:
    return value[:LONGEST].strip() or None if value else None
