"""The sign-in page."""

import re

import pytest
from playwright.sync_api import expect

from drsorch.access.demo import create_demo_users


@pytest.fixture
def sign_in_page(strict_page, live_server, settings):
    settings.ENVIRONMENT = "demo"
    create_demo_users()
    strict_page.goto(f"{live_server.url}/account/sign-in?next=/styleguide/")
    return strict_page


def test_it_is_accessible(appearance, sign_in_page, accessible):
    accessible(sign_in_page)
    assert sign_in_page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_wrong_password_focuses_the_summary_and_marks_the_field(sign_in_page, accessible):
    sign_in_page.get_by_label("Username").fill("olga")
    sign_in_page.get_by_label("Password").fill("not her password")
    sign_in_page.get_by_role("button", name="Sign in", exact=True).click()
    expect(sign_in_page).to_have_title(re.compile("^Error: "))
    expect(sign_in_page.get_by_role("alert")).to_be_focused()
    expect(sign_in_page.get_by_role("alert")).to_contain_text("The username or the password is wrong.")
    expect(sign_in_page.get_by_label("Password")).to_have_accessible_description(re.compile("is wrong"))
    expect(sign_in_page.get_by_label("Username")).to_have_value("olga")
    accessible(sign_in_page)


def test_a_demo_user_signs_in_with_one_click_and_arrives_where_they_wanted(sign_in_page):
    sign_in_page.get_by_role("button", name="Sign in as ada").click()
    expect(sign_in_page).to_have_url(re.compile("/styleguide/$"))


def test_demo_users_are_not_named_outside_a_demo(sign_in_page, settings):
    settings.ENVIRONMENT = "production"
    sign_in_page.reload()
    expect(sign_in_page.get_by_role("heading", name="Sign in to drsorch")).to_be_visible()
    expect(sign_in_page.get_by_text("demo-ada-admin")).to_have_count(0)
