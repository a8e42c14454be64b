"""Which media type a client prefers."""

import pytest

from app.api.media_types import preferred

OFFERED = ["application/json", "text/csv", "application/x"]


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ([], "application/json"),
        (["*/*"], "application/json"),
        (["text/csv"], "text/csv"),
        (["TEXT/CSV"], "text/csv"),
        (["text/*"], "text/csv"),
        (["text/html, */*;q=0.1"], "application/json"),
        (["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"], "application/json"),
        (["text/csv;q=0.4, application/json;q=0.3"], "text/csv"),
        (["text/csv ; Q = 0.9 , application/x;q=1.000"], "application/x"),
        (["text/csv;q=0.5", "application/x;q=0.6"], "application/x"),
        (["*/*, application/json;q=0.5"], "text/csv"),
        (["application/*;q=0.2, application/x;q=0.9, text/csv;q=0.5"], "application/x"),
        (["text/csv;header=present"], "text/csv"),
        (["application/json;q=0, */*"], "text/csv"),
        (["nonsense"], "application/json"),
        (["nonsense, text/csv"], "text/csv"),
        (["text/csv;q=2, application/x;q=0.1"], "application/x"),
        ([""], "application/json"),
        (["application/json;q=0"], None),
        (["text/html"], None),
        (["text/html;q=1, text/csv;q=0.000"], None),
        (["*/*;q=0"], None),
    ],
)
def test_the_most_specific_range_gives_the_weight(accept: list[str], chosen: str | None) -> None:
    assert preferred(accept, OFFERED) == chosen
