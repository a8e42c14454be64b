"""`If-None-Match` (RFC 9110, 13.1.2)."""

import pytest
from fastapi import Request

from app.web.conditional import is_known

TAG = "d1e5"


def request(value: str) -> Request:
    return Request({"type": "http", "headers": [(b"if-none-match", value.encode())]})


@pytest.mark.parametrize(
    "value",
    [
        '"d1e5"',
        'W/"d1e5"',
        '"x", "d1e5"',
        '"x,y",W/"d1e5"',
        ',, "d1e5" ,',
        " *",
        '"a", d1e5',
        '"","d1e5"',
    ],
)
def test_a_tag_of_the_list_is_known(value: str) -> None:
    assert is_known(request(value), TAG)


@pytest.mark.parametrize(
    "value",
    [
        "",
        '"x"',
        '"x,d1e5"',
        '"x, d1e5, y"',
        'W/ "d1e5"',
        '"*"',
        '"x" "d1e5"',
        '"D1E5"',
        "'d1e5'",
        "W/*",
    ],
)
def test_what_is_no_such_tag_is_not_known(value: str) -> None:
    assert not is_known(request(value), TAG)
