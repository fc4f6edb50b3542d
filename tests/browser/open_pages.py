"""Steer a page that is open, and look at it: time passes, it polls now, it is shown in every width and theme."""

import os

from tests.executions.driving import step

EVERY_LOOK = [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")]
# The narrow one in the dark, where most goes wrong; each width in each theme by `make looks`.
LOOKS = EVERY_LOOK if os.environ.get("LOOKS") == "every" else EVERY_LOOK[-1:]
BETWEEN = [320, 801, 1101]  # enlarged to 400 %, and where the arrangement changes
WAKE = "document.dispatchEvent(new Event('visibilitychange'))"


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
