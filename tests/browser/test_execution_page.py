"""The execution page in a real browser, live: the engine is driven step by step while the page is open."""

import re
from datetime import timedelta

import botocore.loaders
import pytest
from django.db.backends.signals import connection_created
from django.utils import timezone
from playwright.sync_api import expect

from drsorch.aws import sessions
from drsorch.queue.models import WorkerHeartbeat, beat
from executions import services
from executions.models import Job
from tests import factories
from tests.executions.driving import run, step

MODELS = botocore.loaders.create_loader()
LOOKS = [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")]
BETWEEN = [320, 801, 1101]  # enlarged to 400 %, and where the arrangement changes
expect.set_options(timeout=20_000)  # a crowded machine takes its time
WAKE = "document.dispatchEvent(new Event('visibilitychange'))"


@pytest.fixture(autouse=True)
def readers_do_not_wait():
    """Let the server's threads read the database in memory while the engine writes, as they can any other database."""

    def read_uncommitted(connection, **_):
        if connection.vendor == "sqlite":
            connection.cursor().execute("PRAGMA read_uncommitted = 1")

    connection_created.connect(read_uncommitted)
    yield
    connection_created.disconnect(read_uncommitted)


@pytest.fixture
def aws(aws):
    """The local endpoint; AWS's API models are read from disk once for all tests."""
    sessions._process.hub_session()._session.register_component("data_loader", MODELS)
    return aws


@pytest.fixture
def worker(db):
    """A worker that shows life."""
    beat(name="test", host="test", pid=1)


@pytest.fixture
def plan(place, ada):
    """Databases, then, when somebody says so, applications."""
    groups = [factories.group(ada, place, tier) for tier in ("db", "app")]
    return factories.plan(ada, *groups, name="Billing", w2={"pause_before": True})


@pytest.fixture
def drill(plan, olga, aws, worker):
    """A drill whose first wave is in DRS."""
    execution = services.start_execution(plan=plan, actor=olga, reason="Quarterly drill")
    step()
    return execution


@pytest.fixture
def opened(strict_page, live_server, sign_in, drill, olga):
    """The page of the drill, open for somebody who may do everything with it."""
    sign_in(olga.user)
    strict_page.goto(live_server.url + drill.get_absolute_url())
    expect(strict_page.locator("#freshness")).to_contain_text("Live")
    yield strict_page
    strict_page.goto("about:blank")  # no poll may come while the database is emptied


def pass_time(aws, seconds):
    """Let DRS work for so long, and the engine see it."""
    aws.advance(seconds)
    step()


def wake(page):
    """Poll now."""
    page.evaluate(WAKE)


def assert_nothing_is_wider_than_the_page(page, state):
    """No sideways scrolling."""
    widths = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert widths[0] <= widths[1], f"{state} at {widths[1]}"


def assert_fine_in_every_look(page, accessible, state):
    """No breach of WCAG, nothing to scroll sideways, in both themes and widths."""
    for width, theme in LOOKS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=theme)
        accessible(page)
        assert_nothing_is_wider_than_the_page(page, state)
    for width in BETWEEN:
        page.set_viewport_size({"width": width, "height": 900})
        assert_nothing_is_wider_than_the_page(page, state)
    page.set_viewport_size({"width": 1440, "height": 900})


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


def test_who_may_only_view_reads_why_and_whom_to_ask(strict_page, live_server, sign_in, drill, vera, aws):
    run(drill, aws, by=300)
    sign_in(vera.user)
    strict_page.goto(live_server.url + drill.get_absolute_url())
    resume = strict_page.get_by_role("button", name="Resume")
    expect(resume).to_have_attribute("aria-disabled", "true")
    expect(resume).to_have_accessible_description(re.compile("drs:ManageExecution"))
    expect(strict_page.get_by_text("To be answered by: administrator or recovery manager.")).to_be_visible()


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


def test_an_unknown_execution_gets_a_page_of_the_console_with_status_404(page, live_server, sign_in, olga):
    sign_in(olga.user)
    for address in ("/executions/00000000-0000-4000-8000-000000000000/", "/executions/nonsense/"):
        answer = page.goto(live_server.url + address)
        assert answer.status == 404
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.get_by_role("link", name="Executions").first).to_be_visible()
