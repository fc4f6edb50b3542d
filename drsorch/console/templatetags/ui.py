"""The components of the console as template tags: one per component, its markup in templates/ui. See /styleguide/."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Protocol

from django import template
from django.core.paginator import Page
from django.forms import BaseForm, BoundField
from django.template import Context
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import slugify

from drsorch.console.times import NOTHING, clock_text, due_text, duration_text, moment_text, relative_text

register = template.Library()

TONES = ("ok", "error", "warn", "info", "loading", "pending", "off")  # each is also the name of its icon
TONE_OF_MESSAGE = {"success": "ok", "warning": "warn", "debug": "info"}  # the words of django.contrib.messages
BADGE_COLOURS = ("blue", "red", "green", "grey")
BUTTON_KINDS = ("normal", "primary", "danger", "link")


class State(Protocol):
    """What a status or a mode says of itself: a word and a tone. Members of the TextChoices have both."""

    @property
    def label(self) -> str: ...

    @property
    def tone(self) -> str: ...


def known(value: str, allowed: tuple[str, ...], what: str) -> str:
    """Return `value` when it is one of `allowed`, else raise: a mistake in a template must not pass as a lost style."""
    if value not in allowed:
        raise template.TemplateSyntaxError(f"{value!r} is not a {what}. Use one of {', '.join(allowed)}.")
    return value


def iso_or_empty(moment: datetime | None) -> str:
    """Return a moment as scripts read it; empty for never."""
    return moment.isoformat() if moment else ""


# ---- Words and small marks -----------------------------------------------------------------------------------------


@register.simple_tag
@cache  # a page of 300 servers draws a thousand icons, of thirty names
def icon(name: str) -> SafeString:
    """Draw one icon of the sprite. It is decoration: the meaning must also stand beside it in words."""
    markup = '<svg class="icon icon-{0}" aria-hidden="true" focusable="false"><use href="{1}#{0}"></use></svg>'
    return format_html(markup, name, static("vendor/icons.svg"))


@register.inclusion_tag("ui/status.html")
def status(state: State | None = None, *, label: str = "", tone: str = "") -> dict[str, str]:
    """Show a status as icon, colour and word. `label` and `tone` replace those of `state`."""
    return {
        "label": label or (state.label if state else ""),
        "tone": known(tone or (state.tone if state else ""), TONES, "tone"),
    }


@register.inclusion_tag("ui/badge.html")
def badge(text: State | str, colour: str = "") -> dict[str, str]:
    """Show a word on a colour. A Mode brings both (drill blue, recovery red); other words are grey unless said."""
    word, own_colour = str(getattr(text, "label", text)), str(getattr(text, "tone", ""))
    return {"text": word, "colour": known(colour or own_colour or "grey", BADGE_COLOURS, "badge colour")}


@register.inclusion_tag("ui/copyable.html")
def copyable(value: str | None, *, href: str = "") -> dict[str, str | None]:
    """Show an identifier in monospace with a button that copies it; a dash when there is none yet."""
    return {"value": value, "href": href, "nothing": NOTHING}


@register.inclusion_tag("ui/progress.html")
def progress(value: int, maximum: int, label: str, *, tone: str = "info") -> dict[str, Any]:
    """Show "8 of 27" with its bar. `label` names for a screen reader what is counted."""
    return {
        "value": value,
        "maximum": maximum,
        "scale": maximum or 1,
        "label": label,
        "tone": known(tone, TONES, "tone"),
    }


# ---- Times ---------------------------------------------------------------------------------------------------------


@register.inclusion_tag("ui/when.html")
def when(moment: datetime | None, show: str = "both") -> dict[str, Any]:
    """Show a moment in UTC. `show`: "both" (moment and relative), "moment", "clock" (time of day), "relative"."""
    known(show, ("both", "moment", "clock", "relative"), "way to show a time")
    if moment is None:
        return {"moment": None, "nothing": NOTHING}
    moment = moment.astimezone(UTC)
    return {
        "iso": moment.isoformat(timespec="seconds"),
        "moment": moment_text(moment),
        "clock": clock_text(moment),
        "relative": relative_text(moment, timezone.now()),
        "show": show,
    }


@register.simple_tag
def duration(seconds: float | timedelta | None) -> str:
    """Say a duration as "16 min 42 s"; a dash when there is none."""
    return duration_text(seconds)


@register.simple_tag
def since(start: datetime | None, until: datetime | None = None) -> SafeString | str:
    """Say the time since `start`, ticking in the browser; with `until`, the finished duration; a dash before it."""
    if start is None or until is not None:
        return duration_text(until - start if start and until else None)
    return format_html(
        '<time data-since datetime="{}">{}</time>', start.isoformat(), duration_text(timezone.now() - start)
    )


@register.simple_tag
def until(moment: datetime) -> SafeString:
    """Say the time left until `moment`, ticking down in the browser to zero."""
    return format_html(
        '<time data-until datetime="{}">{}</time>', moment.isoformat(), duration_text(moment - timezone.now())
    )


@register.simple_tag
def due(moment: datetime) -> SafeString:
    """Say the time left until `moment`, or the time it is over, ticking in the browser through it."""
    return format_html('<time data-due datetime="{}">{}</time>', moment.isoformat(), due_text(moment, timezone.now()))


# ---- Actions -------------------------------------------------------------------------------------------------------


@register.inclusion_tag("ui/button.html")
def button(
    label: str,
    *,
    href: str = "",
    opens: str = "",
    icon: str = "",
    kind: str = "normal",
    why: str = "",
    name: str = "",
    value: str = "",
    id: str = "",
    why_id: str = "",
) -> dict[str, str]:
    """Show an action: a link with `href`, an opener of the dialog `opens`, else a submit button of the form around it.

    `why` is the reason that the action is unavailable now: the button stays focusable and the reason is shown. Where
    several share one, it stands once, in the element `why_id`.
    """
    return {
        "label": label,
        "href": href,
        "opens": opens,
        "icon": icon,
        "kind": known(kind, BUTTON_KINDS, "kind of button"),
        "why": why,
        "name": name,
        "value": value,
        "id": id or f"button-{slugify(label)}",
        "why_id": why_id,
    }


@register.simple_block_tag(takes_context=True)
def dialog(
    context: Context,
    content: SafeString,
    id: str,
    title: str,
    submit: str,
    *,
    action: str = "",
    keep: str = "Close",
    kind: str = "danger",
    typed: str = "",
    error: str = "",
    asks: bool = False,
) -> SafeString:
    """Ask before an action, opened by `{% button opens=id %}`. The content says the consequence in numbers.

    `submit` names verb and object ("Cancel execution"), `keep` the way out ("Keep running"). With `typed` the person
    types that text into the field `confirmation`; the server must compare it again. With `asks` the content has a field
    of its own, which gets the focus.
    """
    parts: dict[str, Any] = {"id": id, "title": title, "submit": submit, "action": action, "keep": keep}
    parts |= {"typed": typed, "error": error}
    parts |= {"kind": known(kind, BUTTON_KINDS, "kind of button"), "content": content, "asks": asks}
    return render_to_string("ui/dialog.html", {**parts, "csrf_token": context.get("csrf_token")})


# ---- Containers ----------------------------------------------------------------------------------------------------


@register.inclusion_tag("ui/crumb.html")
def crumb(label: str, href: str = "") -> dict[str, str]:
    """Show one step of the breadcrumbs; without `href`, the page itself."""
    return {"label": label, "href": href}


@register.simple_block_tag
def facts(content: SafeString) -> SafeString:
    """Hold a list of `{% fact %}` side by side."""
    return render_to_string("ui/facts.html", {"content": content})


@register.simple_block_tag
def fact(content: SafeString, label: str) -> SafeString:
    """Show one label with its value."""
    return render_to_string("ui/fact.html", {"label": label, "content": content})


@register.simple_block_tag
def flash(content: SafeString, tone: str = "info") -> SafeString:
    """Show a message across the page. `tone` may be a level of django.contrib.messages."""
    tone = known(TONE_OF_MESSAGE.get(tone, tone), ("ok", "error", "warn", "info"), "tone of a message")
    return render_to_string("ui/flash.html", {"tone": tone, "content": content})


@register.simple_block_tag
def empty(content: SafeString, title: str, *, icon: str = "info") -> SafeString:
    """Say that there is nothing (yet, or that matches, or that could be loaded), and what to do."""
    return render_to_string("ui/empty.html", {"title": title, "icon": icon, "content": content})


@register.simple_block_tag
def table(content: SafeString, caption: str, *, cards: bool = True) -> SafeString:
    """Hold a table that scrolls sideways by itself. With `cards` its rows become cards on narrow screens.

    Cells then need data-label with the text of their column; the caption is for screen readers.
    """
    return render_to_string("ui/table.html", {"caption": caption, "cards": cards, "content": content})


@register.inclusion_tag("ui/pagination.html", takes_context=True)
def pagination(context: Context, page: Page[Any]) -> Mapping[str, Any]:
    """Show where in a list one is, with links that keep the rest of the address. Nothing when there is one page."""
    return {"page": page, "request": context["request"]}


# ---- Forms ---------------------------------------------------------------------------------------------------------


@register.inclusion_tag("ui/field.html")
def field(bound: BoundField) -> dict[str, BoundField]:
    """Show a form field: label above, hint below, error under it. Django ties hint and error to the input."""
    return {"field": bound}


@register.inclusion_tag("ui/form_errors.html")
def form_errors(form: BaseForm) -> dict[str, BaseForm]:
    """Show the summary of a form's errors, which takes the focus when the page opens."""
    return {"form": form}


# ---- Live pages ----------------------------------------------------------------------------------------------------


@register.inclusion_tag("ui/freshness.html")
def freshness() -> dict[str, datetime]:
    """Show how old the live data are. Stands outside #live; static/js/console.js keeps it honest."""
    return {"now": timezone.now()}


@register.simple_block_tag
def live(
    content: SafeString,
    url: str,
    *,
    asked_at: datetime | None,
    worker_beat_at: datetime | None,
    status: str = "",
    announce: str = "",
    asking: bool = False,
    ended: bool = False,
) -> SafeString:
    """Hold the part of a page that `url` renews every 3 s. `url` carries the version shown here.

    `asked_at` is when DRS last answered, `asking` whether it should be answering now, `worker_beat_at` when the worker
    last showed life; `announce` is spoken when it changes. With `ended` nothing is asked any more.
    """
    parts = {"url": url, "status": status, "announce": announce, "asking": asking, "ended": ended, "content": content}
    times = {"asked_at": asked_at, "worker_beat_at": worker_beat_at, "now": timezone.now()}
    return render_to_string("ui/live.html", {**parts, **{name: iso_or_empty(time) for name, time in times.items()}})
