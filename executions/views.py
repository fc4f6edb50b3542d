"""Pages of executions: start, list, the live page, and what may be done there."""

import uuid
from collections.abc import Callable
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from drsorch.access import policy
from drsorch.access.requests import actor_of
from drsorch.access.roles import Permission
from drsorch.console.pages import perform, unchanged
from drsorch.errors import UserError
from executions import readiness, services
from executions.models import Execution
from executions.page import ExecutionPage, Review
from executions.states import Mode
from plans.models import RecoveryPlan

EXECUTIONS_PER_PAGE = 50
# htmx stops polling when it gets this status.
STOP_POLLING = 286


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Go to the executions."""
    return redirect("executions:list")


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Active executions, or the history with `?show=history`; `?q=` searches in plan names."""
    show = "history" if request.GET.get("show") == "history" else "active"
    wanted = request.GET.get("q", "").strip()
    found = Execution.objects.for_list().filter(plan_name__icontains=wanted)
    rows = found.ended() if show == "history" else found.active()
    page = Paginator(policy.scope(actor_of(request), rows), EXECUTIONS_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "executions/list.html", {"page": page, "show": show, "wanted": wanted})


@require_safe
def detail(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """One execution, live."""
    actor = actor_of(request)
    execution = policy.get_or_404(actor, Execution.objects.for_detail(), pk=pk)
    return render(request, "executions/detail.html", {"shown": ExecutionPage(execution, actor)})


@require_safe
def live(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The live part of the page when it is newer than `?v=`, else 204. Four queries when there is nothing new."""
    actor = actor_of(request)
    known = policy.get_or_404(actor, Execution.objects.for_poll(), pk=pk)
    if request.GET.get("v") == str(known.version):
        return unchanged(asked_at=known.asked_at, worker_beat_at=known.worker_beat_at)
    execution = policy.get_or_404(actor, Execution.objects.for_detail(), pk=pk)
    shown = ExecutionPage(execution, actor)
    status = STOP_POLLING if shown.has_ended else 200
    return render(request, "executions/detail.html#live", {"shown": shown}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest, plan_pk: int) -> HttpResponse:
    """Review a start, and start. The form carries a key, so that a form sent twice starts once."""
    actor = actor_of(request)
    plan = policy.get_or_404(actor, RecoveryPlan.objects.all(), pk=plan_pk)
    if request.method != "POST":
        return _review(request, plan)
    return perform(
        request,
        services.start_execution,
        plan=plan,
        actor=actor,
        mode=request.POST.get("mode", ""),
        reason=request.POST.get("reason", "")[:1000],
        idempotency_key=request.POST.get("key", "")[:64] or None,
        success=lambda execution: f"{execution} started.",
        redirect_to=lambda execution: execution,
        on_refusal=lambda error: _review(request, plan, error),
    )


def _review(request: HttpRequest, plan: RecoveryPlan, refusal: UserError | None = None) -> HttpResponse:
    review = Review(readiness.look(plan, ask_aws=False), refusal)
    context: dict[str, Any] = {
        "review": review,
        "mode": Mode.DRILL,
        "key": uuid.uuid4().hex,
        "reason": request.POST.get("reason", ""),
        "why_not": policy.why_not(actor_of(request), Permission.EXECUTE_RECOVERY)
        or ("This plan is running now." if review.running_at else ""),
    }
    return render(request, "executions/start.html", context, status=refusal.status if refusal else 200)


@require_POST
def pause(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask for a pause before the next wave."""
    return _act(request, pk, services.pause_execution, "The execution pauses before its next wave.")


@require_POST
def resume(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Go on."""
    return _act(request, pk, services.resume_execution, "The execution goes on.")


@require_POST
def cancel(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Start nothing more."""
    return _act(request, pk, services.cancel_execution, "The execution is being cancelled.")


@require_POST
def terminate(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Terminate what the execution launched. For a recovery, the plan's name must have been typed."""
    typed = request.POST.get("confirmation", "")
    done = "The recovery instances are being terminated."
    return _act(request, pk, services.terminate_instances, done, confirm_plan_name=typed)


def _act(
    request: HttpRequest, pk: uuid.UUID, service: Callable[..., Any], success: str, **arguments: Any
) -> HttpResponse:
    actor = actor_of(request)
    execution = policy.get_or_404(actor, Execution.objects.all(), pk=pk)
    return perform(
        request, service, execution=execution, actor=actor, success=success, redirect_to=execution, **arguments
    )
