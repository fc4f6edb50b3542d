"""The accounts, groups and plans that are tortured: one plan for each way in which waves can run."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.core.management import call_command

from drsorch.access.roles import Role
from drsorch.audit.actor import Actor
from drsorch.simulator.control import SimulatorControl
from plans import services as plans
from plans.definition import WaveDefinition
from plans.models import Checks, LaunchOrder, OnFailure, RecoveryPlan
from protection import services as protection
from protection.models import SourceServer, TargetAccount
from tests import factories

DOOMED = 6
Server = tuple[str, str, str]


@dataclass(frozen=True)
class Wave:
    """How many servers of each place, by its number, and what else the plan says of the wave."""

    sizes: dict[int, int]
    more: dict[str, Any] = field(default_factory=dict)
    optional: int = 0


HE, HW, TE, TW = range(4)  # hub and target, east and west
PLANS: dict[str, tuple[Wave, ...]] = {
    "Three tiers": (Wave({TE: 1}), Wave({TE: 2}), Wave({TE: 1})),
    "Two accounts": (Wave({TW: 1, HE: 1}), Wave({TW: 1, HE: 1}), Wave({TW: 1, HE: 1})),
    "Pauses": (Wave({HW: 1}), Wave({HW: 1}, {"pause_before": True, "pause_after": True}), Wave({HW: 1})),
    "One after the other": (
        Wave({TE: 3}, {"launch_order": LaunchOrder.SEQUENTIAL, "checks": Checks.NONE}),
        Wave({TE: 3}, {"max_parallel": 2}),
    ),
    "Side by side": (
        Wave({TW: 1}, {"depends_on": ()}),
        Wave({HE: 1}, {"depends_on": ()}),
        Wave({TW: 1}, {"depends_on": (1,)}),
        Wave({HE: 1}, {"depends_on": (2, 3), "pause_before": True}),
    ),
    "Asks": (
        Wave({HW: 2}, {"on_failure": OnFailure.ASK, "checks": Checks.EC2_STATUS_REQUIRED}),
        Wave({HW: 2}, {"on_failure": OnFailure.ASK}),
    ),
    "Goes on": (
        Wave({HE: 2}, {"on_failure": OnFailure.CONTINUE}, optional=1),
        Wave({HE: 2}, {"on_failure": OnFailure.CONTINUE, "wait_seconds": 1}, optional=2),
    ),
    "Wide": (Wave({TE: 6, TW: 6, HE: 2}),),
    "Contested": (Wave({HW: 2}, {"pause_before": False}), Wave({HW: 2}), Wave({HW: 1})),
}
PARALLEL = {"Side by side"}
# Recovers the servers of this plan, which drills hold: a recovery pre-empts them.
CONTESTED, RECOVERY = "Contested", "Contested, for real"


@dataclass(frozen=True)
class World:
    """What was built. Every server of `servers` may be harmed for a while, those of `expendable` for good."""

    olga: Actor
    plans: list[RecoveryPlan]
    servers: list[Server]
    expendable: list[Server]


class Builder:
    """Deals the servers of the endpoint's world out to plans, each to one, in the order of their names."""

    def __init__(self, control: SimulatorControl) -> None:
        self.ada = factories.person("ada", Role.ADMIN)
        self.places: list[tuple[TargetAccount, str]] = []
        self.free: dict[int, list[SourceServer]] = defaultdict(list)
        for described in control.world()["accounts"]:
            account = factories.account_of(self.ada, described)
            for region in sorted(described["regions"]):
                self.free[len(self.places)] = list(SourceServer.objects.at(account, region).order_by("hostname"))
                self.places.append((account, region))

    def plan(self, name: str, waves: tuple[Wave, ...]) -> RecoveryPlan:
        """Make a plan with groups of its own."""
        definitions = [self._wave(f"{name}, wave {number}", wave) for number, wave in enumerate(waves, start=1)]
        return plans.create_plan(actor=self.ada, name=name, waves=definitions, parallel_waves=name in PARALLEL)

    def twin(self, name: str, of: RecoveryPlan) -> RecoveryPlan:
        """Make a plan that has the groups of another one."""
        groups = [tuple(row.group_id for row in wave.wave_groups.all()) for wave in of.waves.all()]
        definitions = [WaveDefinition(f"Wave {number}", group) for number, group in enumerate(groups, start=1)]
        return plans.create_plan(actor=self.ada, name=name, waves=definitions)

    def _wave(self, name: str, wave: Wave) -> WaveDefinition:
        groups, dealt = [], []
        for place, count in wave.sizes.items():
            account, region = self.places[place]
            servers = [self.free[place].pop(0).source_server_id for _ in range(count)]
            group = protection.create_group(
                actor=self.ada, account=account, region=region, name=f"{name}, {place}", server_ids=servers
            )
            groups.append(group.pk)
            dealt += servers
        return WaveDefinition(name, tuple(groups), optional_ids=tuple(dealt[: wave.optional]), **wave.more)


def build(control: SimulatorControl) -> World:
    """Migrate an empty database and fill it from the endpoint's world."""
    call_command("migrate", verbosity=0)
    builder = Builder(control)
    made = [builder.plan(name, waves) for name, waves in PLANS.items()]
    made.append(builder.twin(RECOVERY, next(plan for plan in made if plan.name == CONTESTED)))
    doomed = [
        builder.plan(f"Doomed {number}", (Wave({number % 4: 1}, {"timeout_minutes": 5}),))
        for number in range(1, DOOMED + 1)
    ]
    return World(
        olga=factories.person("olga", Role.RECOVERY_MANAGER),
        plans=made + doomed,
        servers=_servers(made),
        expendable=_servers(doomed),
    )


def _servers(of: list[RecoveryPlan]) -> list[Server]:
    rows = SourceServer.objects.filter(group__waves__plan__in=of).select_related("account").distinct()
    return sorted((row.account.account_id, row.region, row.source_server_id) for row in rows)
