"""The execution page in a real browser, live: the engine is driven step by step while the page is open."""

import re

import pytest
from playwright.sync_api import expect

from executions import services
from tests import factories
from tests.browser.open_pages import assert_fine_in_every_look, pass_time, wake
from tests.executions.driving import run, step

pytestmark = pytest.mark.usefixtures("readers_do_not_wait")


def test_every_state_of_a_drill_is_accessible_in_every_look(opened, drill, olga, aws, accessible):
    """Running, paused, ended with a failed server, terminating, gone: one drill, and the page stays open."""
    app = next(run for run in drill.waves.get(number=2).servers.all())
    aws.fail_server(factories.TARGET, app.region, app.source_server_id, at="CONVERSION")
    pass_time(aws, 300)
    wake(opened)
    expect(opened.get_by_text("Runs after wave 1.")).to_be_visible()
    assert_fine_in_every_look(opened, accessible, "running")

    run(drill, aws, by=300)
    wake(opened)
    expect(opened.get_by_role("heading", name="Paused before wave 2: waiting for a decision")).to_be_visible()
    expect(opened).to_have_title(re.compile("^Paused before wave 2: Drill of Billing"))
    assert_fine_in_every_look(opened, accessible, "paused")

    services.resume_execution(execution=drill, actor=olga)
    run(drill, aws, by=300)
    wake(opened)
    expect(opened.locator("#freshness")).to_have_text("Ended")
    expect(opened.get_by_role("heading", name="Paused")).to_have_count(0)
    expect(opened.locator(f"#server-{app.pk}-notes")).to_contain_text("CONVERSION_FAIL")
    expect(opened.get_by_text("1 server was not launched.")).to_be_visible()
    assert_fine_in_every_look(opened, accessible, "ended, with a failed server")

    services.terminate_instances(execution=drill, actor=olga)
    step()
    opened.reload()
    expect(opened.get_by_role("heading", name="Recovery instances")).to_be_visible()
    assert_fine_in_every_look(opened, accessible, "terminating")


def test_an_update_leaves_what_the_operator_does_alone(opened, drill, olga, aws):
    """The open dialog, the focus, what was unfolded and what was selected stay, and the dialog's numbers are new."""
    opened.locator("#wave-2-servers summary").click()
    opened.locator("#wave-1-servers summary").click()
    opened.get_by_role("button", name="Cancel execution").first.click()
    dialog = opened.get_by_role("dialog", name="Cancel this execution?")
    expect(dialog).to_contain_text("1 DRS job cannot be stopped")
    version = opened.locator("#poll").get_attribute("hx-get")

    run(drill, aws, by=300)
    wake(opened)
    expect(dialog).to_contain_text("No DRS job is running")
    expect(dialog).to_contain_text("2 recovery instances stay running and keep costing money")
    expect(opened.locator("#poll")).not_to_have_attribute("hx-get", version)
    expect(dialog.get_by_role("button", name="Keep running")).to_be_focused()
    opened.keyboard.press("Escape")
    expect(opened.locator("#wave-2-servers table")).to_be_visible()
    expect(opened.locator("#wave-1-servers table")).to_be_hidden()
    expect(opened.get_by_role("button", name="Cancel execution")).to_be_focused()

    opened.evaluate("getSelection().selectAllChildren(document.querySelector('#wave-1 h3'))")
    services.resume_execution(execution=drill, actor=olga)
    pass_time(aws, 300)
    wake(opened)
    expect(opened.get_by_role("heading", name="Paused")).to_have_count(0)
    assert opened.evaluate("getSelection().toString()") == "Wave 1: db us-east-1"
    expect(opened.get_by_role("button", name="Cancel execution")).to_be_focused()


def test_servers_unfold_with_the_wave_that_runs_while_nobody_touches_them(opened, drill, olga, aws):
    expect(opened.locator("#wave-1-servers table")).to_be_visible()
    expect(opened.locator("#wave-2-servers table")).to_be_hidden()
    run(drill, aws, by=300)
    services.resume_execution(execution=drill, actor=olga)
    step()
    wake(opened)
    expect(opened.locator("#wave-2-servers table")).to_be_visible()
    expect(opened.locator("#wave-1-servers table")).to_be_hidden()


def test_who_may_only_view_reads_why_and_whom_to_ask(strict_page, live_server, sign_in, drill, vera, aws):
    run(drill, aws, by=300)
    sign_in(vera.user)
    strict_page.goto(live_server.url + drill.get_absolute_url())
    resume = strict_page.get_by_role("button", name="Resume")
    expect(resume).to_have_attribute("aria-disabled", "true")
    expect(resume).to_have_accessible_description(re.compile("drs:ManageExecution"))
    expect(strict_page.get_by_text("To be answered by: administrator or recovery manager.")).to_be_visible()


def test_an_unknown_execution_gets_a_page_of_the_console_with_status_404(page, live_server, sign_in, olga):
    sign_in(olga.user)
    for address in ("/executions/00000000-0000-4000-8000-000000000000/", "/executions/nonsense/"):
        answer = page.goto(live_server.url + address)
        assert answer.status == 404
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.get_by_role("link", name="Executions").first).to_be_visible()
