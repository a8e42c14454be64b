"""How a statement is shown is all in its address."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.pages.statement.options import Options


def test_an_address_without_a_query_has_the_defaults() -> None:
    assert Options.of_query({}) == Options(10, "latest", "amounts", "newest", None, None)
    assert not any(Options().query.values())


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"years": "5"}, {"years": 5}),
        ({"years": "all"}, {"years": None}),
        ({"view": "original"}, {"view": "original"}),
        ({"show": "share"}, {"show": "share"}),
        ({"show": "growth"}, {"show": "growth"}),
        ({"order": "oldest"}, {"order": "oldest"}),
        ({"framework": " ifrs ", "currency": "EUR"}, {"framework": "ifrs", "currency": "EUR"}),
    ],
)
def test_each_option_of_a_query(query: dict[str, str], expected: dict[str, Any]) -> None:
    options = Options.of_query(query)
    assert options == Options().but(**expected)
    assert {name for name, value in options.query.items() if value} == {*query}


@pytest.mark.parametrize(
    "query",
    [
        {"years": "0"},
        {"years": "-5"},
        {"years": "7"},
        {"years": "ALL"},
        {"view": "LATEST"},
        {"show": "<script>"},
        {"order": ""},
        {"framework": "  ", "currency": ""},
        {"anything": "else"},
    ],
)
def test_a_value_that_means_nothing_is_the_default(query: dict[str, str]) -> None:
    assert Options.of_query(query) == Options()


@given(
    st.sampled_from([5, 10, None]),
    st.sampled_from(["latest", "original"]),
    st.sampled_from(["amounts", "share", "growth"]),
    st.sampled_from(["newest", "oldest"]),
    st.one_of(st.none(), st.sampled_from(["us-gaap", "unknown"])),
)
def test_a_query_says_all(years: Any, view: Any, show: Any, order: Any, framework: Any) -> None:
    options = Options(years, view, show, order, framework)
    kept = {name: value for name, value in options.query.items() if value is not None}
    assert Options.of_query(kept) == options


def test_a_long_name_is_cut() -> None:
    assert Options.of_query({"framework": "x" * 1000}).framework == "x" * 40
