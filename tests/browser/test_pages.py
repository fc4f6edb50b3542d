"""Lists, the plan and the start page in a real browser."""

import re

import pytest
from playwright.sync_api import expect

from executions import services
from executions.models import Execution
from protection.models import SourceServer
from tests import factories

LOOKS = [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")]


@pytest.fixture
def plan(place, ada):
    """Databases, then, when somebody says so, applications."""
    groups = [factories.group(ada, place, tier) for tier in ("db", "app")]
    return factories.plan(ada, *groups, name="Billing", w2={"pause_before": True})


@pytest.fixture
def visit(page, live_server, sign_in, olga, plan):
    """Open an address of the console as somebody who may start."""
    sign_in(olga.user)

    def visited(address):
        page.goto(live_server.url + address)
        return page

    return visited


def test_every_page_is_accessible_in_every_look(strict_page, visit, plan, ada, accessible):
    SourceServer.objects.filter(hostname__contains="-app-").update(replication_state="STALLED")
    running = factories.plan(ada, *plan.waves.get(number=1).groups.all(), name="Databases only")
    services.start_execution(plan=running, actor=ada)
    for address in (
        "/plans/",
        f"/plans/{plan.pk}/",
        f"/plans/{plan.pk}/start",
        f"/plans/{plan.pk}/start?mode=RECOVERY",
        "/executions/",
        "/executions/?q=nothing",
        "/account/tokens",
        "/account/profile?permission=drs:ManageAccounts&kind=plans.recoveryplan&name=Billing",
        "/account/profile?permission=drs:ManageAccounts&kind=plans.recoveryplan&name=Nothing",
    ):
        page = visit(address)
        for width, theme in LOOKS:
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=theme)
            accessible(page)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{address} at {width}"


def test_a_refused_start_takes_the_focus_to_its_problems(visit, plan, aws, accessible):
    page = visit(f"/plans/{plan.pk}/start")
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.get_by_role("textbox", name="Reason").fill("Quarterly drill")
    aws.fault(kind="denied", operation="DescribeSourceServers")
    page.get_by_role("button", name="Start drill").click()
    alert = page.get_by_role("alert")
    expect(alert).to_be_focused()
    expect(alert).to_contain_text("Billing is not ready: 1 problem. Nothing was started.")
    expect(alert.get_by_role("listitem")).to_have_text(re.compile("Unknown whether the servers in us-east-1"))
    expect(page).to_have_title(re.compile("^Error: "))
    expect(page.get_by_role("textbox", name="Reason")).to_have_value("Quarterly drill")
    accessible(page)
    assert ["409 (Conflict)" in line for line in said] == [True]  # Chromium notes the status, and nothing else


def test_a_recovery_is_started_by_keyboard_only_with_the_typed_name(visit, plan, accessible):
    page = visit(f"/plans/{plan.pk}/")
    page.get_by_role("link", name="Start recovery").click()
    expect(page.get_by_role("heading", name="Start a recovery", exact=True)).to_be_visible()
    page.get_by_role("textbox", name="To confirm, type Billing").fill("Bill")
    page.get_by_role("button", name="Start recovery").click()
    expect(page.get_by_role("alert")).to_contain_text("type the name of the plan, Billing")
    assert not Execution.objects.exists()
    typed = page.get_by_role("textbox", name="To confirm, type Billing")
    typed.fill("Billing")
    typed.press("Enter")  # the first button of the form: it checks, and starts nothing
    expect(page.get_by_text("DRS was asked")).to_be_visible()
    assert not Execution.objects.exists()
    page.get_by_role("textbox", name="To confirm, type Billing").fill("Billing")
    page.get_by_role("button", name="Start recovery").press("Enter")
    expect(page.get_by_text("Recovery of Billing started.")).to_be_visible()


def test_a_double_click_starts_one_execution(strict_page, visit, plan):
    page = visit(f"/plans/{plan.pk}/start")
    page.get_by_role("button", name="Start drill").dblclick(no_wait_after=True)
    expect(page.get_by_text("Drill of Billing started.")).to_be_visible()
    assert Execution.objects.count() == 1


def test_tabs_and_search_are_addresses(strict_page, visit):
    page = visit("/executions/")
    page.get_by_role("link", name="History", exact=True).click()
    expect(page).to_have_url(re.compile(r"\?show=history$"))
    expect(page.get_by_text("No execution has ended yet")).to_be_visible()
    page.get_by_role("searchbox", name="Find executions by plan name").fill("Bill")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"\?show=history&q=Bill$"))
    expect(page.get_by_text("No execution of a plan named like “Bill” is here.")).to_be_visible()
    page.get_by_role("link", name="Active").click()
    expect(page).to_have_url(re.compile(r"\?q=Bill$"))
