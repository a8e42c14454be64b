"""`/api/v1/companies`, in process."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine


@pytest.mark.usefixtures("on_migrated")
def test_companies_come_by_name_with_their_listings(client: TestClient) -> None:
    companies = client.get("/api/v1/companies").json()
    assert len(companies) == 6
    assert companies[0]["name"] == "Allianz SE"
    assert companies[0]["tickers"] == [{"ticker": "ALV", "exchange": "XETRA"}]


@pytest.mark.usefixtures("on_migrated")
def test_a_company_of_a_filing_has_identifiers_and_no_page(
    client: TestClient, migrated: Engine
) -> None:
    with migrated.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO companies (name, lei, cik, fiscal_year_end)"
            " VALUES ('A plc', '529900D6BF99LW9R2E68', '0000320193', '09-30')"
        )
    company = client.get("/api/v1/companies").json()[0]
    assert company["name"] == "A plc"
    assert company["ir_url"] is None
    assert company["lei"] == "529900D6BF99LW9R2E68"
    assert (company["cik"], company["fiscal_year_end"]) == ("0000320193", "09-30")
