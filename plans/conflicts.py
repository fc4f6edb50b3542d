"""What is said of plans in lists and details alike: where they act, how many servers, and who has some of them."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from drsorch.audit.actor import Actor
from drsorch.counts import number_of
from plans.models import RecoveryPlan, WaveGroup, WaveServer
from protection.holds import UNNAMED, holders_in_sight
from protection.models import ServerHold, SourceServer


@dataclass(frozen=True, slots=True)
class ServerConflict:
    """Servers of a plan that an execution of another plan has; which one is not said when that is out of sight."""

    execution_id: UUID | None
    label: str
    status: str
    server_ids: tuple[str, ...]

    @property
    def reason(self) -> str:
        """The same in words."""
        servers = "1 server is" if len(self.server_ids) == 1 else f"{len(self.server_ids)} servers are"
        return f"{servers} in use by {self.label}."


@dataclass(slots=True)
class Extent:
    """What a plan concerns now."""

    places: set[tuple[str, str]] = field(default_factory=set)  # AWS account id, Region
    server_count: int = 0
    conflicts: list[ServerConflict] = field(default_factory=list)


def extents_of(plans: Iterable[RecoveryPlan], actor: Actor) -> dict[int, Extent]:
    """Return the extent of each of these plans by key, in three queries however many there are."""
    found = {plan.pk: Extent() for plan in plans}
    for row in _wave_groups(found):
        extent = found[row.wave.plan_id]
        extent.places.add((row.group.account.account_id, row.group.region))
        extent.server_count += row.whole_count if row.is_whole else row.chosen_count  # type: ignore[attr-defined]
    held: dict[tuple[int, UUID, str], list[str]] = defaultdict(list)
    for hold in _holds_of_others().filter(plan__in=list(found)).select_related("server"):
        held[hold.plan, hold.holder, hold.label].append(hold.server.source_server_id)
    statuses = _statuses({holder for _, holder, _ in held}, actor)
    for (plan, holder, label), servers in sorted(held.items(), key=str):
        is_seen = holder in statuses
        conflict = ServerConflict(
            execution_id=holder if is_seen else None,
            label=label if is_seen else UNNAMED,
            status=statuses.get(holder, ""),
            server_ids=tuple(sorted(servers)),
        )
        found[plan].conflicts.append(conflict)
    return found


def in_conflict() -> Q:
    """Return the condition for plans of whose servers another plan's execution has some.

    It begins with the holds, of which there are few, whatever the number of plans.
    """
    return Q(pk__in=_holds_of_others().values("plan"))


def _holds_of_others() -> "QuerySet[Any]":
    """Return the holds on servers of plans that are not of the plan's own execution, each with the `plan`."""
    chosen = WaveServer.objects.filter(wave_group=OuterRef("wave_group"), server=OuterRef("server"))
    through = "server__group__wave_groups"
    held = ServerHold.objects.annotate(
        plan=F(f"{through}__wave__plan"),
        running=F(f"{through}__wave__plan__active_execution"),
        wave_group=F(through),
        is_whole=F(f"{through}__is_whole"),
    )
    return held.filter(Q(is_whole=True) | Exists(chosen)).filter(Q(running=None) | ~Q(holder=F("running")))


def _wave_groups(plans: Iterable[int]) -> "QuerySet[WaveGroup]":
    whole = SourceServer.objects.filter(group=OuterRef("group"))
    chosen = WaveServer.objects.filter(wave_group=OuterRef("pk"), server__group=OuterRef("group"))
    counted = WaveGroup.objects.annotate(
        whole_count=number_of(whole, "group"), chosen_count=number_of(chosen, "wave_group")
    )
    return counted.filter(wave__plan__in=list(plans)).select_related("wave", "group__account")


def _statuses(holders: set[UUID], actor: Actor) -> dict[UUID, str]:
    """Return how those of these executions stand that are in sight."""
    return dict(holders_in_sight(actor).filter(pk__in=holders).values_list("pk", "status")) if holders else {}
