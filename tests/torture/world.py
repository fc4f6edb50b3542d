"""The accounts, groups and plans that are tortured: one and several accounts, Regions, groups and jobs in a wave."""

from dataclasses import dataclass

from django.core.management import call_command

from drsorch.access.roles import Role
from drsorch.audit.actor import Actor
from plans import services as plans
from plans.definition import WaveDefinition
from plans.models import RecoveryPlan
from protection import services as protection
from protection.models import SourceServer, TargetAccount
from tests import factories

EAST, WEST = "us-east-1", "us-west-2"
TIERS = ("db", "app", "web")


@dataclass(frozen=True)
class Place:
    """The servers with these numbers of one account and Region."""

    account: str
    region: str
    numbers: tuple[int, ...]


# Halves of one place share a poller; plans over two accounts have two groups and two jobs in each of their waves.
PLANS = {
    "East, first half": (Place(factories.TARGET, EAST, (1,)),),
    "East, second half": (Place(factories.TARGET, EAST, (2,)),),
    "Two accounts, first half": (Place(factories.TARGET, WEST, (1,)), Place(factories.HUB, EAST, (1,))),
    "Two accounts, second half": (Place(factories.TARGET, WEST, (2,)), Place(factories.HUB, EAST, (2,))),
    "Hub, with a pause": (Place(factories.HUB, WEST, (1,)),),
    "Hub": (Place(factories.HUB, WEST, (2,)),),
}
PAUSES_BEFORE = {"Hub, with a pause": 2}


def build() -> tuple[Actor, list[RecoveryPlan]]:
    """Migrate an empty database and fill it; return who runs the drills, and the plans of world `minimal`."""
    call_command("migrate", verbosity=0)
    ada = factories.person("ada", Role.ADMIN)
    accounts = {number: factories.account(ada, number) for number in (factories.TARGET, factories.HUB)}
    return factories.person("olga", Role.RECOVERY_MANAGER), [_plan(ada, accounts, name) for name in PLANS]


def _plan(ada: Actor, accounts: dict[str, TargetAccount], name: str) -> RecoveryPlan:
    waves = [
        WaveDefinition(
            name=tier,
            group_ids=tuple(_group(ada, accounts[place.account], place, tier, name) for place in PLANS[name]),
            pause_before=PAUSES_BEFORE.get(name) == number,
        )
        for number, tier in enumerate(TIERS, start=1)
    ]
    return plans.create_plan(actor=ada, name=name, waves=waves)


def _group(ada: Actor, account: TargetAccount, place: Place, tier: str, plan: str) -> int:
    servers = SourceServer.objects.at(account, place.region)
    wanted = [
        row.source_server_id for row in servers if row.hostname.endswith(tuple(f"{tier}-{n}" for n in place.numbers))
    ]
    group = protection.create_group(
        actor=ada, account=account, region=place.region, name=f"{plan}: {tier} in {place.region}", server_ids=wanted
    )
    return group.pk
