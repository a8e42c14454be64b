"""What stands above the pages of a company is of now, though requests share the query for it."""

import asyncio

import pytest
from sqlalchemy import text

from app.pages.heads import Heads
from app.services.company_heads import find_head
from app.services.errors import NotFoundError
from app.web.database import Database
from tests.helpers.shelf import Shelf


def test_the_head_of_a_company_is_the_same_with_others_and_alone(filled: Shelf) -> None:
    filled.add("ACME", filled.file("report.pdf"), create=True)
    filled.compile("ACME")
    acme = filled.one("SELECT id FROM companies WHERE name = 'Acme plc'")
    other = filled.company("Other")

    async def find() -> None:
        database = Database()
        heads = Heads(database)
        found = await asyncio.gather(*map(heads.find, (acme, other, acme)))
        database.close()
        assert found[0] == found[2]
        assert [each.name for each in found[:2]] == ["Acme plc", "Other"]
        assert found[0].documents == 1
        assert {*found[0].compiled} == {"income_statement", "balance_sheet", "cash_flow_statement"}
        with filled.sessions() as session:
            assert [find_head(session, acme), find_head(session, other)] == found[:2]

    asyncio.run(find())


def test_a_head_is_as_the_company_is_now(filled: Shelf) -> None:
    company = filled.company("Old name")

    async def find() -> None:
        database = Database()
        heads = Heads(database)
        before = await heads.find(company)
        rename = "UPDATE companies SET name = 'New name' WHERE id = :id"
        with filled.sessions.begin() as session:
            session.execute(text(rename), {"id": company})
        after = await heads.find(company)
        assert (before.name, after.name) == ("Old name", "New name")
        assert before.version != after.version
        with pytest.raises(NotFoundError, match="there is no company id:404"):
            await heads.find(404)
        database.close()

    asyncio.run(find())
