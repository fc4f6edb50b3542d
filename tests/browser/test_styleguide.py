"""Every component, in a real browser."""

import re

import pytest
from playwright.sync_api import expect


@pytest.fixture
def guide(strict_page, live_server, sign_in, staff):
    sign_in(staff)
    strict_page.goto(f"{live_server.url}/styleguide/")
    return strict_page


def test_every_component_is_accessible_and_nothing_is_wider_than_the_page(appearance, guide, accessible):
    accessible(guide)
    assert guide.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_font_and_the_icons_are_loaded(guide):
    expect(guide.get_by_role("heading", level=1)).to_have_text("Style guide")
    assert guide.evaluate("document.fonts.ready.then(() => document.fonts.check('14px \"Open Sans\"'))")
    assert guide.evaluate("[...document.fonts].some(face => face.status === 'loaded')")
    assert guide.locator(".status .icon-ok").first.evaluate("icon => icon.getBBox().width > 5")


def test_an_open_dialog_is_accessible_and_holds_the_focus(guide, accessible):
    guide.get_by_role("button", name="Pause before next wave").click()
    expect(guide.get_by_role("dialog", name="Pause before the next wave?")).to_be_visible()
    expect(guide.get_by_role("button", name="Keep running")).to_be_focused()
    accessible(guide)
    guide.keyboard.press("Escape")
    expect(guide.get_by_role("dialog")).to_have_count(0)
    expect(guide.get_by_role("button", name="Pause before next wave")).to_be_focused()


def test_a_dangerous_action_waits_for_the_typed_name(guide):
    sent = []
    guide.on("request", lambda request: sent.append(request) if request.method == "POST" else None)
    guide.get_by_role("button", name="Cancel execution").click()
    dialog = guide.get_by_role("dialog", name="Cancel this execution?")
    field, go = dialog.get_by_label("To confirm, type"), dialog.get_by_role("button", name="Cancel execution")
    expect(field).to_be_focused()
    field.fill("Billing")
    go.click(force=True)
    field.press("Enter")
    assert sent == []
    expect(go).to_have_attribute("aria-disabled", "true")
    field.fill("Billing and claims")
    expect(go).to_have_attribute("aria-disabled", "false")


def test_a_form_is_sent_once(guide):
    posts = []

    def receive(route):
        posts.append(route.request)
        route.fulfill(status=204)  # the browser stays on the page, as it does while a slow answer is awaited

    guide.get_by_role("button", name="Pause before next wave").click()
    guide.route("**/styleguide/", receive)
    pause = guide.get_by_role("dialog").get_by_role("button", name="Pause execution")
    pause.click()
    expect(pause).to_have_attribute("aria-disabled", "true")
    pause.click(force=True)
    pause.press("Enter")
    assert [request.method for request in posts] == ["POST"]


def test_an_unavailable_action_can_be_focused_and_does_nothing(guide):
    button = guide.get_by_role("button", name="Terminate instances")
    button.focus()
    expect(button).to_be_focused()
    expect(button).to_have_accessible_description("Terminate is available when the execution has ended.")
    button.click(force=True)
    expect(guide).to_have_url(re.compile("/styleguide/$"))


def test_the_theme_is_remembered_and_applied_before_the_script(guide, live_server):
    switch = guide.get_by_role("button", name="Dark theme")
    expect(switch).to_have_attribute("aria-pressed", "false")
    switch.click()
    expect(guide.locator("html")).to_have_attribute("data-theme", "dark")
    guide.route("**/console.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
    guide.reload()
    expect(guide.locator("html")).to_have_attribute("data-theme", "dark")
    expect(guide.locator("body")).to_have_css("color", "rgb(198, 198, 205)")
    guide.goto(f"{live_server.url}/admin/")
    expect(guide.locator("html")).to_have_attribute("data-theme", "dark")


def test_an_identifier_is_copied(guide, context):
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    guide.get_by_role("button", name="Copy drsjob-3b27f4410a9c8d6e2").click()
    expect(guide.locator("#announcer")).to_have_text("Copied drsjob-3b27f4410a9c8d6e2")
    assert guide.evaluate("navigator.clipboard.readText()") == "drsjob-3b27f4410a9c8d6e2"


def test_a_narrow_screen_has_the_navigation_behind_a_button(guide, accessible):
    guide.set_viewport_size({"width": 390, "height": 844})
    navigation = guide.get_by_role("navigation", name="Main")
    expect(navigation).to_be_hidden()
    guide.get_by_role("button", name="Menu").click()
    expect(navigation).to_be_visible()
    accessible(guide)
    guide.keyboard.press("Escape")
    expect(navigation).to_be_hidden()


def test_a_page_enlarged_to_400_percent_needs_no_sideways_scrolling(guide):
    guide.set_viewport_size({"width": 320, "height": 256})
    assert guide.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_keyboard_reaches_the_content_first(guide):
    guide.keyboard.press("Tab")
    expect(guide.get_by_role("link", name="Skip to main content")).to_be_focused()
    guide.keyboard.press("Enter")
    expect(guide.locator("main")).to_be_focused()


def test_the_user_menu_signs_out(guide):
    guide.get_by_role("button", name="Signed in as ada").click()
    guide.get_by_role("button", name="Sign out").click()
    expect(guide).to_have_url(re.compile("/account/sign-in"))


@pytest.mark.parametrize("address", ["/admin/", "/admin/access/user/", "/admin/plans/recoveryplan/add/"])
def test_the_administration_works_under_the_same_policy(guide, live_server, address):
    guide.goto(live_server.url + address)
    expect(guide.get_by_role("link", name="drsorch administration")).to_be_visible()


def test_without_script_the_forms_of_the_dialogs_stand_on_the_page(browser, context, guide):
    bare = browser.new_context(java_script_enabled=False, storage_state=context.storage_state()).new_page()
    bare.goto(guide.url)
    expect(bare.get_by_role("button", name="Cancel execution")).to_have_count(1)
    expect(bare.get_by_label("To confirm, type")).to_be_visible()
    expect(bare.get_by_role("button", name="Keep running")).to_have_count(0)
    bare.context.close()
