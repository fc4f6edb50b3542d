"""Live pages: what is new arrives, what the operator did stays, and nobody takes the old for new."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from drsorch.console.times import duration_text, relative_text
from tests.browser import live_pages
from tests.browser.live_pages import Stage
from tests.browser.open_pages import wake

pytestmark = pytest.mark.urls("tests.browser.live_pages")
# The browser's clock, moved by window.ahead milliseconds.
MOVABLE_CLOCK = "window.ahead = {ahead}; const real = Date.now; Date.now = () => real() + window.ahead"


@pytest.fixture
def stage(monkeypatch):
    fresh = Stage()
    monkeypatch.setattr(live_pages, "stage", fresh)
    return fresh


@pytest.fixture
def signed_in(sign_in, staff):
    sign_in(staff)


@pytest.fixture
def live(stage, strict_page, live_server, signed_in):
    strict_page.goto(f"{live_server.url}/rehearsal/")
    expect(strict_page.locator("#freshness")).to_contain_text("Live")
    return strict_page


def test_what_is_new_arrives_by_itself_and_the_next_poll_asks_for_the_newer(live, stage):
    stage.version = 2
    expect(live.locator("#version")).to_have_text("Version 2")
    wake(live)
    with live.expect_response(re.compile(r"v=2")) as answer:
        pass
    assert answer.value.status == 204
    assert stage.polls == sorted(stage.polls)
    assert {"1", "2"} == set(stage.polls)


def test_polls_do_not_multiply_with_every_swap(live, stage):
    for version in range(2, 8):
        stage.version = version
        wake(live)
        expect(live.locator("#version")).to_have_text(f"Version {version}")
    stage.polls.clear()
    for _ in range(2):
        live.wait_for_event("response", predicate=lambda response: "/live" in response.url)
    assert len(stage.polls) == 2


def test_what_the_operator_opened_and_focused_stays(live, stage):
    live.locator("#servers summary").click()
    live.locator("#focusable").focus()
    stage.version = 2
    wake(live)
    expect(live.locator("#version")).to_have_text("Version 2")
    expect(live.locator("#servers p")).to_be_visible()
    expect(live.locator("#focusable")).to_be_focused()
    live.locator("#servers summary").click()
    stage.version = 3
    wake(live)
    expect(live.locator("#version")).to_have_text("Version 3")
    expect(live.locator("#servers p")).to_be_hidden()


def test_an_answer_without_news_keeps_the_age_of_the_data_honest(live, stage):
    expect(live.locator("#freshness")).to_have_text(re.compile(r"Live, DRS asked [3-6] s ago"))
    stage.asked_ago = timedelta(seconds=30)
    wake(live)
    expect(live.locator("#freshness")).to_have_text(re.compile(r"Live, DRS asked 3[0-3] s ago"))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"beat_ago": timedelta(seconds=76)}, r"Worker not running since 1 min 1\d s: what you see is old"),
        ({"beat_ago": None}, r"Worker not running: nothing happens until it is started"),
        ({"asked_ago": timedelta(seconds=90)}, r"DRS not answering since 1 min 3\d s: what you see is old"),
    ],
)
def test_old_data_are_called_old_even_when_the_web_server_answers(live, stage, change, sentence):
    for name, value in change.items():
        setattr(stage, name, value)
    wake(live)
    expect(live.locator("#freshness")).to_have_text(re.compile(sentence))
    expect(live.locator("#freshness")).to_have_attribute("data-tone", "warn")
    expect(live.locator("#announcer")).to_have_text(re.compile(sentence))


def test_drs_need_not_answer_while_nothing_is_asked(live, stage):
    stage.version, stage.asking, stage.asked_ago = 2, False, timedelta(hours=2)
    wake(live)
    expect(live.locator("#freshness")).to_have_text("Live, DRS asked 2 h 00 min ago")


def test_a_server_that_is_not_heard_is_said(stage, page, live_server, signed_in):
    page.add_init_script(MOVABLE_CLOCK.format(ahead=0))
    page.goto(f"{live_server.url}/rehearsal/")
    expect(page.locator("#freshness")).to_contain_text("Live")
    page.route("**/rehearsal/live*", lambda route: route.abort())
    page.evaluate("window.ahead = 20_000")
    expect(page.locator("#freshness")).to_have_text(re.compile(r"Not updating since 2\d s"))
    page.unroute("**/rehearsal/live*")
    wake(page)
    expect(page.locator("#freshness")).to_contain_text("Live")


@pytest.mark.parametrize("ahead", [-3_600_000, 3_600_000])
def test_a_wrong_clock_in_the_browser_does_not_matter(stage, strict_page, live_server, signed_in, ahead):
    strict_page.add_init_script(MOVABLE_CLOCK.format(ahead=ahead))
    strict_page.goto(f"{live_server.url}/rehearsal/")
    expect(strict_page.locator("#freshness")).to_have_text(re.compile(r"Live, DRS asked [3-9] s ago"))
    expect(strict_page.locator("#since time")).to_have_text(re.compile("16 min 4[2-9] s"))


def test_a_hidden_tab_does_not_ask_and_asks_at_once_when_seen_again(live, stage):
    live.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    stage.polls.clear()
    wake(live)
    live.wait_for_timeout(3500)  # longer than the interval of polls: nothing may happen in it
    assert stage.polls == []
    stage.version = 2
    live.evaluate("Object.defineProperty(document, 'hidden', {value: false})")
    wake(live)
    expect(live.locator("#version")).to_have_text("Version 2", timeout=1500)


def test_a_transition_is_announced_once(live, stage):
    stage.version, stage.announce = 2, "Wave 2 started"
    wake(live)
    expect(live.locator("#announcer")).to_have_text("Wave 2 started")
    live.evaluate("document.querySelector('#announcer').textContent = ''")
    stage.version = 3
    wake(live)
    expect(live.locator("#version")).to_have_text("Version 3")
    expect(live.locator("#announcer")).to_have_text("")


def test_an_ended_execution_is_not_asked_for_any_more(live, stage):
    stage.version, stage.ended = 2, True
    wake(live)
    expect(live.locator("#freshness")).to_have_text("Ended")
    stage.polls.clear()
    wake(live)
    live.wait_for_timeout(3500)  # longer than the interval of polls: nothing may happen in it
    assert stage.polls == []


def test_when_the_session_has_ended_the_page_goes_to_sign_in_and_would_come_back(live, client):
    client.logout()
    wake(live)
    expect(live).to_have_url(re.compile(r"/account/sign-in\?next=/rehearsal/$"))


def test_the_browser_says_times_as_the_server_does(strict_page, live_server, signed_in):
    seconds = [0, 1, 59, 60, 1002, 3599, 3600, 86399, 86400, 300000]
    strict_page.goto(f"{live_server.url}/rehearsal/times?seconds={','.join(map(str, seconds))}")
    now = datetime.now(UTC)
    expect(strict_page.locator(".one").first).to_contain_text("s")
    shown = strict_page.locator(".one").all_inner_texts()
    for distance, text in zip(seconds, shown, strict=True):
        near = [
            f"{duration_text(distance + late)}, {relative_text(now - timedelta(seconds=distance + late), now)}"
            for late in range(4)
        ]
        assert text in near
