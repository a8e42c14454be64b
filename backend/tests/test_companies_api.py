"""`/api/v1/companies`, in process."""

import pytest
from fastapi.testclient import TestClient


@pytest.mark.usefixtures("on_migrated")
def test_companies_come_by_name_with_their_listings(client: TestClient) -> None:
    companies = client.get("/api/v1/companies").json()
    assert len(companies) == 6
    assert companies[0]["name"] == "Allianz SE"
    assert companies[0]["tickers"] == [{"ticker": "ALV", "exchange": "XETRA"}]
