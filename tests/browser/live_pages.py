"""A live page whose server a test can steer, for everything that the script promises about live pages."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.http import HttpResponse
from django.template import engines
from django.urls import include, path
from django.utils import timezone

from drsorch.console.pages import unchanged

FRAGMENT = """{% live url asked_at=asked_at worker_beat_at=beat_at announce=announce asking=asking ended=ended %}
<p id="version">Version {{ version }}</p>
<details id="servers"><summary>Servers</summary><p>mq-01</p></details>
<button type="button" id="focusable">Focus me</button>
<p id="since">{% since started_at %}</p>
{% endlive %}"""
PAGE = (
    "{% extends 'base.html' %}{% load static %}{% block title %}Rehearsal{% endblock %}"
    "{% block heading %}Rehearsal{% endblock %}"
    "{% block scripts %}<script src=\"{% static 'vendor/idiomorph-ext.min.js' %}\" defer></script>{% endblock %}"
    "{% block content %}{% freshness %}" + FRAGMENT + "{% endblock %}"
)


@dataclass
class Stage:
    """What the next poll finds."""

    version: int = 1
    asked_ago: timedelta | None = timedelta(seconds=3)
    beat_ago: timedelta | None = timedelta(seconds=1)
    announce: str = ""
    asking: bool = True
    ended: bool = False
    polls: list[str] = field(default_factory=list)

    def ago(self, distance: timedelta | None) -> datetime | None:
        return None if distance is None else timezone.now() - distance

    def context(self):
        return {
            "version": self.version,
            "url": f"/rehearsal/live?v={self.version}",
            "asked_at": self.ago(self.asked_ago),
            "beat_at": self.ago(self.beat_ago),
            "announce": self.announce,
            "asking": self.asking,
            "ended": self.ended,
            "started_at": timezone.now() - timedelta(seconds=1002),
        }


stage = Stage()


def page(request):
    return HttpResponse(engines["django"].from_string(PAGE).render(stage.context(), request))


def live(request):
    stage.polls.append(request.GET["v"])
    if request.GET["v"] == str(stage.version):
        return unchanged(asked_at=stage.ago(stage.asked_ago), worker_beat_at=stage.ago(stage.beat_ago))
    text = engines["django"].from_string(FRAGMENT).render(stage.context(), request)
    return HttpResponse(text, status=286 if stage.ended else 200)


def times(request):
    now = timezone.now()
    distances = [int(part) for part in request.GET["seconds"].split(",")]
    body = "".join(
        f'<p class="one"><time data-since datetime="{moment}"></time>, <time data-ago datetime="{moment}"></time></p>'
        for moment in ((now - timedelta(seconds=seconds, milliseconds=300)).isoformat() for seconds in distances)
    )
    text = "{% extends 'base.html' %}{% block content %}" + body + "{% endblock %}"
    return HttpResponse(engines["django"].from_string(text).render({}, request))


urlpatterns = [
    path("rehearsal/", page),
    path("rehearsal/live", live),
    path("rehearsal/times", times),
    path("", include("drsorch.urls")),
]
