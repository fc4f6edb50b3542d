"""A real Chromium that fails a test on every breach of the content policy and every script error."""

import os
import shutil

import pytest
from axe_playwright_python.sync_playwright import Axe

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


@pytest.fixture(params=[(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")], ids=lambda p: f"{p[0]}-{p[1]}")
def appearance(request, page):
    """The page at a width and in a theme."""
    width, theme = request.param
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=theme)
    return request.param
