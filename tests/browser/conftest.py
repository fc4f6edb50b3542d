"""A real Chromium that fails a test on every breach of the content policy and every script error."""

import os
import shutil

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db.backends.signals import connection_created
from playwright.sync_api import expect

from drsorch.queue.models import beat
from executions import services
from tests import factories
from tests.browser.open_pages import LOOKS
from tests.executions.driving import step

os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright runs an event loop in the thread of the tests

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"], "resultTypes": ["violations"]}
REPORT_BREACHES = """
addEventListener("securitypolicyviolation", (breach) => console.error(breach.violatedDirective, breach.blockedURI));
"""
expect.set_options(timeout=20_000)  # a crowded machine takes its time


@pytest.fixture(scope="session")
def chromium():
    """Where Chromium is; without one, the browser tests are skipped with this reason."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if found is None:
        pytest.skip("No Chromium was found. Install it (apt install chromium) or set CHROMIUM to its path.")
    return found


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args, chromium):
    return {**browser_type_launch_args, "executable_path": chromium, "args": CHROMIUM_ARGUMENTS}


@pytest.fixture
def strict_page(page):
    """A page on which any breach of the policy, console error or script error fails the test."""
    wrong = []
    page.add_init_script(REPORT_BREACHES)
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    yield page
    assert wrong == []


@pytest.fixture
def sign_in(context, client, live_server, settings):
    """Sign a user in to the browser without the sign-in page."""

    def signed_in(user):
        client.force_login(user)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])

    return signed_in


@pytest.fixture
def staff(ada):
    ada.user.is_staff = True
    ada.user.save()
    return ada.user


@pytest.fixture
def accessible():
    """Assert that axe finds no breach of WCAG 2.1 AA on a page."""

    def check(page):
        found = Axe().run(page, options=WCAG)
        assert found.violations_count == 0, found.generate_report()

    return check


@pytest.fixture(params=LOOKS, ids=lambda p: f"{p[0]}-{p[1]}")
def appearance(request, page):
    """The page at a width and in a theme."""
    width, theme = request.param
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=theme)
    return request.param


@pytest.fixture
def readers_do_not_wait():
    """Let the server's threads read the database in memory while the engine writes, as they can any other database."""

    def read_uncommitted(connection, **_):
        if connection.vendor == "sqlite":
            connection.cursor().execute("PRAGMA read_uncommitted = 1")

    connection_created.connect(read_uncommitted)
    yield
    connection_created.disconnect(read_uncommitted)


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
