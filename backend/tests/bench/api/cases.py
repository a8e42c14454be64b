"""The requests that are measured."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, get_args
from urllib.parse import urlencode

from sqlalchemy import URL, create_engine, text
from sqlalchemy.pool import NullPool

from app.pipeline.statement import StatementName
from tests.bench.api.client import Client, Request

STATEMENTS: Final = get_args(StatementName)
_FIGURES: Final = text("""
    SELECT company_id, statement_type, line, year
      FROM (SELECT company_id, statement_type, data FROM compiled_statements
             ORDER BY random() LIMIT 300) AS chosen,
           LATERAL (SELECT line ->> 'id', year
                      FROM jsonb_array_elements(data -> 'rows') AS line,
                           jsonb_object_keys(line -> 'cells') AS year
                     ORDER BY random() LIMIT 1) AS figure (line, year)
""")


@dataclass(frozen=True, slots=True)
class Population:
    """What requests ask for.

    Attributes:
        companies: Ids of companies with statements.
        documents: Ids of some documents.
        extractions: Ids of some extractions.
        figures: Company, statement, line and year of some figures.
    """

    companies: list[int]
    documents: list[int]
    extractions: list[int]
    figures: list[tuple[int, str, str, str]]


@dataclass(frozen=True, slots=True)
class Case:
    """A kind of request.

    Attributes:
        make: Returns the next request.
    """

    name: str
    make: Callable[[random.Random], Request]


def population(url: URL) -> Population:
    """Return what there is to ask for."""
    with create_engine(url, poolclass=NullPool).connect() as connection:

        def ids(query: str) -> list[int]:
            return list(connection.scalars(text(query)))

        return Population(
            ids("SELECT company_id FROM compiled_statements GROUP BY 1 HAVING count(*) = 3"),
            ids("SELECT id FROM documents ORDER BY random() LIMIT 5000"),
            ids("SELECT id FROM extractions ORDER BY random() LIMIT 5000"),
            [(row[0], row[1], row[2], row[3]) for row in connection.execute(_FIGURES)],
        )


def path_of(company: int, statement: str, **query: str) -> str:
    """Return the path of a statement."""
    asked = f"?{urlencode(query)}" if query else ""
    return f"/api/v1/companies/{company}/statements/{statement}{asked}"


def statement_case(there: Population, name: str, *, gzip: bool = False, **query: str) -> Case:
    """Return requests for statements of random companies."""
    headers = {"Accept-Encoding": "gzip"} if gzip else {}

    def make(choice: random.Random) -> Request:
        company = choice.choice(there.companies)
        return Request(path_of(company, choice.choice(STATEMENTS), **query), headers)

    return Case(name, make)


def one_statement_case(there: Population, name: str) -> Case:
    """Return requests for one statement, again and again."""
    request = Request(path_of(there.companies[0], STATEMENTS[0]))
    return Case(name, lambda _: request)


def cases(there: Population, port: int) -> list[Case]:
    """Return the kinds of requests beside statements as JSON.

    Args:
        there: What there is to ask for.
        port: Of the API, which is asked for entity tags and cursors.
    """
    return [
        statement_case(there, "statement as JSON, gzip", gzip=True),
        statement_case(there, "statement as JSON, as first reported", view="original"),
        statement_case(there, "statement as JSON, 3 years", years="3"),
        _unchanged(there, port),
        statement_case(there, "statement as CSV", format="csv"),
        statement_case(there, "statement as long CSV", format="long-csv"),
        statement_case(there, "statement as XLSX", format="xlsx"),
        statement_case(there, "statement as Parquet", format="parquet"),
        _why(there),
        Case("what is compiled of a company", _below(there.companies, "companies/{}/statements")),
        _pages(there, port),
        Case("company", _below(there.companies, "companies/{}")),
        Case("documents of a company", _below(there.companies, "documents?company={}")),
        Case("document", _below(there.documents, "documents/{}")),
        Case("file of a document", _below(there.documents, "documents/{}/file")),
        Case("extractions of a document", _below(there.documents, "documents/{}/extractions")),
        Case("extraction", _below(there.extractions, "extractions/{}")),
        Case("/healthz", lambda _: Request("/healthz")),
        Case("/readyz", lambda _: Request("/readyz")),
    ]


def _below(ids: list[int], pattern: str) -> Callable[[random.Random], Request]:
    return lambda choice: Request(f"/api/v1/{pattern.format(choice.choice(ids))}")


def _unchanged(there: Population, port: int) -> Case:
    """Return requests for statements that the client has already."""
    kept = []
    with Client(port) as client:
        for company in there.companies[:20]:
            target = path_of(company, STATEMENTS[0])
            etag = client.get(Request(target)).etag
            kept.append(Request(target, {"If-None-Match": etag}, 304))
    return Case("statement, not modified (304)", lambda choice: choice.choice(kept))


def _why(there: Population) -> Case:
    def make(choice: random.Random) -> Request:
        company, statement, line, year = choice.choice(there.figures)
        query = urlencode({"line": line, "year": year})
        return Request(f"{path_of(company, statement)}/why?{query}")

    return Case("why of a figure", make)


def _pages(there: Population, port: int) -> Case:
    """Return requests for pages of companies: the first ones."""
    import json  # noqa: PLC0415

    targets = ["/api/v1/companies"]
    with Client(port) as client:
        while len(targets) < min(20, 1 + len(there.companies) // 50):
            following = json.loads(client.body(Request(targets[-1])))["next"]
            targets.append(f"/api/v1/companies?{urlencode({'after': following})}")
    requests = [Request(each) for each in targets]
    return Case("50 companies", lambda choice: choice.choice(requests))
