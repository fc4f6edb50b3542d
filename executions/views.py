"""Pages of executions: start, list, the live page, and what may be done there."""

import uuid
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from drsorch.access import policy
from drsorch.access.declared import SIGNED_IN, needs
from drsorch.access.denials import note_refusal
from drsorch.access.requests import actor_of
from drsorch.access.roles import OVERRIDING, Permission
from drsorch.access.sessions import polled
from drsorch.audit.actor import Actor
from drsorch.console.pages import perform, unchanged
from drsorch.counts import BoundedPaginator
from drsorch.errors import Invalid, UserError
from executions import readiness, services, snapshots
from executions.forms import StartForm
from executions.models import Execution, Termination
from executions.page import ExecutionPage, Review, points
from executions.page.points import PointsOffered
from executions.services.offers import with_rights
from executions.states import Answer, Mode
from plans.models import RecoveryPlan

EXECUTIONS_PER_PAGE = 50
NOTE_LENGTH = 1000
# htmx stops polling when it gets this status.
STOP_POLLING = 286


@needs(SIGNED_IN)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Go to the executions."""
    return redirect("executions:list")


@needs(Permission.VIEW_RESOURCES)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Active executions, or the history with `?show=history`; `?q=` searches in plan names."""
    show = "history" if request.GET.get("show") == "history" else "active"
    policy.require(actor_of(request), Permission.VIEW_RESOURCES)
    wanted = request.GET.get("q", "").strip()
    found = Execution.objects.for_list()
    if wanted:
        found = found.filter(plan_name__icontains=wanted)
    rows = policy.scope(actor_of(request), found.ended() if show == "history" else found.active())
    page = BoundedPaginator(rows, EXECUTIONS_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "executions/list.html", {"page": page, "show": show, "wanted": wanted})


@needs(Permission.VIEW_RESOURCES)
@require_safe
def detail(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """One execution, live."""
    actor = actor_of(request)
    return render(request, "executions/detail.html", {"shown": _page(actor, pk)})


@needs(Permission.VIEW_RESOURCES)
@polled
@require_safe
def live(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The live part of the page when it is newer than `?v=`, else 204. Four queries when there is nothing new."""
    actor = actor_of(request)
    known = policy.get_or_404(actor, Execution.objects.for_poll(), pk=pk)
    if request.GET.get("v") == str(known.version):
        return unchanged(asked_at=known.asked_at, worker_beat_at=known.worker_beat_at)
    shown = _page(actor, pk)
    status = STOP_POLLING if shown.has_ended else 200
    return render(request, "executions/detail.html#live", {"shown": shown}, status=status)


def _page(actor: Actor, pk: uuid.UUID) -> ExecutionPage:
    """Return the page of an execution in sight. Raises NotFound."""
    rows = with_rights(actor, Execution.objects.for_detail())
    return ExecutionPage(policy.get_or_404(actor, rows, pk=pk), actor)


@needs(Permission.VIEW_RESOURCES)
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest, plan_pk: int) -> HttpResponse:
    """Review a start, check it with AWS when asked to, and start. A form sent twice starts once: it carries a key."""
    actor = actor_of(request)
    plan = policy.get_or_404(actor, RecoveryPlan.objects.all(), pk=plan_pk)
    form = StartForm(request.POST if request.method == "POST" else request.GET)
    if request.method != "POST":
        return _review(request, plan, form)
    if request.POST.get("action") == "check":
        return _check(request, plan, form)
    if request.POST.get("action") == "snapshots":
        return _offer(request, plan, form)

    def start_execution(plan: RecoveryPlan) -> Execution:
        return services.start_execution(plan=plan, actor=actor, **form.arguments())

    return perform(
        request,
        start_execution,
        plan=plan,
        success=lambda execution: f"{execution} started.",
        redirect_to=lambda execution: execution,
        on_refusal=lambda error: _review(request, plan, form, refusal=error),
    )


def _check(request: HttpRequest, plan: RecoveryPlan, form: StartForm) -> HttpResponse:
    """Ask AWS now, for who may start, and show what it says."""
    try:
        policy.require(actor_of(request), Permission.EXECUTE_RECOVERY, plan)
        written = form.arguments()
        chosen = {name: written[name] for name in ("mode", "launch_over", "point_in_time")}
        return _review(request, plan, form, look=readiness.look(plan, **chosen))
    except UserError as error:
        note_refusal(request, error, action="check_start", obj=plan)
        return _review(request, plan, form, refusal=error)


def _offer(request: HttpRequest, plan: RecoveryPlan, form: StartForm) -> HttpResponse:
    """Ask DRS, for who may start, which snapshots one server has, and offer them. Nothing else is asked."""
    try:
        policy.require(actor_of(request), Permission.EXECUTE_RECOVERY, plan)
        mode = form.arguments()["mode"]
        look = readiness.look(plan, mode=mode, ask_aws=False)
        server, found = snapshots.of_server(look.servers, form.cleaned_data["server"])
        offer = PointsOffered(server, found, form.points().get(server.source_server_id))
    except UserError as error:
        note_refusal(request, error, action="ask_snapshots", obj=plan)
        return _review(request, plan, form, refusal=error)
    return _review(request, plan, form, look=look, offer=offer)


def _review(
    request: HttpRequest,
    plan: RecoveryPlan,
    form: StartForm,
    *,
    look: readiness.Look | None = None,
    offer: PointsOffered | None = None,
    refusal: UserError | None = None,
) -> HttpResponse:
    mode = Mode.RECOVERY if form.is_recovery else Mode.DRILL
    seen = look or readiness.look(plan, mode=mode, ask_aws=False)
    actor = actor_of(request)
    review = Review(seen, mode, actor, refusal, is_asked=look is not None and offer is None)
    context: dict[str, Any] = {
        "review": review,
        "form": form,
        "chosen": request.POST.getlist("launch_over"),
        "offer": offer,
        "points": points.kept(_written_points(form), seen.servers, offer),
        "key": uuid.uuid4().hex,
        "why_not": policy.why_not(actor, Permission.EXECUTE_RECOVERY, plan)
        or ("This plan is running now." if review.is_in_the_way else ""),
        "why_no_override": policy.why_not(actor, OVERRIDING, plan),
    }
    return render(request, "executions/start.html", context, status=refusal.status if refusal else 200)


def _written_points(form: StartForm) -> dict[str, points.Point]:
    """Return the choices as written; none when they cannot be read, which a refusal has said."""
    try:
        return form.points()
    except Invalid:
        return {}


@needs(Permission.VIEW_RESOURCES)
@require_POST
def pause(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask for a pause before the next wave."""
    return _act(request, pk, services.pause_execution, "The execution pauses before its next wave.")


@needs(Permission.VIEW_RESOURCES)
@require_POST
def decide(request: HttpRequest, pk: uuid.UUID, gate: int) -> HttpResponse:
    """Answer a question."""
    answer = request.POST.get("answer", "")
    said = dict(Answer.choices).get(answer, "").lower()
    return _act(
        request,
        pk,
        services.decide_gate,
        f"Decided: {said}.",
        gate=gate,
        answer=answer,
        note=request.POST.get("note", "").strip()[:NOTE_LENGTH],
    )


@needs(Permission.VIEW_RESOURCES)
@require_POST
def cancel(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Start nothing more."""
    return _act(request, pk, services.cancel_execution, "The execution is being cancelled.")


@needs(Permission.TERMINATE_INSTANCES)
@require_POST
def terminate(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Terminate what the execution launched. For a recovery, the plan's name must have been typed."""
    typed = request.POST.get("confirmation", "")
    return _act(request, pk, services.terminate_instances, _asked_or_begun, confirm_plan_name=typed)


@needs(Permission.TERMINATE_INSTANCES)
@require_POST
def withdraw(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take back a termination that waits for a second person."""
    return _act(request, pk, services.withdraw_termination, "The termination was withdrawn. Nothing was terminated.")


def _asked_or_begun(termination: Termination) -> str:
    if termination.is_waiting:
        return "Kept, and nothing is terminated yet: somebody else who may terminate has to confirm it."
    return "The recovery instances are being terminated."


def _act(
    request: HttpRequest,
    pk: uuid.UUID,
    service: Callable[..., Any],
    success: str | Callable[[Any], str],
    **arguments: Any,
) -> HttpResponse:
    actor = actor_of(request)
    execution = policy.get_or_404(actor, Execution.objects.all(), pk=pk)
    return perform(
        request, service, execution=execution, actor=actor, success=success, redirect_to=execution, **arguments
    )
