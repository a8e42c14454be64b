"""Which years of a company's compiled statements use a document."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

_VIEWS: Final = """
           LATERAL (SELECT compiled.data, 0 AS place
                    UNION ALL
                    SELECT other.value, other.place
                      FROM jsonb_array_elements(compiled.data -> 'others') WITH ORDINALITY
                           AS other (value, place)) AS view,
           LATERAL jsonb_array_elements(view.data -> 'inputs') WITH ORDINALITY
                   AS input (value, place)"""
"""Of a compiled statement: itself and the same in other frameworks and currencies, with inputs."""
_FIND: Final = text(f"""
    SELECT compiled.statement_type, view.data ->> 'framework' AS framework,
           view.data ->> 'currency' AS currency, view.place,
           count(*) FILTER (WHERE input.value ->> 'role' = 'second_reading') AS second_readings,
           count(*) AS inputs,
           sum((input.value ->> 'equal')::int) AS equal,
           sum((input.value ->> 'different')::int) AS different,
           (SELECT jsonb_object_agg(used.key, used.figures)
              FROM (SELECT cell.key, count(*) AS figures
                      FROM jsonb_array_elements(view.data -> 'rows') AS row,
                           jsonb_each(row.value -> 'cells') AS cell
                     WHERE cell.value -> 'input' = ANY (array_agg(to_jsonb(input.place - 1)))
                     GROUP BY cell.key) AS used) AS figures,
           (SELECT jsonb_object_agg(period.value ->> 'key', period.value ->> 'label')
              FROM jsonb_array_elements(view.data -> 'periods') AS period) AS labels
      FROM compiled_statements AS compiled,{_VIEWS}
     WHERE compiled.company_id = :company AND compiled.data ->> 'schema' = 'compiled/1'
       AND input.value ->> 'sha256' = :sha256
     GROUP BY compiled.statement_type, view.data, view.place
     ORDER BY view.place
""")  # noqa: S608 of constants
"""By statement, and by framework and currency within it."""
_PLACES: Final = text(f"""
    SELECT DISTINCT ON (compiled.statement_type, page)
           compiled.statement_type, (cell.value ->> 'page')::int AS page,
           row.value ->> 'id' AS line, cell.key AS period, view.place,
           view.data ->> 'framework' AS framework, view.data ->> 'currency' AS currency
      FROM compiled_statements AS compiled,{_VIEWS},
           LATERAL jsonb_array_elements(view.data -> 'rows') WITH ORDINALITY AS row (value, place),
           LATERAL jsonb_each(row.value -> 'cells') AS cell
     WHERE compiled.company_id = :company AND compiled.data ->> 'schema' = 'compiled/1'
       AND input.value ->> 'sha256' = :sha256
       AND cell.value -> 'input' = to_jsonb(input.place - 1) AND cell.value ? 'page'
     ORDER BY compiled.statement_type, page, view.place, row.place, cell.key DESC
""")  # noqa: S608 of constants
"""By statement and page: the first figure on it that the statement takes from there."""


@dataclass(frozen=True, slots=True)
class Use:
    """What a compiled statement takes from a document.

    Attributes:
        place: 0 of the statement itself, else of the same one in another framework or currency.
        figures: Their number by the label of the period, such as FY2023, the newest first.
        is_second_reading: Whether it is only compared, since the same filing is used in another
            kind.
        equal: Of a second reading: figures that agree.
        different: Of a second reading: figures that do not.
    """

    statement: str
    framework: str | None
    currency: str | None
    place: int
    figures: dict[str, int]
    is_second_reading: bool
    equal: int
    different: int


@dataclass(frozen=True, slots=True)
class FigureOfPage:
    """A figure of a compiled statement that stands on a page of a document.

    Attributes:
        line: Id of its row.
        period: Key of its column.
        place: 0 of the statement itself, else of the same one in another framework or currency.
    """

    statement: str
    page: int
    line: str
    period: str
    place: int
    framework: str | None
    currency: str | None


def figures_of_pages(session: Session, company_id: int, sha256: str) -> list[FigureOfPage]:
    """Return a figure of each page that compiled statements take figures from, by one query."""
    rows = session.execute(_PLACES, {"company": company_id, "sha256": sha256})
    return [
        FigureOfPage(
            each.statement_type,
            each.page,
            each.line,
            each.period,
            each.place,
            each.framework,
            each.currency,
        )
        for each in rows
    ]


def uses_of(session: Session, company_id: int, sha256: str) -> Sequence[Use]:
    """Return what the compiled statements of a company take from a file, by one query."""
    rows = session.execute(_FIND, {"company": company_id, "sha256": sha256})
    return [
        Use(
            statement=row.statement_type,
            framework=row.framework,
            currency=row.currency,
            place=row.place,
            figures={
                row.labels.get(key, key): number
                for key, number in sorted((row.figures or {}).items(), reverse=True)
            },
            is_second_reading=row.second_readings == row.inputs,
            equal=row.equal or 0,
            different=row.different or 0,
        )
        for row in rows
    ]
