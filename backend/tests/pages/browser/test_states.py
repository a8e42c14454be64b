"""The list of states has every page of the application."""

from tests.pages.browser.states import OTHERS, STATES, page_routes


def test_each_page_of_the_application_is_looked_at() -> None:
    looked_at = {state.route for state in STATES if state.route}
    assert page_routes() - OTHERS.keys() == looked_at
    assert OTHERS.keys() <= page_routes()


def test_each_state_has_a_name_of_its_own() -> None:
    assert len({state.name for state in STATES}) == len(STATES)
