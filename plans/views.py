"""Pages of recovery plans. Starting one belongs to executions."""

from datetime import timedelta

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from drsorch.access import policy
from drsorch.access.declared import needs
from drsorch.access.requests import actor_of
from drsorch.access.roles import Permission
from plans import services
from plans.models import RecoveryPlan
from plans.summary import veil_last
from protection import holds
from protection.models import AccountRegion, SourceServer

PLANS_PER_PAGE = 50
OLD = timedelta(minutes=15)  # the inventory is read every five


@needs(Permission.VIEW_RESOURCES)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """All recovery plans in sight; `?q=` searches in their names."""
    policy.require(actor_of(request), Permission.VIEW_RESOURCES)
    wanted = request.GET.get("q", "").strip()
    found = policy.scope(actor_of(request), RecoveryPlan.objects.for_list().filter(name__icontains=wanted))
    page = Paginator(found, PLANS_PER_PAGE).get_page(request.GET.get("page"))
    veil_last(page.object_list, actor_of(request))
    return render(request, "plans/list.html", {"page": page, "wanted": wanted})


@needs(Permission.VIEW_RESOURCES)
@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One plan with its waves, and the start."""
    actor = actor_of(request)
    plan = policy.get_or_404(actor, RecoveryPlan.objects.for_detail(), pk=pk)
    veil_last([plan], actor)
    waves = [(wave, wave.members()) for wave in plan.waves.all()]
    servers = [member.server for _, members in waves for member in members]
    holds.veil((server.hold for server in servers if hasattr(server, "hold")), actor)
    synced_at = min((server.synced_at for server in servers), default=None)
    context = {
        "plan": plan,
        "waves": waves,
        "servers": servers,
        "synced_at": synced_at,
        "is_old": synced_at is not None and timezone.now() - synced_at > OLD,
        "unread": _unread(servers),
        "warnings": services.warnings(plan),
        "why_no_start": policy.why_not(actor, Permission.EXECUTE_RECOVERY, plan) or _running(plan),
        # A recovery may make way for itself where a drill runs: the start page says what is possible.
        "why_no_recovery": policy.why_not(actor, Permission.EXECUTE_RECOVERY, plan),
    }
    return render(request, "plans/detail.html", context)


def _unread(servers: list[SourceServer]) -> list[AccountRegion]:
    """Return the places of `servers` that could not be read when that was last tried."""
    places = {(server.account_id, server.region) for server in servers}
    failed = AccountRegion.objects.exclude(last_error="").select_related("account")
    return [row for row in failed if (row.account_id, row.region) in places]


def _running(plan: RecoveryPlan) -> str:
    return "This plan is running now." if plan.active_execution else ""
