"""The addresses of the installation and, beside them, pages that refuse, redirect and break."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import include, path

from drsorch.console.pages import perform, unchanged
from drsorch.errors import Conflict, Denied, NotFound, NotReady

REFUSALS = {
    "404": NotFound("There is no such plan."),
    "403": Denied("This needs the permission drs:ExecuteRecovery."),
    "409": Conflict("Finance ledger is already running."),
    "problems": NotReady("The plan is not ready.", details={"problems": ["redis-01 is stalled", "mq-01 is gone"]}),
}


@login_not_required
def refuse(request, what):
    raise REFUSALS[what]


@login_not_required
def act(request, what):
    def service(name, *, how):
        if what in REFUSALS:
            raise REFUSALS[what]
        return f"{name} {how}"

    said, target = (lambda result: f"{result}."), (lambda result: "/done")
    return perform(request, service, "Ledger", how="started", success=said, redirect_to=target)


@login_not_required
def go(request):
    return redirect("/elsewhere")


@login_not_required
def poll(request):
    return unchanged(asked_at=None, worker_beat_at=None)


def private(request):
    return HttpResponse("private")


urlpatterns = [
    path("refuse/<what>", refuse),
    path("act/<what>", act),
    path("go", go),
    path("poll", poll),
    path("private", private),
    path("", include("drsorch.urls")),
]
