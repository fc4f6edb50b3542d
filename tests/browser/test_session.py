"""The end of a session, as the page shows it."""

import re

import pytest
from playwright.sync_api import expect

from drsorch.access.sessions import BEGUN, SEEN

MOVABLE_CLOCK = "window.ahead = 0; const real = Date.now; Date.now = () => real() + window.ahead"
MINUTE = 60


@pytest.fixture
def page_of(strict_page, live_server, sign_in, staff):
    """A page of somebody who is signed in, whose browser's clock can be moved."""
    sign_in(staff)
    strict_page.add_init_script(MOVABLE_CLOCK)
    strict_page.goto(f"{live_server.url}/styleguide/")
    return strict_page


@pytest.fixture
def grow_old(client):
    """Let the session grow old at the server."""

    def older(minutes, *names):
        session = client.session
        for name in names:
            session[name] -= minutes * MINUTE
        session.save()

    return older


def go_on(page, minutes):
    page.evaluate(f"window.ahead += {minutes * MINUTE * 1000}")


def test_two_minutes_before_the_end_it_warns_and_one_can_stay(page_of, grow_old, accessible):
    warning = page_of.locator("#session")
    expect(warning).to_be_hidden()
    grow_old(43.5, SEEN)
    go_on(page_of, 43.5)

    expect(warning).to_contain_text("because nothing was done here")
    accessible(page_of)
    warning.get_by_role("button", name="Stay signed in").click()
    expect(warning).to_be_hidden()


def test_what_was_done_in_another_tab_counts(page_of):
    with page_of.expect_response(re.compile("/account/session$")):
        go_on(page_of, 43.5)
    expect(page_of.locator("#session")).to_be_hidden()


def test_before_the_12_hours_are_over_it_warns_and_staying_is_not_offered(page_of, grow_old):
    grow_old(12 * 60 - 1, BEGUN)
    go_on(page_of, 44)

    warning = page_of.locator("#session")
    expect(warning).to_contain_text("because a session lasts 12 hours")
    expect(warning.get_by_role("button")).to_be_hidden()


def test_after_the_end_it_says_so_and_leads_back_to_the_page(page_of, grow_old):
    grow_old(46, SEEN)
    go_on(page_of, 46)

    warning = page_of.locator("#session")
    expect(warning).to_contain_text("You are signed out. What you see may be old.")
    warning.get_by_role("link", name="Sign in again").click()
    expect(page_of).to_have_url(re.compile(r"/account/sign-in\?next=/styleguide/$"))
    expect(page_of.get_by_text("nothing was done for 45 minutes")).to_be_visible()
