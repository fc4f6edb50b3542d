"""The open execution page asks for news, says how old they are, and ends when there will be none."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from drsorch.queue.models import WorkerHeartbeat, beat
from executions import services
from executions.models import Job
from tests.browser.open_pages import pass_time, wake
from tests.executions.driving import run

pytestmark = pytest.mark.usefixtures("readers_do_not_wait")


def test_an_answer_without_news_swaps_nothing(opened, drill, aws):
    opened.evaluate("document.querySelector('#live').dataset.untouched = 'yes'")
    with opened.expect_response(lambda answer: "/live" in answer.url and answer.status == 204):
        wake(opened)
    expect(opened.locator("#live[data-untouched]")).to_have_count(1)
    pass_time(aws, 300)
    with opened.expect_response(lambda answer: "/live" in answer.url and answer.status == 200):
        wake(opened)
    expect(opened.locator("#live[data-untouched]")).to_have_count(0)


def test_the_age_of_the_data_is_told_from_what_the_worker_and_drs_last_said(opened, drill):
    chip = opened.locator("#freshness")
    expect(chip).to_have_text(re.compile(r"Live, DRS asked \d+ s ago"))
    Job.objects.update(polled_at=timezone.now() - timedelta(seconds=61))
    wake(opened)
    expect(chip).to_have_text(re.compile(r"DRS not answering since 1 min 0\d s: what you see is old"))
    WorkerHeartbeat.objects.update(beat_at=timezone.now() - timedelta(seconds=31))
    wake(opened)
    expect(chip).to_have_text(re.compile(r"Worker not running since 3\d s: what you see is old"))
    beat(name="test", host="test", pid=1)
    Job.objects.update(polled_at=timezone.now())
    wake(opened)
    expect(chip).to_have_text(re.compile(r"Live, DRS asked \d+ s ago"))


def test_a_web_server_that_is_silent_is_not_taken_for_a_worker_that_is(drill, strict_page, live_server, sign_in, olga):
    WorkerHeartbeat.objects.update(beat_at=timezone.now() - timedelta(seconds=10))
    sign_in(olga.user)
    strict_page.add_init_script("window.ahead = 0; const real = Date.now; Date.now = () => real() + window.ahead")
    strict_page.goto(live_server.url + drill.get_absolute_url())
    strict_page.route("**/live*", lambda route: None)  # no answer, and no error
    strict_page.evaluate("window.ahead = 7_000")
    expect(strict_page.locator("#freshness")).to_have_text(re.compile(r"Live, DRS asked ([7-9]|1\d) s ago"))
    strict_page.evaluate("window.ahead = 30_000")
    expect(strict_page.locator("#freshness")).to_have_text(re.compile(r"Not updating since 3\d s"))


def test_polling_goes_on_while_an_ended_execution_is_terminated_and_stops_when_all_is_gone(opened, drill, olga, aws):
    run(drill, aws, by=300)
    services.cancel_execution(execution=drill, actor=olga)
    run(drill, aws, by=300)
    with opened.expect_response(lambda answer: answer.status == 286):
        wake(opened)
    expect(opened.locator("#poll")).to_have_count(0)

    opened.get_by_role("button", name="Terminate instances").click()
    opened.get_by_role("dialog").get_by_role("button", name="Terminate instances").click()
    expect(opened.get_by_text("0 of 2 gone in us-east-1 of Target")).to_be_visible()
    expect(opened.locator("#poll")).to_have_count(1)
    for _ in range(6):
        pass_time(aws, 60)
    expect(opened.get_by_text("2 of 2 gone in us-east-1 of Target")).to_be_visible()
    expect(opened.get_by_text("All proven gone", exact=True)).to_be_visible()
    expect(opened.locator("#poll")).to_have_count(0)
