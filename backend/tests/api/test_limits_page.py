"""The page about limits says what is in force."""

import re

import pytest

from app.api import health
from app.services.transactions import CONFLICTS
from app.web import body_limits, connections, database, serving
from config import Settings
from tests.helpers.shell import BACKEND

PAGE = (BACKEND.parent / "docs" / "api" / "limits.md").read_text(encoding="utf-8")
SETTINGS = Settings()


@pytest.mark.parametrize(
    ("sentence", "value"),
    [
        (r"`API_CONNECTIONS`, (\d+)", SETTINGS.api_connections),
        (r"`API_WAIT_SECONDS`, (\d+) s", SETTINGS.api_wait_seconds),
        (r"`API_LOCK_SECONDS`, (\d+) s", SETTINGS.api_lock_seconds),
        (r"`API_STATEMENT_SECONDS`, (\d+) s", SETTINGS.api_statement_seconds),
        (r"`API_UPLOAD_MEGABYTES`, (\d+)", SETTINGS.api_upload_megabytes),
        (r"(\d+) s more than one statement", database.GRACE),
        (r"`API_CONNECTIONS` \+ (\d+) connections", database.WRITING),
        (r"within (\d+) seconds whatever the database does", health.PROBE_SECONDS),
        (r"headers to arrive \| (\d+) s", connections.HEAD_SECONDS),
        (r"a body to arrive \| (\d+) s", body_limits.GRACE),
        (r"in all (\d+) s for JSON", body_limits.JSON.seconds),
        (r"(\d+) minutes for an upload", body_limits.UPLOAD_SECONDS / 60),
        (r"an answer to be read \| (\d+) s", connections.ANSWER_SECONDS),
        (r"connections at a time \| (\d+)", connections.MOST),
        (r"file descriptors to (\d+)", connections.MOST + connections.RESERVED),
        (r"answered, for at most (\d+) seconds", serving.STOP_SECONDS),
        (r"takes longer than (\d+)\s+seconds by default", 6 + 10 + 2 * database.GRACE),
        (r"with a place that is free, (\d+)", 10 + 2 * database.GRACE),
    ],
)
def test_the_page_says_what_is_in_force(sentence: str, value: float) -> None:
    assert [float(each) for each in re.findall(sentence, PAGE)] == [value]


def test_conflicts_are_tried_as_often_as_the_page_says() -> None:
    assert "is done again, up to three times" in PAGE
    assert CONFLICTS == 3
