"""The form that corrects a figure: what it shows of the figure, and what was typed into it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Self

from sqlalchemy.orm import Session

from app.pages import addresses
from app.pages.statement.options import Options
from app.pipeline.wording import unit_name
from app.services.correctable import Correctable, find_correctable
from app.services.errors import NotFoundError
from app.services.values import write_value
from app.services.why import Meant, Question, find_figure
from app.web.problems import ProblemError

ID: Final = "id:"
"""Before the id of a row, which may be the label of another one too."""


@dataclass(frozen=True, slots=True)
class Typed:
    """The fields of the form as they were filled in.

    Attributes:
        seen: The fingerprint of the figure that the form was shown with.
    """

    value: str = ""
    because: str = ""
    by: str = ""
    seen: str = ""

    @classmethod
    def of_form(cls, form: Mapping[str, str]) -> Self:
        """Return what a person typed."""
        return cls(**{name: form.get(name, "") for name in ("value", "because", "by", "seen")})


@dataclass(frozen=True, slots=True)
class CorrectionForm:
    """The form.

    Attributes:
        options: How the statement is shown that the person came from.
        wrong: Why a field cannot be taken, by its name; `figure` is about none of them.
    """

    figure: Correctable
    options: Options
    typed: Typed = field(default_factory=Typed)
    wrong: Mapping[str, str] = field(default_factory=dict)

    @property
    def unit(self) -> str:
        """Return the unit and the scale in words."""
        return unit_name(self.figure.unit, self.figure.scale)

    @property
    def now(self) -> str:
        """Return the figure as statements print it."""
        return write_value(self.figure.v)

    @property
    def hidden(self) -> dict[str, str]:
        """Return the fields that name the figure, and the way back."""
        fields = {
            "statement": self.figure.statement,
            "line": f"{ID}{self.figure.line}",
            "year": self.figure.period,
            "seen": self.figure.seen,
            **self.options.query,
        }
        return {name: value for name, value in fields.items() if value is not None}

    @property
    def address(self) -> str:
        """Return the path of the figure."""
        query = {"line": self.figure.line, "year": self.figure.period, **self.options.query}
        return addresses.figure(self.figure.company, self.figure.statement, query)

    def answered(self, typed: Typed, wrong: Mapping[str, str]) -> "CorrectionForm":
        """Return the form as it was filled in, with what is wrong with it."""
        return replace(self, typed=typed, wrong=wrong)


def find_form(session: Session, question: Question, options: Options) -> CorrectionForm | None:
    """Return the form for a figure; None if there is no such line or year."""
    try:
        return form_of(session, find_figure(session, question), options)
    except NotFoundError:
        return None


def form_of(session: Session, meant: Meant, options: Options) -> CorrectionForm:
    """Return the form for a figure."""
    return CorrectionForm(find_correctable(session, meant), options)


def place_of(company_id: int, form: Mapping[str, str]) -> tuple[Question, Options]:
    """Return the figure that a form names, and how its statement was shown.

    Raises:
        ProblemError: 400 if it names none.
    """
    options = Options.of_query(form)
    statement = next((each for each in addresses.SLUGS if each == form.get("statement")), None)
    line, year = form.get("line", ""), form.get("year", "")
    if statement is None or not line or not year:
        raise ProblemError(400, "malformed_form", "the form names no figure")
    company = f"id:{company_id}"
    return Question(company, statement, line, year, options.framework, options.currency), options
