"""A page for staff that shows every component in every tone, so that it can be looked at and tested."""

import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django import forms
from django.contrib.staticfiles import finders
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from drsorch.access.declared import SIGNED_IN, needs
from drsorch.console.templatetags.ui import TONES
from drsorch.errors import Denied


@dataclass(frozen=True, slots=True)
class Example:
    """A status or a mode, as the tags want it."""

    label: str
    tone: str


LABELS = {
    "ok": "Completed",
    "error": "Failed",
    "warn": "Partial",
    "info": "Starting",
    "loading": "In progress, wave 2 of 4",
    "pending": "Waiting for approval",
    "off": "Cancelled",
}


class ExampleForm(forms.Form):
    """Fields with a hint, an error and a choice."""

    name = forms.CharField(label="Plan name", help_text="At most 60 characters")
    minutes = forms.IntegerField(label="Time-out in minutes", min_value=5, max_value=720)
    description = forms.CharField(label="Description", required=False, widget=forms.Textarea(attrs={"rows": 2}))
    pause = forms.BooleanField(label="Pause before this wave", required=False, help_text="An operator resumes it")
    policy = forms.ChoiceField(label="When a wave fails", choices=[("STOP", "Stop"), ("CONTINUE", "Continue")])


@needs(SIGNED_IN)
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """Show the components. Raises Denied for people who are not staff."""
    if not getattr(request.user, "is_staff", False):
        raise Denied("The style guide is for staff. Ask an administrator to make you a member of staff.")
    return render(request, "console/styleguide.html", examples())


def icon_names() -> list[str]:
    """Return the names of the sprite's icons."""
    sprite = Path(str(finders.find("vendor/icons.svg"))).read_text(encoding="utf-8")
    return re.findall(r'<symbol id="([^"]+)"', sprite)


def examples() -> dict[str, Any]:
    """Return what the page shows."""
    now = timezone.now()
    return {
        "states": [Example(LABELS[tone], tone) for tone in TONES],
        "tones": TONES,
        "drill": Example("Drill", "blue"),
        "recovery": Example("Recovery", "red"),
        "icons": icon_names(),
        "started_at": now - timedelta(minutes=16, seconds=42),
        "finished_at": now,
        "due_at": now + timedelta(minutes=12, seconds=30),
        "last_year": now - timedelta(days=400),
        "form": ExampleForm({"name": "Billing and claims", "minutes": "2", "policy": "STOP"}),
        "page": Paginator(range(240), 20).page(4),
    }
