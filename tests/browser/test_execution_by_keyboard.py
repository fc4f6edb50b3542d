"""An execution from sign-in to termination in a real browser, without the mouse."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.open_pages import wake
from tests.executions.driving import run, step

pytestmark = pytest.mark.usefixtures("readers_do_not_wait")


def tab_to(page, role, name):
    """Press Tab until the element has the focus; fail when the keyboard cannot reach it."""
    wanted = page.get_by_role(role, name=name, exact=True).first
    expect(wanted).to_be_visible()
    for _ in range(80):
        page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"Tab never reaches the {role} {name}.")


def press(page, role, name):
    """Go to a button or link by Tab and press it."""
    tab_to(page, role, name)
    page.keyboard.press("Enter")


def test_a_drill_is_run_with_the_keyboard_alone(strict_page, live_server, plan, olga, aws, worker):
    """Sign in, start, pause, resume, think better of a cancellation, cancel, terminate."""
    page = strict_page
    page.goto(f"{live_server.url}/plans/{plan.pk}/")
    tab_to(page, "textbox", "Username")
    page.keyboard.type("olga")
    tab_to(page, "textbox", "Password")
    page.keyboard.type("a-long-password")
    page.keyboard.press("Enter")
    press(page, "link", "Start drill")
    press(page, "button", "Start drill")
    expect(page.get_by_text("Drill of Billing started.")).to_be_visible()
    drill = plan.executions.get()
    step()

    press(page, "button", "Pause before next wave")
    expect(page.get_by_role("button", name="Keep running")).to_be_focused()
    press(page, "button", "Pause execution")
    expect(page.get_by_text("olga asked to pause before the next wave.").first).to_be_visible()
    run(drill, aws, by=300)
    wake(page)
    expect(page.get_by_role("heading", name=re.compile("^Paused before wave 2"))).to_be_visible()
    press(page, "button", "Resume")
    expect(page.get_by_text("Decided: resume.")).to_be_visible()

    step()
    press(page, "button", "Cancel execution")
    expect(page.get_by_role("button", name="Keep running")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("button", name="Cancel execution")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").get_by_text("The execution is being cancelled.")).to_be_visible()

    run(drill, aws, by=300)
    wake(page)
    expect(page.locator("#freshness")).to_have_text("Ended")
    press(page, "button", "Terminate instances")
    expect(page.get_by_role("button", name="Keep instances")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The recovery instances are being terminated.")).to_be_visible()
