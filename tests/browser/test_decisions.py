"""Deciding about waves in a real browser: with the mouse, in a dialog, while the page changes, and without a script."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from drsorch.queue.models import beat
from executions.models import Execution
from tests.browser.open_pages import assert_fine_in_every_look, wake
from tests.executions import situations
from tests.executions.situations import LAUNCHED, wave


@pytest.fixture
def failed(olga):
    """A drill in which a wave has failed, another is checked, and a server was tried twice."""
    beat(name="test", host="test", pid=1)
    return situations.failed_wave(olga)


@pytest.fixture
def problem(olga):
    """A recovery that met problems before its second wave."""
    beat(name="test", host="test", pid=1)
    return situations.recovery_with_a_problem(olga)


@pytest.fixture
def visit(strict_page, live_server, sign_in, olga):
    """Open the page of an execution as somebody who may decide."""

    def visited(execution):
        sign_in(olga.user)
        strict_page.goto(live_server.url + execution.get_absolute_url())
        return strict_page

    yield visited
    strict_page.goto("about:blank")  # no poll may come while the database is emptied


def gate_of(execution):
    return execution.waves.get(number=2).gates.last()


def change(execution, sentence):
    """Give an open page something new to show, and let it ask at once."""
    execution.say(sentence, by="engine", what="wave")


def test_a_failed_wave_and_its_attempts_are_accessible_in_every_look(visit, failed, accessible):
    page = visit(failed)
    page.get_by_text("Attempt 2: 1 earlier").click()
    expect(page.get_by_text("SNAPSHOT_FAIL: No snapshot within 10 minutes.")).to_be_visible()
    assert_fine_in_every_look(page, accessible, "a failed wave")


def test_a_problem_before_a_recoverys_wave_is_accessible_in_every_look(visit, problem, accessible):
    page = visit(problem)
    page.get_by_text("What was let pass").click()
    expect(page.get_by_text("databases-01 lags 40 min behind")).to_be_visible()
    assert_fine_in_every_look(page, accessible, "a problem before a wave")
    page.get_by_role("button", name="Launch in spite of it").click()
    accessible(page)


def test_a_failed_wave_is_retried_with_one_click_and_a_reason(visit, failed):
    page = visit(failed)
    card = page.get_by_role("region", name="Wave 2 has failed: waiting for a decision")
    card.get_by_label("Reason").fill("The volume is repaired")
    card.get_by_role("button", name="Retry the failed servers").click()
    expect(page.get_by_text("Decided: retry the failed servers.")).to_be_visible()
    expect(card).to_have_count(0)
    timeline = page.locator("#timeline")
    expect(timeline).to_contain_text("olga answered “retry the failed servers” about wave 2: The volume is repaired")
    assert gate_of(failed).note == "The volume is repaired"


def test_an_answer_that_needs_a_reason_says_so(visit, failed):
    page = visit(failed)
    page.get_by_role("button", name="Skip the waves after it").click()
    expect(page.get_by_text("Give a reason with “skip”")).to_be_visible()
    assert gate_of(failed).answer == ""


def test_launching_in_spite_of_problems_is_confirmed_with_a_reason(visit, problem):
    page = visit(problem)
    page.get_by_role("button", name="Launch in spite of it").click()
    dialog = page.get_by_role("dialog", name="Launch in spite of the problems?")
    expect(dialog.get_by_label("Reason")).to_be_focused()
    expect(dialog).to_contain_text("2 servers of wave 2, Applications")
    dialog.get_by_role("button", name="Launch in spite of them").click()
    expect(dialog).to_be_visible()  # the browser asks for the reason
    assert gate_of(problem).answer == ""

    dialog.get_by_label("Reason").fill("The site is lost")
    dialog.get_by_role("button", name="Launch in spite of them").click()
    expect(page.get_by_text("Decided: launch in spite of it.")).to_be_visible()
    assert (gate_of(problem).answer, gate_of(problem).note) == ("ACCEPT", "The site is lost")


def test_an_update_leaves_the_reason_and_the_open_dialog_alone(visit, problem):
    page = visit(problem)
    card = page.locator(".gate-card")
    card.get_by_label("Reason").fill("Half a reas")
    page.get_by_role("button", name="Launch in spite of it").click()
    dialog = page.get_by_role("dialog", name="Launch in spite of the problems?")
    dialog.get_by_label("Reason").fill("The site is")

    change(problem, "Something has changed.")
    wake(page)
    expect(page.locator("#timeline")).to_contain_text("Something has changed.")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_label("Reason")).to_have_value("The site is")
    expect(dialog.get_by_label("Reason")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(card.get_by_label("Reason")).to_have_value("Half a reas")


def test_a_question_that_comes_while_the_page_is_open_can_be_answered_there(visit, failed):
    page = visit(failed)
    third = failed.waves.get(number=3)
    third.gates.create(kind="UNHEARD", question="DRS has not answered about wave 3 for long.")
    change(failed, "DRS has not answered about wave 3 for long.")
    wake(page)
    expect(page.locator(".gate-card")).to_have_count(2)
    page.get_by_role("button", name="Count the servers as failed").click()
    dialog = page.get_by_role("dialog", name="Count the servers as failed?")
    dialog.get_by_label("Reason").fill("The account is closed")
    dialog.get_by_role("button", name="Count them as failed").click()
    expect(page.get_by_text("Decided: count the servers as failed.")).to_be_visible()
    assert third.gates.get().answer == "GIVE_UP"


def test_a_pause_is_resumed_with_one_click_and_skipped_with_a_reason(visit, olga):
    beat(name="test", host="test", pid=1)
    drill = situations.execution(olga, status="PAUSED", parallel_waves=True)
    for number in (1, 2):
        wave(drill, "WAITING", {}).gates.create(kind="PAUSE_BEFORE", question=f"The plan stops before wave {number}.")
    page = visit(drill)
    page.get_by_role("button", name="Resume").first.click()
    expect(page.get_by_text("Decided: resume.")).to_be_visible()
    expect(page.get_by_role("heading", name="Paused before wave 1")).to_have_count(0)

    page.get_by_text("Skip wave 2 instead").click()
    page.get_by_label("Reason").fill("Not today")
    page.get_by_role("button", name="Skip wave 2").click()
    expect(page.get_by_text("Decided: skip.")).to_be_visible()
    assert [run.gates.get().answer for run in drill.waves.all()] == ["RESUME", "SKIP"]


def test_the_execution_is_cancelled_from_its_question(visit, failed):
    page = visit(failed)
    page.get_by_role("button", name="Cancel the execution").click()
    dialog = page.get_by_role("dialog", name="Cancel this execution?")
    dialog.get_by_role("button", name="Cancel execution").click()
    expect(page.get_by_text("The execution is being cancelled.").first).to_be_visible()
    assert Execution.objects.get(pk=failed.pk).cancelled_by == "olga"


def test_the_time_until_a_wave_starts_is_counted_down(visit, olga):
    beat(name="test", host="test", pid=1)
    drill = situations.execution(olga, rto_minutes=60)
    wave(drill, "COMPLETED", LAUNCHED, ended_at=timezone.now() - timedelta(seconds=5), wait_seconds=135)
    wave(drill, "PENDING", {}, depends_on=[1])
    page = visit(drill)
    left = page.locator("#wave-2 time[data-until]")
    expect(left).to_have_text(re.compile(r"^2 min 0\d s$"))
    first = left.inner_text()
    expect(left).not_to_have_text(first)
    assert left.inner_text() < first
    expect(page.get_by_text("RTO of 60 min")).to_be_visible()
    expect(page.get_by_text(re.compile(r"3[45] min \d\d s left"))).to_be_visible()
    due_at = (timezone.now() + timedelta(seconds=2)).isoformat()
    page.evaluate(f"document.querySelector('time[data-due]').dateTime = '{due_at}'")
    expect(page.locator("time[data-due]")).to_have_text(re.compile(r"^\d s over$"))


def test_people_decide_without_a_script(browser, live_server, client, settings, problem, olga):
    client.force_login(olga.user)
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": client.cookies[settings.SESSION_COOKIE_NAME].value}
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies([{**cookie, "url": live_server.url}])
    page = context.new_page()
    page.goto(live_server.url + problem.get_absolute_url())
    form = page.locator("form").filter(has_text="2 problems were found")
    form.get_by_label("Reason").fill("The site is lost")
    form.get_by_role("button", name="Launch in spite of them").click()
    expect(page.get_by_text("Decided: launch in spite of it.")).to_be_visible()
    context.close()
    assert gate_of(problem).answer == "ACCEPT"


def test_what_went_wrong_with_a_server_is_read_without_scrolling_its_table(visit, failed):
    why = "DRS launched it, but its recovery instance could not be found: a later launch of the server replaced it."
    run = failed.waves.get(number=2).servers.filter(launch_status="FAILED").first()
    type(run).objects.filter(pk=run.pk).update(error=why)
    page = visit(failed)
    note = page.get_by_text(why)
    expect(note).to_be_visible()

    table = page.locator(".table-scroll", has=note)
    assert table.evaluate("box => box.scrollWidth > box.clientWidth"), "nothing would be hidden"
    ends = [each.evaluate("box => box.getBoundingClientRect().right") for each in (note, table)]
    assert ends[0] <= ends[1]
